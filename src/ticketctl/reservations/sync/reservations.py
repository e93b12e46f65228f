"""Reservations, for threads."""

from __future__ import annotations

import functools
import os
import time
import weakref
from collections.abc import Iterable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, TypeVar

import redis

from ticketctl.reservations import _requests
from ticketctl.reservations._filter import INTENT, Filter
from ticketctl.reservations._looking import SeatMap
from ticketctl.reservations._model import Hold, Limits, Seat
from ticketctl.reservations._operations import Operations, answered
from ticketctl.reservations._outcomes import Alone, Outcome
from ticketctl.reservations._requests import Request
from ticketctl.reservations._steps import Commands, Effect, Renew, Running, Sleep
from ticketctl.reservations.sync.batches import Batches
from ticketctl.reservations.sync.connections import Connections, Session, Source
from ticketctl.reservations.sync.front import Front

_T = TypeVar("_T")
_of_this_process: weakref.WeakSet[Reservations] = weakref.WeakSet()
_of_the_parent: list[object] = []


def _forked() -> None:
    for reservations in list(_of_this_process):
        reservations._forked()


os.register_at_fork(after_in_child=_forked)


class Reservations:
    """Holds, books and frees seats; safe to share between threads. A hold takes no lock of `ticketctl.locks`.

    MySQL decides; Redis, where it is given, refuses early what others have. Requests that come at the same time share
    transactions. Every method may raise `ReservationBusyError` (others had the rows locked; try again) and
    `ReservationBackendError` (MySQL did not answer, or refused).

    Args:
        connect: Makes a connection to the inventory database: `lambda: pymysql.connect(...)`, or takes one that it may
            keep from a pool: `engine.raw_connection`. Connections are kept open, and closed by `close`. Give the
            driver a `read_timeout` of some seconds: no other clock ends a statement that MySQL never answers.
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
        >>> with Reservations(lambda: pymysql.connect(**inventory), redis) as seats:  # doctest: +SKIP
        ...     hold = seats.hold(42, [1001, 1002], "anna", ttl=600)
        ...     seats.confirm(hold, booking_id=7)
    """

    def __init__(
        self,
        connect: Source,
        redis: redis.Redis | None = None,
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
        self._open = functools.partial(self._opened, connect, redis, connections, redis_timeout, batches)
        self._connections, self._front, self._batches = self._open()
        _of_this_process.add(self)

    # --- holds

    def hold(
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
        return self._hold(
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

    def hold_best(
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
        return self._hold(
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

    def extend(self, hold: Hold | str, ttl: float, *, actor: str | None = None) -> Hold:
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
        return self._run(self._operations.extend(hold, ttl, actor))

    def release(self, hold: Hold | str, *, actor: str | None = None) -> bool:
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
        return self._run(self._operations.release(hold, actor))

    def confirm(self, hold: Hold | str, booking_id: int, *, actor: str | None = None) -> Hold:
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
        return self._run(self._operations.confirm(hold, booking_id, actor))

    def cancel(self, hold: Hold | str, *, actor: str | None = None) -> Hold:
        """Give the seats of a booking back.

        Args:
            hold: The confirmed hold or its id.
            actor: Who does it, for the audit; the user if not given.

        Raises:
            HoldConflictError: It is not confirmed: `release` it.
            HoldNotFoundError: There is none.
        """
        return self._run(self._operations.cancel(hold, actor))

    def transfer(self, hold: Hold | str, user_id: str, *, actor: str | None = None) -> Hold:
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
        return self._run(self._operations.transfer(hold, user_id, actor))

    # --- blocks

    def block(self, event_id: int, seat_ids: Iterable[int], *, actor: str) -> int:
        """Keep free seats from sale, all of them or none.

        Returns:
            How many were not blocked before.

        Raises:
            SeatsUnavailableError: Some are held or booked.
            SeatsUnknownError: The event has no such seats.
        """
        return self._run(self._operations.block(event_id, tuple(seat_ids), actor))

    def unblock(self, event_id: int, seat_ids: Iterable[int], *, actor: str) -> int:
        """Give blocked seats to sale again; others are left as they are.

        Returns:
            How many were blocked.

        Raises:
            SeatsUnknownError: The event has no such seats.
        """
        return self._run(self._operations.unblock(event_id, tuple(seat_ids), actor))

    # --- looking

    def lookup(self, hold_id: str) -> Hold | None:
        """Return a hold as it is now; None if there is none with that id."""
        return self._run(self._operations.lookup(hold_id))

    def seats(self, hold: Hold | str) -> tuple[Seat, ...]:
        """Return the seats of a hold as people know them.

        Raises:
            HoldNotFoundError: There is none.
        """
        return self._run(self._operations.seats(hold))

    def seat_map(self, event_id: int) -> SeatMap:
        """Return the state of every seat of an event."""
        return self._run(self._operations.seat_map(event_id))

    def sweep(self, most: int = 500, *, actor: str = "sweeper") -> int:
        """Write holds off that are over, at most so many seats; `Sweeper` does it again and again.

        Returns:
            How many seats.
        """
        return self._run(self._operations.sweep(most, actor))

    def close(self) -> None:
        """Close the connections; a later call would make new ones."""
        self._connections.close()
        self._front.close()

    def __enter__(self) -> Reservations:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- how it is done

    def _opened(
        self, connect: Source, client: redis.Redis | None, connections: int, redis_timeout: float, batches: int
    ) -> tuple[Connections, Front, Batches]:
        """Return what this process uses; nothing is connected yet."""
        return (
            Connections(connect, connections),
            Front(client, redis_timeout),
            Batches(self._granted_together, self._settle, batches),
        )

    def _forked(self) -> None:
        """Begin anew in a child process: what is open, and whoever waits, belongs to the parent."""
        # Kept for good: a driver that closes a connection that nobody refers to would end the parent's session.
        _of_the_parent.append((self._connections, self._front))
        self._connections, self._front, self._batches = self._open()

    def _hold(self, request: Request) -> Hold:
        self._batches.expect()
        try:
            self._tell(self._operations.announce(request))
        except BaseException:
            self._batches.miss()
            raise
        outcome = self._batches.submit(request)
        if outcome is None or isinstance(outcome, Alone):
            # None: whoever ran the transaction was interrupted, be it while it was committed.
            in_doubt = outcome is None or outcome.in_doubt
            outcome = self._run(self._operations.alone(request, in_doubt=in_doubt))
        return answered(outcome)

    def _granted_together(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        return self._run(self._operations.together(requests))

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        self._front.post(self._operations.front.settled(outcomes))

    def _tell(self, running: Running[_T]) -> _T:
        """Run what is for Redis alone."""
        reply: Any = None
        while True:
            try:
                effect = running.send(reply)
            except StopIteration as end:
                result: _T = end.value
                return result
            assert isinstance(effect, Commands)  # noqa: S101  # for the type checker
            reply = self._front.ask(effect.packed, owed=effect.owed)

    def _run(self, running: Running[_T]) -> _T:
        """Run an operation on a connection."""
        session = self._connections.take()
        use = _Use(self._connections, self._front, session)
        try:
            return use.run(running)
        except BaseException as error:
            if not isinstance(error, Exception):  # interrupted in the middle of something
                use.drop()
            raise
        finally:
            self._connections.give(use.session)


class _Use:
    """An operation's use of a connection."""

    def __init__(self, connections: Connections, front: Front, session: Session | None) -> None:
        self._connections = connections
        self._front = front
        self.session = session

    def run(self, running: Running[_T]) -> _T:
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
                reply = self._do(effect)
            except Exception as error:  # what it means is not decided here
                failure = error

    def _do(self, effect: Effect) -> Any:  # noqa: ANN401  # an answer, or replies
        if isinstance(effect, Commands):
            return self._front.ask(effect.packed, owed=effect.owed)
        if isinstance(effect, Sleep):
            return time.sleep(effect.seconds)
        if isinstance(effect, Renew):
            return self.drop()
        if self.session is None:
            self.session = self._connections.made()
        return self.session.run(effect)

    def drop(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.close()
