"""Whole operations: a transaction that is settled, and what the filter is told around it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ticketctl.errors import HoldNotFoundError, ReservationBackendError
from ticketctl.reservations import _blocking, _changing, _looking, _sweeping
from ticketctl.reservations._best import best_alone, best_together
from ticketctl.reservations._filter import Filter
from ticketctl.reservations._granting import grant_alone, grant_together, no_hold, unavailable
from ticketctl.reservations._looking import SeatMap
from ticketctl.reservations._model import Hold, Limits, Seat
from ticketctl.reservations._moments import microseconds
from ticketctl.reservations._outcomes import Alone, Granted, Outcome, Refused
from ticketctl.reservations._records import read_hold
from ticketctl.reservations._requests import (
    Request,
    checked_hold_id,
    checked_ttl,
    checked_user,
    seat_numbers,
    whole_number,
)
from ticketctl.reservations._running import Patience, transaction
from ticketctl.reservations._steps import Commands, Running, Steps


@dataclass(frozen=True, slots=True)
class Operations:
    """Makes the operations of one `Reservations`.

    Attributes:
        front: Makes the filter's commands.
        limits: The limits.
        patience: Seconds that an operation is tried.
        clock: The monotonic clock.
    """

    front: Filter
    limits: Limits
    patience: float
    clock: Callable[[], float]

    # --- holds

    def announce(self, request: Request) -> Running[None]:
        """Ask the filter, and leave an intent there.

        Raises:
            SeatsUnavailableError: Others have one of the seats, or are about to.
        """
        if request.wish is not None:
            return
        replies = yield Commands((self.front.intend(request.event_id, request.seat_ids, request.hold_id),))
        if replies and (taken := self.front.refused(request, replies[0])):
            raise unavailable(request, taken)

    def withdrawn(self, request: Request) -> tuple[bytes, ...]:
        """Return what takes an intent back."""
        if request.wish is not None:
            return ()
        return (self.front.withdraw(request.event_id, request.seat_ids, request.hold_id),)

    def together(self, requests: Sequence[Request]) -> Running[list[Outcome]]:
        """Grant requests of one kind in one transaction, tried once; each is to be tried alone if that fails."""

        def steps() -> Steps[list[Outcome]]:
            if requests[0].wish:
                return best_together(requests, self.limits, self.front)
            return grant_together(requests, self.limits)

        try:
            return (yield from transaction(steps, Patience(0, self.clock, tries=1), what=f"{len(requests)} holds"))
        except Exception as error:  # whose it is shows when each is tried alone, and is raised there
            in_doubt = isinstance(error, ReservationBackendError) and error.outcome == "unknown"
            return [Alone(request, in_doubt) for request in requests]

    def alone(self, request: Request, *, in_doubt: bool) -> Running[Outcome]:
        """Grant one request, tried for as long as there is patience.

        Args:
            request: It.
            in_doubt: Whether it may have been granted by a shared transaction already.
        """
        waits = itertools.cycle((False, True))

        def steps() -> Steps[Outcome]:
            if request.wish:
                return best_alone(request, self.limits, self.front, waits=next(waits))
            return grant_alone(request, self.limits)

        outcome = yield from transaction(
            steps,
            self._patience(),
            what=f"a hold of {request.count} seats of event {request.event_id}",
            hold_id=request.hold_id,
            in_doubt=in_doubt,
        )
        yield from self.settled([outcome])
        return outcome

    def settled(self, outcomes: Sequence[Outcome]) -> Running[None]:
        """Tell the filter what came of requests."""
        if packed := self.front.settled(outcomes):
            yield Commands(tuple(packed))

    # --- what happens to a hold

    def extend(self, hold: Hold | str, ttl: float, actor: str | None) -> Running[Hold]:
        """See `Reservations.extend`."""
        hold_id, wanted = _id(hold), _changing.Extension(microseconds(checked_ttl(ttl)))
        by = _actor(actor)
        extended = yield from transaction(
            lambda: _changing.extend(hold_id, wanted, by), self._patience(), what="extending a hold", hold_id=hold_id
        )
        yield self._lives(extended, microseconds(extended.remaining()))
        return extended

    def release(self, hold: Hold | str, actor: str | None) -> Running[bool]:
        """See `Reservations.release`."""
        hold_id, by = _id(hold), _actor(actor)
        released, own = yield from transaction(
            lambda: _changing.release(hold_id, by, self.front),
            self._patience(),
            what="releasing a hold",
            hold_id=hold_id,
        )
        yield self._gone(released)
        return own

    def confirm(self, hold: Hold | str, booking_id: int, actor: str | None) -> Running[Hold]:
        """See `Reservations.confirm`."""
        hold_id, by = _id(hold), _actor(actor)
        whole_number("booking_id", booking_id)
        confirmed = yield from transaction(
            lambda: _changing.confirm(hold_id, booking_id, by, self.limits),
            self._patience(),
            what="confirming a hold",
            hold_id=hold_id,
        )
        yield self._lives(confirmed, None)
        return confirmed

    def cancel(self, hold: Hold | str, actor: str | None) -> Running[Hold]:
        """See `Reservations.cancel`."""
        hold_id, by = _id(hold), _actor(actor)
        cancelled = yield from transaction(
            lambda: _changing.cancel(hold_id, by, self.front),
            self._patience(),
            what="cancelling a booking's seats",
            hold_id=hold_id,
        )
        yield self._gone(cancelled)
        return cancelled

    def transfer(self, hold: Hold | str, user_id: str, actor: str | None) -> Running[Hold]:
        """See `Reservations.transfer`."""
        hold_id, by = _id(hold), _actor(actor)
        checked_user("user_id", user_id)
        return (
            yield from transaction(
                lambda: _changing.transfer(hold_id, user_id, by, self.limits),
                self._patience(),
                what="transferring a hold",
                hold_id=hold_id,
            )
        )

    # --- blocks

    def block(self, event_id: int, seat_ids: Sequence[int], actor: str) -> Running[int]:
        """See `Reservations.block`."""
        ids, by = seat_numbers(seat_ids), checked_user("actor", actor)
        whole_number("event_id", event_id)
        return (
            yield from transaction(lambda: _blocking.block(event_id, ids, by), self._patience(), what="blocking seats")
        )

    def unblock(self, event_id: int, seat_ids: Sequence[int], actor: str) -> Running[int]:
        """See `Reservations.unblock`."""
        ids, by = seat_numbers(seat_ids), checked_user("actor", actor)
        whole_number("event_id", event_id)
        count = yield from transaction(
            lambda: _blocking.unblock(event_id, ids, by), self._patience(), what="unblocking seats"
        )
        yield Commands((self.front.withdraw(event_id, ids, no_hold("BLOCKED")),), owed=True)
        return count

    # --- looking

    def lookup(self, hold_id: str) -> Running[Hold | None]:
        """See `Reservations.lookup`."""
        checked_hold_id(hold_id)
        record = yield from transaction(
            lambda: read_hold(hold_id), self._patience(), what="looking a hold up", hold_id=hold_id
        )
        return None if record is None else record.hold()

    def seats(self, hold: Hold | str) -> Running[tuple[Seat, ...]]:
        """See `Reservations.seats`."""
        hold_id = _id(hold)
        seats = yield from transaction(
            lambda: _looking.seats_of(hold_id), self._patience(), what="reading a hold's seats", hold_id=hold_id
        )
        if not seats:
            raise HoldNotFoundError(hold_id)
        return seats

    def seat_map(self, event_id: int) -> Running[SeatMap]:
        """See `Reservations.seat_map`."""
        whole_number("event_id", event_id)
        return (
            yield from transaction(
                lambda: _looking.seat_map(event_id), self._patience(), what=f"reading the seats of event {event_id}"
            )
        )

    # --- tidying

    def sweep(self, most: int, actor: str) -> Running[int]:
        """See `Reservations.sweep`."""
        whole_number("most", most, most=10_000)
        by = checked_user("actor", actor)
        return (
            yield from transaction(
                lambda: _sweeping.sweep(most, by), self._patience(), what="ending holds that are over"
            )
        )

    def _patience(self) -> Patience:
        return Patience(self.patience, self.clock)

    def _lives(self, hold: Hold, life: int | None) -> Commands:
        return Commands((self.front.settle(hold.event_id, hold.seat_ids, hold.hold_id, life),))

    def _gone(self, hold: Hold) -> Commands:
        return Commands((self.front.withdraw(hold.event_id, hold.seat_ids, hold.hold_id),), owed=True)


def answered(outcome: Outcome) -> Hold:
    """Return the hold, or raise why there is none."""
    if isinstance(outcome, Granted):
        return outcome.hold
    if isinstance(outcome, Refused):
        raise outcome.error
    raise AssertionError("a request that was tried alone is granted or refused")


def _id(hold: Hold | str) -> str:
    return hold.hold_id if isinstance(hold, Hold) else checked_hold_id(hold)


def _actor(actor: str | None) -> str | None:
    return None if actor is None else checked_user("actor", actor)
