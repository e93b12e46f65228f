"""The best seats that are free, chosen inside the transaction that holds them.

Free seats are read without locks, chosen (`_choice`), and locked, passing over those that others have locked; where
somebody else was quicker, other seats are chosen. So nothing is locked that is not wanted, nobody waits for a seat
while others are free, and "there are not enough" is said only when a look shows it: whoever finds none but those
that others are at waits for them, in a transaction of its own.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ticketctl.errors import SeatsUnavailableError
from ticketctl.reservations._choice import Floor, FreeSeat, place_of, row_of
from ticketctl.reservations._filter import Filter
from ticketctl.reservations._granting import Grant, Locked, lock, write
from ticketctl.reservations._limits import Counted, count
from ticketctl.reservations._model import Limits
from ticketctl.reservations._outcomes import Alone, Granted, Outcome, Refused
from ticketctl.reservations._records import check_same_request, known_holds, read_hold
from ticketctl.reservations._requests import Request, Wish
from ticketctl.reservations._steps import Again, Answer, Commands, Statement, Steps

WINDOW = 128
"""Free seats that are read at first; each further look reads as many as there are already."""
FARTHEST = 40_000
"""Free seats among which neighbours are looked for; seats apart are taken from all."""
ROUNDS = 8
"""How often others are chosen for seats that were lost, in one transaction."""

_random = random.Random()  # noqa: S311  # spreads buyers over equal seats


class _Look:
    """The free seats of an event that suit, as far as they were read.

    Args:
        event_id: The event.
        wish: What suits.
        count: How many are wanted altogether.
    """

    def __init__(self, event_id: int, wish: Wish, count: int) -> None:
        self._event_id = event_id
        self._wish = wish
        self._first = max(WINDOW, 2 * count)
        self._free: list[FreeSeat] = []
        self._gone: set[int] = set()
        self._passed = 0  # so many of the best are left to those who are at them
        self._last = 0
        self._complete = False
        self._floor = Floor([], complete=False, random=_random)
        self.lost = False
        """Whether somebody else was quicker with a seat, or is at one."""

    def choose(self, request: Request) -> Steps[tuple[int, ...]]:
        """Choose seats for a request, reading on as long as that can help; none if there are not enough."""
        wish = _wish(request)
        while True:
            split = wish.split and (self._complete or len(self._free) >= FARTHEST)
            choice = self._floor.choose(wish.number, together=wish.together, split=split)
            if choice is not None:
                self._gone.update(choice.seat_ids)
                return tuple(sorted(choice.seat_ids))
            if not self._complete:
                yield from self._read_on()
            elif self._passed:
                self._passed = 0
                self._lay_out()
            else:
                return ()

    def give_back(self, seat_ids: Iterable[int], lost: Collection[int]) -> None:
        """Put seats back that were chosen, but for those that were lost.

        Where one was lost others are at its neighbours, too: the next choice begins twice as far behind. In a rush the
        best hundreds are locked, and looking at them block by block would go on until they are sold.
        """
        self.lost = True
        self._gone.difference_update(set(seat_ids).difference(lost))
        self._passed = 2 * (1 + max(place for place, seat in enumerate(self._free) if seat.seat_id in lost))
        self._lay_out()

    def _read_on(self) -> Steps[None]:
        most = max(self._first, len(self._free))
        answer: Answer = yield _free_seats(self._event_id, self._wish, self._last, most)
        self._free += map(_free_seat, answer.rows)
        if len(answer.rows) == most:
            self._last = self._free[-1].seat_id
        else:
            self._complete = True
            answer = yield _over_seats(self._event_id, self._wish)
            self._free = sorted([*self._free, *map(_free_seat, answer.rows)])
        self._lay_out()

    def _lay_out(self) -> None:
        self._floor = Floor(self._free, complete=self._complete, random=_random)
        self._floor.remove([*self._gone, *[seat.seat_id for seat in self._free[: self._passed]]])


def best_together(requests: Sequence[Request], limits: Limits, front: Filter) -> Steps[list[Outcome]]:
    """Grant requests with the same wishes from one look, the first come first, without waiting for anybody."""
    counted = yield from count(limits, [(each.event_id, each.user_id) for each in requests])
    outcomes = yield from _granted(requests, counted, front)
    # Who made the id may be asking again, and be refused because of the own hold: alone that is looked at.
    refused = [each.request for each in outcomes if isinstance(each, Refused) and not each.request.own_id]
    known = (yield from known_holds([request.hold_id for request in refused])) if refused else set()
    again = [request for request in refused if request.hold_id in known]
    return [Alone(each.request) if each.request in again else each for each in outcomes]


def best_alone(request: Request, limits: Limits, front: Filter, *, waits: bool) -> Steps[Outcome]:
    """Grant one request, or find what an earlier try has made.

    Args:
        request: What is wanted.
        limits: The limits.
        front: Makes the filter's commands.
        waits: Whether to wait for whoever has the chosen seats locked.

    Raises:
        Again: Somebody else was quicker with a seat that was chosen, or is at it.
    """
    counted = yield from count(limits, [(request.event_id, request.user_id)])
    record = yield from read_hold(request.hold_id)
    if record is not None:
        check_same_request(record, request)
        return Granted(request, record.hold(), new=False)
    if not waits:
        (outcome,) = yield from _granted([request], counted, front)
        if isinstance(outcome, Alone):
            raise Again
        return outcome
    if refusal := counted.refusal((request.event_id, request.user_id), request.count):
        return Refused(request, refusal)
    seat_ids = yield from _Look(request.event_id, _wish(request), request.count).choose(request)
    if not seat_ids:
        return Refused(request, _too_few(request))
    grant = _grant(request, seat_ids, (yield from lock(seat_ids, skip=False)))
    if grant is None:
        raise Again
    yield from _write([grant], front)
    return grant.granted()


def _granted(requests: Sequence[Request], counted: Counted, front: Filter) -> Steps[list[Outcome]]:
    look = _Look(requests[0].event_id, _wish(requests[0]), sum(each.count for each in requests))
    outcomes: dict[str, Outcome] = {}
    grants: list[Grant] = []
    wanted: list[Request] = []
    for request in requests:
        if refusal := counted.refusal((request.event_id, request.user_id), request.count):
            outcomes[request.hold_id] = Refused(request, refusal)
    for request in requests:
        owner = (request.event_id, request.user_id)
        # Where others of this batch reach a limit, it is not sure yet that they are granted.
        if request.hold_id not in outcomes and counted.refusal(owner, request.count) is None:
            counted.add(owner, request.count)
            wanted.append(request)
    for _ in range(ROUNDS):
        granted, refused, wanted = yield from _round(wanted, look)
        grants += granted
        outcomes.update((outcome.request.hold_id, outcome) for outcome in refused)
        if not wanted:
            break
    yield from _write(grants, front)
    outcomes.update((grant.request.hold_id, grant.granted()) for grant in grants)
    return [outcomes.get(request.hold_id, Alone(request)) for request in requests]


def _round(requests: Sequence[Request], look: _Look) -> Steps[tuple[list[Grant], list[Outcome], list[Request]]]:
    """Choose seats for requests and lock them.

    Returns:
        Who has them, whom there are too few for, and who was not quick enough.
    """
    refused: list[Outcome] = []
    chosen: list[tuple[Request, tuple[int, ...]]] = []
    for request in requests:
        if seat_ids := (yield from look.choose(request)):
            chosen.append((request, seat_ids))
        else:
            refused.append(Alone(request) if look.lost else Refused(request, _too_few(request)))
    if not chosen:
        return [], refused, []
    locked = yield from lock(sorted(seat_id for _, seat_ids in chosen for seat_id in seat_ids), skip=True)
    grants: list[Grant] = []
    slower: list[tuple[Request, tuple[int, ...]]] = []
    for request, seat_ids in chosen:
        if grant := _grant(request, seat_ids, locked):
            grants.append(grant)
        else:
            slower.append((request, seat_ids))
    if slower:
        seats = [seat_id for _, seat_ids in slower for seat_id in seat_ids]
        look.give_back(seats, {seat_id for seat_id in seats if not _is_free(locked, seat_id)})
    return grants, refused, [request for request, _ in slower]


def _grant(request: Request, seat_ids: Sequence[int], locked: Locked) -> Grant | None:
    if not all(_is_free(locked, seat_id) for seat_id in seat_ids):
        return None
    return Grant(request, tuple(locked.rows[seat_id] for seat_id in seat_ids), locked.now, locked.sent)


def _is_free(locked: Locked, seat_id: int) -> bool:
    row = locked.rows.get(seat_id)
    return row is not None and row.free


def _wish(request: Request) -> Wish:
    assert request.wish is not None  # noqa: S101  # for the type checker: requests of a kind all have one
    return request.wish


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
    if row_number is None or position is None:
        return FreeSeat(seat_id, section, row_of(row_number, number), place_of(position, number))
    return FreeSeat(seat_id, section, row_number, position)
