"""Reservations, for tasks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeVar

import redis.asyncio

from ticketctl.reservations import _requests
from ticketctl.reservations._filter import INTENT, Filter
from ticketctl.reservations._looking import SeatMap
from ticketctl.reservations._model import Hold, Limits, Seat
from ticketctl.reservations._operations import Operations, answered
from ticketctl.reservations._outcomes import Alone, Granted, Outcome
from ticketctl.reservations._requests import Request
from ticketctl.reservations._steps import Commands, Effect, Renew, Running, Sleep
from ticketctl.reservations.aio.batches import Batches
from ticketctl.reservations.aio.connections import AsyncSource, Connections, Session
from ticketctl.reservations.aio.front import Front

_T = TypeVar("_T")


class AsyncReservations:
    """Holds, books and frees seats, for the tasks of one loop. A hold takes no lock of `ticketctl.locks`.

    What it does in MySQL is done by tasks of its own: whoever is cancelled stops waiting, and no connection is left in
    the middle of something. A hold whose caller was cancelled is given back, unless the caller chose its id and can ask
    for it. See `Reservations` for the rest.

    Args:
        connect: Makes a connection to the inventory database: `lambda: asyncmy.connect(...)`. Connections are kept
            open, and closed by `close`. Give the driver a `read_timeout` of some seconds: no other clock ends a
            statement that MySQL never answers.
        redis: A client of the Redis that all services of the inventory share, None for none. Its settings are used for
            one connection of its own.
        limits: How much users and events may have.
        max_hold: Seconds from its beginning after which a hold cannot be extended any more.
        connections: How many connections to MySQL are open at most.
        batches: How many of them hold seats for several callers at a time.
        patience: Seconds for which an operation is tried while others have its rows locked or MySQL does not answer;
            looked at between two tries.
        namespace: What the keys in Redis begin with; the same for all services.
        redis_timeout: Seconds that an answer of Redis may take.

    Example:
        >>> async with AsyncReservations(lambda: asyncmy.connect(**inventory), redis) as seats:  # doctest: +SKIP
        ...     hold = await seats.hold(42, [1001, 1002], "anna", ttl=600)
        ...     await seats.confirm(hold, booking_id=7)
    """

    def __init__(
        self,
        connect: AsyncSource,
        redis: redis.asyncio.Redis | None = None,
        *,
        limits: Limits | None = None,
        max_hold: float = 1800.0,
        connections: int = 6,
        batches: int = 2,
        patience: float = 3.0,
        namespace: str = "seat",
        redis_timeout: float = 0.5,
    ) -> None:
        if not 0 < batches < connections:
            raise ValueError(f"batches ({batches}) must be at least 1 and fewer than connections ({connections})")
        self._limits = limits or Limits()
        self._max_hold = _requests.checked_ttl(max_hold)
        self._operations = Operations(Filter(namespace, INTENT), self._limits, patience, time.monotonic)
        self._connections = Connections(connect, connections)
        self._front = Front(redis, redis_timeout)
        self._batches = Batches(self._granted_together, self._settle, batches)
        self._working: set[asyncio.Task[Any]] = set()

    # --- holds

    async def hold(
        self,
        event_id: int,
        seat_ids: Iterable[int],
        user_id: str,
        *,
        ttl: float = 600.0,
        hold_id: str | None = None,
        actor: str | None = None,
    ) -> Hold:
        """Hold seats for a user, all of them or none.

        Args:
            event_id: The event.
            seat_ids: The seats, in any order.
            user_id: For whom.
            ttl: Seconds.
            hold_id: An id of the caller's: the same request with the same id gets the same hold, however often it is
                sent; it makes a lost answer harmless beyond this process. Made here if not given.
            actor: Who does it, for the audit; the user if not given.

        Raises:
            SeatsUnavailableError: Others have some of them.
            SeatsUnknownError: The event has no such seats.
            LimitExceededError: The user, or the event, would have too many.
            HoldConflictError: The id was used for another request.
            TypeError: A value is of the wrong type.
            ValueError: A value cannot be.
        """
        return await self._hold(
            _requests.request(
                event_id,
                user_id,
                seat_ids=seat_ids,
                ttl=ttl,
                longest=self._max_hold,
                hold_id=hold_id,
                actor=actor,
                limits=self._limits,
            )
        )

    async def hold_best(
        self,
        event_id: int,
        count: int,
        user_id: str,
        *,
        section: str | None = None,
        seat_type: str | None = None,
        max_price: Decimal | float | None = None,
        together: bool = True,
        split: bool = True,
        ttl: float = 600.0,
        hold_id: str | None = None,
        actor: str | None = None,
    ) -> Hold:
        """Hold the best free seats for a user: the first in the order of their ids that suit.

        Args:
            event_id: The event.
            count: How many.
            user_id: For whom.
            section: Of this section.
            seat_type: `REGULAR`, `VIP` or `PREMIUM`.
            max_price: What each may cost at most.
            together: Neighbours, and if possible so that no single seat is left over beside them.
            split: Whether seats apart will do where there are no neighbours.
            ttl: Seconds.
            hold_id: See `hold`.
            actor: See `hold`.

        Raises:
            SeatsUnavailableError: There are not as many free seats that suit.
            LimitExceededError: The user, or the event, would have too many.
            HoldConflictError: The id was used for another request.
            TypeError: A value is of the wrong type.
            ValueError: A value cannot be.
        """
        wish = _requests.wish(
            count, section=section, seat_type=seat_type, max_price=max_price, together=together, split=split
        )
        return await self._hold(
            _requests.request(
                event_id,
                user_id,
                wish=wish,
                ttl=ttl,
                longest=self._max_hold,
                hold_id=hold_id,
                actor=actor,
                limits=self._limits,
            )
        )

    async def extend(self, hold: Hold | str, ttl: float, *, actor: str | None = None) -> Hold:
        """Let a hold end so many seconds from now, unless it ends later already; never after its deadline.

        Args:
            hold: The hold or its id.
            ttl: Seconds.
            actor: Who does it, for the audit; the user if not given.

        Returns:
            The hold with its new end.

        Raises:
            HoldExpiredError: It is over.
            HoldConflictError: It is confirmed.
            HoldNotFoundError: There is none.
        """
        return await self._run(self._operations.extend(hold, ttl, actor))

    async def release(self, hold: Hold | str, *, actor: str | None = None) -> bool:
        """Give the seats of a hold back.

        Args:
            hold: The hold or its id.
            actor: Who does it, for the audit; the user if not given.

        Returns:
            Whether they were given back, now or before; False for a hold that was over.

        Raises:
            HoldConflictError: It is confirmed: `cancel` it.
            HoldNotFoundError: There is none.
        """
        return await self._run(self._operations.release(hold, actor))

    async def confirm(self, hold: Hold | str, booking_id: int, *, actor: str | None = None) -> Hold:
        """Book the seats of a hold. Confirming again for the same booking changes nothing.

        A hold that is over is confirmed all the same when all of its seats are still free and no limit forbids it.

        Args:
            hold: The hold or its id.
            booking_id: The booking, in the bookings database.
            actor: Who does it, for the audit; the user if not given.

        Raises:
            HoldExpiredError: It is over, and its seats are not to be had any more: give the money back.
            HoldConflictError: It was confirmed for another booking, or given back.
            HoldNotFoundError: There is none.
        """
        return await self._run(self._operations.confirm(hold, booking_id, actor))

    async def cancel(self, hold: Hold | str, *, actor: str | None = None) -> Hold:
        """Give the seats of a booking back.

        Args:
            hold: The confirmed hold or its id.
            actor: Who does it, for the audit; the user if not given.

        Raises:
            HoldConflictError: It is not confirmed: `release` it.
            HoldNotFoundError: There is none.
        """
        return await self._run(self._operations.cancel(hold, actor))

    async def transfer(self, hold: Hold | str, user_id: str, *, actor: str | None = None) -> Hold:
        """Hand a hold or a booking to another user; the seats stay as they are, whatever else is sold out.

        Args:
            hold: The hold or its id.
            user_id: To whom.
            actor: Who does it, for the audit; the user who had it if not given.

        Raises:
            HoldExpiredError: It is over, or was given back.
            LimitExceededError: The other user would have too many.
            HoldNotFoundError: There is none.
        """
        return await self._run(self._operations.transfer(hold, user_id, actor))

    # --- blocks

    async def block(self, event_id: int, seat_ids: Iterable[int], *, actor: str) -> int:
        """Keep free seats from sale, all of them or none.

        Returns:
            How many were not blocked before.

        Raises:
            SeatsUnavailableError: Some are held or booked.
            SeatsUnknownError: The event has no such seats.
        """
        return await self._run(self._operations.block(event_id, tuple(seat_ids), actor))

    async def unblock(self, event_id: int, seat_ids: Iterable[int], *, actor: str) -> int:
        """Give blocked seats to sale again; others are left as they are.

        Returns:
            How many were blocked.

        Raises:
            SeatsUnknownError: The event has no such seats.
        """
        return await self._run(self._operations.unblock(event_id, tuple(seat_ids), actor))

    # --- looking

    async def lookup(self, hold_id: str) -> Hold | None:
        """Return a hold as it is now; None if there is none with that id."""
        return await self._run(self._operations.lookup(hold_id))

    async def seats(self, hold: Hold | str) -> tuple[Seat, ...]:
        """Return the seats of a hold as people know them.

        Raises:
            HoldNotFoundError: There is none.
        """
        return await self._run(self._operations.seats(hold))

    async def seat_map(self, event_id: int) -> SeatMap:
        """Return the state of every seat of an event."""
        return await self._run(self._operations.seat_map(event_id))

    async def sweep(self, most: int = 500, *, actor: str = "sweeper") -> int:
        """Write holds off that are over, at most so many seats; `AsyncSweeper` does it again and again.

        Returns:
            How many seats.
        """
        return await self._run(self._operations.sweep(most, actor))

    async def close(self) -> None:
        """Wait for what is at work, and close the connections; a later call would make new ones."""
        while self._working:
            await asyncio.wait(self._working)
        await self._connections.close()
        await self._front.close()

    async def __aenter__(self) -> AsyncReservations:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- how it is done

    async def _hold(self, request: Request) -> Hold:
        self._batches.expect()
        try:
            await self._tell(self._operations.announce(request))
        except BaseException as error:
            self._batches.miss()
            if isinstance(error, asyncio.CancelledError):
                self._front.post(self._operations.withdrawn(request))
            raise
        granting = self._started(self._granted(request))
        try:
            return answered(await asyncio.shield(granting))
        except asyncio.CancelledError:
            if request.own_id and not granting.cancelled():
                granting.add_done_callback(self._given_back)
            raise

    async def _granted(self, request: Request) -> Outcome:
        outcome = await self._batches.submit(request)
        if outcome is None or isinstance(outcome, Alone):
            # None: whoever ran the transaction was interrupted, be it while it was committed.
            in_doubt = outcome is None or outcome.in_doubt
            outcome = await self._use(self._operations.alone(request, in_doubt=in_doubt))
        return outcome

    def _given_back(self, granting: asyncio.Task[Outcome]) -> None:
        """Release what was granted to somebody who does not wait for it any more."""
        if granting.cancelled() or granting.exception() is not None:
            return
        outcome = granting.result()
        if isinstance(outcome, Granted):
            self._started(self._use(self._operations.release(outcome.hold, None))).add_done_callback(_heard)

    async def _granted_together(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        return await self._use(self._operations.together(requests))

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        self._front.post(self._operations.front.settled(outcomes))

    async def _tell(self, running: Running[_T]) -> _T:
        """Run what is for Redis alone."""
        reply: Any = None
        while True:
            try:
                effect = running.send(reply)
            except StopIteration as end:
                result: _T = end.value
                return result
            assert isinstance(effect, Commands)  # noqa: S101  # for the type checker
            reply = await self._front.ask(effect.packed, owed=effect.owed)

    async def _run(self, running: Running[_T]) -> _T:
        """Run an operation to its end, whether or not the caller waits for that."""
        return await asyncio.shield(self._started(self._use(running)))

    def _started(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.get_running_loop().create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        task.add_done_callback(_heard)
        return task

    async def _use(self, running: Running[_T]) -> _T:
        """Run an operation on a connection."""
        use = _Use(self._connections, self._front, await self._connections.take())
        try:
            return await use.run(running)
        except asyncio.CancelledError:  # the loop ends in the middle of something
            await use.drop()
            raise
        finally:
            await self._connections.give(use.session)


class _Use:
    """An operation's use of a connection."""

    def __init__(self, connections: Connections, front: Front, session: Session | None) -> None:
        self._connections = connections
        self._front = front
        self.session = session

    async def run(self, running: Running[_T]) -> _T:
        reply: Any = None
        failure: Exception | None = None
        while True:
            try:
                effect = running.send(reply) if failure is None else running.throw(failure)
            except StopIteration as end:
                result: _T = end.value
                return result
            reply, failure = None, None
            try:
                reply = await self._do(effect)
            except Exception as error:  # what it means is not decided here
                failure = error

    async def _do(self, effect: Effect) -> Any:  # noqa: ANN401  # an answer, or replies
        if isinstance(effect, Commands):
            return await self._front.ask(effect.packed, owed=effect.owed)
        if isinstance(effect, Sleep):
            return await asyncio.sleep(effect.seconds)
        if isinstance(effect, Renew):
            return await self.drop()
        if self.session is None:
            self.session = await self._connections.made()
        return await self.session.run(effect)

    async def drop(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            await session.close()


def _heard(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # so that the loop does not complain where the caller was cancelled
