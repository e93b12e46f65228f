"""The best seats that are free, chosen inside the transaction that holds them.

Free seats are read without locks, chosen (`_choice`), and locked; what somebody else was quicker with is chosen again
from a new look. So nothing is locked that is not wanted, and "there are not enough" is said only when a look shows it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations._choice import Floor, FreeSeat, place_of, row_of
from ticketctl.reservations._filter import Filter
from ticketctl.reservations._granting import Grant, Locked, lock, write
from ticketctl.reservations._limits import count
from ticketctl.reservations._model import Limits
from ticketctl.reservations._outcomes import Alone, Granted, Outcome, Refused
from ticketctl.reservations._records import check_same_request, read_hold
from ticketctl.reservations._requests import Request, Wish
from ticketctl.reservations._steps import Again, Answer, Commands, Statement, Steps

WINDOW = 2_000
"""Free seats that are read at first; each further look reads as many as there are already."""
FARTHEST = 40_000
"""Free seats among which neighbours are looked for; seats apart are taken from all."""

_random = random.Random()  # noqa: S311  # spreads buyers over equal seats


class _Look:
    """The free seats of an event that suit, as far as they were read."""

    def __init__(self, event_id: int, wish: Wish) -> None:
        self._event_id = event_id
        self._wish = wish
        self._free: list[FreeSeat] = []
        self._taken: set[int] = set()
        self._last = 0
        self.complete = False
        self._floor = Floor([], complete=False, random=_random)

    def choose(self, request: Request) -> Steps[tuple[int, ...]]:
        """Choose seats for a request, reading on as long as that can help; none if there are not enough."""
        wish = request.wish
        assert wish is not None  # noqa: S101  # for the type checker: requests of a kind all have one
        while True:
            split = wish.split and (self.complete or len(self._free) >= FARTHEST)
            choice = self._floor.choose(wish.number, together=wish.together, split=split)
            if choice is not None:
                self._taken.update(choice.seat_ids)
                return tuple(sorted(choice.seat_ids))
            if self.complete:
                return ()
            yield from self._read_on()

    def _read_on(self) -> Steps[None]:
        most = max(WINDOW, len(self._free))
        answer: Answer = yield _free_seats(self._event_id, self._wish, self._last, most)
        self._free += map(_free_seat, answer.rows)
        if len(answer.rows) == most:
            self._last = self._free[-1].seat_id
        else:
            self.complete = True
            answer = yield _over_seats(self._event_id, self._wish)
            self._free = sorted([*self._free, *map(_free_seat, answer.rows)])
        self._floor = Floor(self._free, complete=self.complete, random=_random)
        self._floor.remove(self._taken)


def best_together(requests: Sequence[Request], limits: Limits, front: Filter) -> Steps[list[Outcome]]:
    """Grant requests with the same wishes from one look, the first come first; what was lost to others comes back."""
    counted = yield from count(limits, [(each.event_id, each.user_id) for each in requests])
    first = requests[0]
    assert first.wish is not None  # noqa: S101  # for the type checker
    look = _Look(first.event_id, first.wish)
    chosen: list[tuple[Request, tuple[int, ...]]] = []
    outcomes: dict[str, Outcome] = {}
    for request in requests:
        owner = (request.event_id, request.user_id)
        seat_ids: tuple[int, ...] = ()
        if refusal := counted.refusal(owner, request.count):
            outcomes[request.hold_id] = Refused(request, refusal)
        elif seat_ids := (yield from look.choose(request)):
            chosen.append((request, seat_ids))
            counted.add(owner, request.count)
        else:
            outcomes[request.hold_id] = Refused(request, _too_few(request))
    if chosen:
        locked = yield from lock(sorted(seat_id for _, ids in chosen for seat_id in ids), skip=True)
        grants = [grant for request, ids in chosen if (grant := _grant(request, ids, locked))]
        yield from _write(grants, front)
        outcomes.update((grant.request.hold_id, grant.granted()) for grant in grants)
    return [outcomes.get(request.hold_id, Alone(request)) for request in requests]


def best_alone(request: Request, limits: Limits, front: Filter) -> Steps[Outcome]:
    """Grant one request, waiting for whoever has the chosen seats locked; or find what an earlier try has made.

    Raises:
        Again: Somebody else was quicker with a seat that was chosen.
    """
    counted = yield from count(limits, [(request.event_id, request.user_id)])
    record = yield from read_hold(request.hold_id)
    if record is not None:
        check_same_request(record, request)
        return Granted(request, record.hold(), new=False)
    if refusal := counted.refusal((request.event_id, request.user_id), request.count):
        return Refused(request, refusal)
    assert request.wish is not None  # noqa: S101  # for the type checker
    seat_ids = yield from _Look(request.event_id, request.wish).choose(request)
    if not seat_ids:
        return Refused(request, _too_few(request))
    locked = yield from lock(seat_ids, skip=False)
    grant = _grant(request, seat_ids, locked)
    if grant is None:
        raise Again
    yield from _write([grant], front)
    return grant.granted()


def _grant(request: Request, seat_ids: Sequence[int], locked: Locked) -> Grant | None:
    rows = [locked.rows[seat_id] for seat_id in seat_ids if seat_id in locked.rows and locked.rows[seat_id].free]
    return Grant(request, tuple(rows), locked.now, locked.sent) if len(rows) == len(seat_ids) else None


def _write(grants: Sequence[Grant], front: Filter) -> Steps[None]:
    yield from write(grants)
    if grants:
        # Before COMMIT, as every intent: an entry that came later could come after the hold was given back.
        yield Commands(
            tuple(
                front.intend(grant.request.event_id, [row.seat_id for row in grant.rows], grant.request.hold_id)
                for grant in grants
            )
        )


def _too_few(request: Request) -> SeatsUnavailableError:
    wish = request.wish
    together = wish is not None and wish.together and not wish.split and request.count > 1
    return SeatsUnavailableError(
        f"event {request.event_id} has no {request.count} free seats {'together ' if together else ''}that suit",
        event_id=request.event_id,
    )


_SEAT = "seat_id, section, `row_number`, row_position, seat_number"


def _free_seats(event_id: int, wish: Wish, after: int, most: int) -> Statement:
    condition, values = _suits(wish)
    return Statement(
        f"SELECT {_SEAT} FROM seats FORCE INDEX (idx_event_status)"
        f" WHERE event_id = %s AND status = 'AVAILABLE' AND seat_id > %s{condition} ORDER BY seat_id LIMIT %s",
        (event_id, after, *values, most),
        reads=True,
    )


def _over_seats(event_id: int, wish: Wish) -> Statement:
    condition, values = _suits(wish)
    return Statement(
        f"SELECT {_SEAT} FROM seats FORCE INDEX (idx_event_status)"
        " WHERE event_id = %s AND status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6)"
        f"{condition} ORDER BY seat_id LIMIT %s",
        (event_id, *values, FARTHEST),
        reads=True,
    )


def _suits(wish: Wish) -> tuple[str, tuple[object, ...]]:
    wanted = (
        (" AND section = %s", wish.section),
        (" AND seat_type = %s", wish.seat_type),
        (" AND price <= %s", wish.max_price),
    )
    given = [(sql, value) for sql, value in wanted if value is not None]
    return "".join(sql for sql, _ in given), tuple(value for _, value in given)


def _free_seat(row: Sequence[Any]) -> FreeSeat:
    seat_id, section, row_number, position, number = row
    return FreeSeat(seat_id, section, row_of(row_number, number), place_of(position, number))
