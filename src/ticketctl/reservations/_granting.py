"""One transaction in which several requests for named seats are granted, or not, each as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ticketctl.errors import SeatsUnavailableError, SeatsUnknownError
from ticketctl.reservations._limits import Counted, count
from ticketctl.reservations._model import Limits
from ticketctl.reservations._moments import NOW, as_text
from ticketctl.reservations._outcomes import Alone, Granted, Outcome, Refused
from ticketctl.reservations._records import check_same_request, made_hold, read_hold
from ticketctl.reservations._requests import Request
from ticketctl.reservations._statements import (
    News,
    SeatRow,
    insert_audit,
    insert_news,
    insert_reservations,
    lock_seats,
)
from ticketctl.reservations._steps import Again, Answer, Statement, Steps
from ticketctl.reservations._writing import Move, move


class Locked(NamedTuple):
    """Seats whose rows are locked.

    Attributes:
        rows: Them, by their ids.
        now: What the database's clock said.
        sent: When it was asked, by the monotonic clock.
    """

    rows: Mapping[int, SeatRow]
    now: int
    sent: float


class Grant(NamedTuple):
    """Seats that a request gets.

    Attributes:
        request: The request.
        rows: The seats as they were.
        now: What the database's clock said.
        sent: When it was asked, by the monotonic clock.
    """

    request: Request
    rows: tuple[SeatRow, ...]
    now: int
    sent: float

    @property
    def until(self) -> int:
        """When the hold ends, as a moment."""
        return self.now + self.request.ttl

    @property
    def deadline(self) -> int:
        """When it ends at most, as a moment."""
        return self.now + self.request.longest

    def granted(self) -> Granted:
        """Return it as an outcome."""
        asked = self.request
        ids = [row.seat_id for row in self.rows]
        hold = made_hold(
            *(asked.hold_id, asked.event_id, asked.user_id, ids),
            until=self.until,
            deadline=self.deadline,
            now=self.now,
            sent=self.sent,
        )
        return Granted(asked, hold)


def grant_together(requests: Sequence[Request], limits: Limits) -> Steps[list[Outcome]]:
    """Grant what can be granted without waiting for anybody, and say of the rest what has to be done.

    The first of several requests for a seat gets it.
    """
    counted = yield from count(limits, [(each.event_id, each.user_id) for each in requests])
    wanted = sorted({seat_id for each in requests for seat_id in each.seat_ids})
    locked = yield from lock(wanted, skip=True)
    return (yield from _grant(requests, locked, counted))


def grant_alone(request: Request, limits: Limits) -> Steps[Outcome]:
    """Grant one request, waiting for those who have its seats locked; or find what an earlier try of it has made."""
    counted = yield from count(limits, [(request.event_id, request.user_id)])
    record = yield from read_hold(request.hold_id)
    if record is not None:
        check_same_request(record, request)
        return Granted(request, record.hold(), new=False)
    locked = yield from lock(request.seat_ids, skip=False)
    if unknown := [seat_id for seat_id in request.seat_ids if not _belongs(locked, seat_id, request)]:
        return Refused(request, SeatsUnknownError(event_id=request.event_id, seat_ids=unknown))
    (outcome,) = yield from _grant([request], locked, counted)
    if isinstance(outcome, Alone):  # a first try of it landed after the hold was looked for
        raise Again
    return outcome


def lock(seat_ids: Sequence[int], *, skip: bool) -> Steps[Locked]:
    """Lock seats, in the order of their ids, and read them as they are now."""
    answer: Answer = yield lock_seats(seat_ids, skip=skip)
    rows = [SeatRow(*row) for row in answer.rows]
    now, sent = (rows[0].now if rows else 0), answer.sent
    if not skip:
        # The clock of a statement stands from its beginning, and this one may have waited.
        answer = yield Statement(f"SELECT {NOW}", reads=True)
        ((now,),) = answer.rows
        sent = answer.sent
    return Locked({row.seat_id: row for row in rows}, int(now), sent)


def write(grants: Sequence[Grant]) -> Steps[None]:
    """Write what is granted: seats, reservations, audit, outbox.

    Raises:
        Again: A seat was not as it had been read.
    """
    if not grants:
        return
    moves = [seat_move for grant in grants for seat_move in _moves(grant)]
    news = yield from move(moves, only="free")
    yield insert_reservations([row for grant in grants for row in _reservations(grant)])
    yield insert_audit([change for seat_move in moves for change in seat_move.changes()])
    yield insert_news([*news, *map(_news, grants)])


def holders(rows: Iterable[SeatRow], now: int) -> tuple[tuple[int, str, int | None], ...]:
    """Return who has seats that are not free, for the filter in front."""
    return tuple(
        (row.seat_id, row.hold_id or no_hold(row.status), None if row.until is None else row.until - now)
        for row in rows
        if not row.free
    )


def no_hold(status: str) -> str:
    """Return what stands in place of a hold's id for a seat that no hold has: nothing that an id can be."""
    return f"#{status}"


def _grant(requests: Sequence[Request], locked: Locked, counted: Counted) -> Steps[list[Outcome]]:
    outcomes: list[Outcome] = []
    grants: list[Grant] = []
    given: dict[int, str] = {}
    for request in requests:
        outcome = _decided(request, locked, counted, given)
        if isinstance(outcome, Grant):
            grants.append(outcome)
            given.update(dict.fromkeys(request.seat_ids, request.hold_id))
            counted.add((request.event_id, request.user_id), request.count)
            outcomes.append(outcome.granted())
        else:
            outcomes.append(outcome)
    yield from write(grants)
    return outcomes


def _decided(request: Request, locked: Locked, counted: Counted, given: Mapping[int, str]) -> Grant | Refused | Alone:
    if not all(_belongs(locked, seat_id, request) for seat_id in request.seat_ids):
        return Alone(request)
    rows = tuple(locked.rows[seat_id] for seat_id in request.seat_ids)
    if any(request.hold_id in (row.hold_id, given.get(row.seat_id)) for row in rows):
        return Alone(request)
    taken = [row for row in rows if not row.free or row.seat_id in given]
    if taken:
        return Refused(request, unavailable(request, [row.seat_id for row in taken]), holders(taken, locked.now))
    if refusal := counted.refusal((request.event_id, request.user_id), request.count):
        return Refused(request, refusal)
    return Grant(request, rows, locked.now, locked.sent)


def unavailable(request: Request, seat_ids: Sequence[int]) -> SeatsUnavailableError:
    """Return the error of somebody who came second."""
    many = len(seat_ids) > 1
    shown = ", ".join(map(str, seat_ids[:10])) + (", …" if len(seat_ids) > 10 else "")
    return SeatsUnavailableError(
        f"{'seats' if many else 'seat'} {shown} of event {request.event_id} {'are' if many else 'is'} not free",
        event_id=request.event_id,
        seat_ids=seat_ids,
    )


def _belongs(locked: Locked, seat_id: int, request: Request) -> bool:
    row = locked.rows.get(seat_id)
    return row is not None and row.event_id == request.event_id


def _reservations(grant: Grant) -> Iterable[tuple[object, ...]]:
    asked = grant.request
    until, deadline, digest = as_text(grant.until), as_text(grant.deadline), asked.digest
    for position, row in enumerate(grant.rows):
        yield (
            *(row.seat_id, asked.event_id, asked.user_id, until, asked.hold_id),
            *(position, digest, deadline),
        )


def _moves(grant: Grant) -> Iterable[Move]:
    asked = grant.request
    for row in grant.rows:
        yield Move(row, "RESERVED", "held", asked.actor, asked.hold_id, asked.user_id, grant.until)


def _news(grant: Grant) -> News:
    asked = grant.request
    payload: dict[str, object] = {
        "hold_id": asked.hold_id,
        "user_id": asked.user_id,
        "seat_ids": [row.seat_id for row in grant.rows],
        "until": as_text(grant.until),
    }
    return News(asked.event_id, "seats.held", payload)
