"""Whether those who were refused were refused rightly: did others have the seats while the request was on its way?

A seat is not to be had either while somebody else's request for it is on its way, for one of both gets it; and nothing
is while MySQL does not serve.

Pure. Moments are microseconds since 1970 by the database's clock, as in a history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import NamedTuple

from ticketctl.reservations.history import Change

_STILL = 1 << 62  # later than anything


class Wish(NamedTuple):
    """A request for seats, whatever came of it.

    Attributes:
        hold_id: The hold that it was for.
        seat_ids: The seats that it was known to be about.
        began: When it was sent.
        ended: When it was answered.
    """

    hold_id: str
    seat_ids: tuple[int, ...]
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered with no.

    Attributes:
        hold_id: The hold that it was for.
        seat_ids: The seats that others were said to have; none where the best were wanted.
        count: How many were wanted.
        began: When it was sent.
        ended: When it was answered.
    """

    hold_id: str
    seat_ids: tuple[int, ...]
    count: int
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """All that were answered with no.

    Attributes:
        count: How many.
        while_free: How many of them while all of the seats were free, or enough, and nobody else asked for them.
        longest: Seconds for which that had been so at most when one was refused.
    """

    count: int
    while_free: int
    longest: float


class Occupancy:
    """When which seat was not to be had.

    Args:
        seat_ids: All seats, free at first.
        changes: What happened to them.
        wishes: Who asked for them.
        away: When MySQL did not serve, from and until, in order.
    """

    def __init__(
        self,
        seat_ids: Iterable[int],
        changes: Iterable[Change],
        wishes: Iterable[Wish],
        away: Sequence[tuple[int, int]],
    ) -> None:
        self._away = away
        of_seat: dict[int, list[Change]] = {seat_id: [] for seat_id in seat_ids}
        for change in changes:
            of_seat[change.seat_id].append(change)
        self._taken = {seat_id: _stays(changes) for seat_id, changes in of_seat.items()}
        self._wishes: dict[int, list[tuple[int, int, str]]] = {seat_id: [] for seat_id in of_seat}
        for wish in wishes:
            for seat_id in wish.seat_ids:
                self._wishes[seat_id].append((wish.began, wish.ended, wish.hold_id))
        for seat_wishes in self._wishes.values():
            seat_wishes.sort()
        steps = sorted(step for seat_id in of_seat for step in self._steps(seat_id))
        self._moments = [moment for moment, _ in steps]
        self._free = list(accumulate((step for _, step in steps), initial=len(self._taken)))

    def _steps(self, seat_id: int) -> Iterator[tuple[int, int]]:
        """Return when a seat began and ceased to be taken or asked for, as what that adds to those that are free."""
        spans = [*self._taken[seat_id], *((began, ended) for began, ended, _ in self._wishes[seat_id])]
        for begin, end in merged(spans):
            yield begin, -1
            if end != _STILL:
                yield end, 1

    def free_for(self, refusal: Refusal) -> int | None:
        """Return for how long what was refused had been to be had, in microseconds; None if it was not."""
        before = [end for begin, end in self._away if begin <= refusal.ended]
        if before and before[-1] >= refusal.began:
            return None
        found = self._freed(refusal)
        return None if found is None else refusal.began - max((found, *before[-1:]))

    def _freed(self, refusal: Refusal) -> int | None:
        """Return the moment since which what was refused was free; None if it was not."""
        if not refusal.seat_ids:
            return self._enough_since(refusal)
        since = [self._free_since(seat_id, refusal) for seat_id in refusal.seat_ids]
        return None if None in since else max(moment for moment in since if moment is not None)

    def _free_since(self, seat_id: int, refusal: Refusal) -> int | None:
        stays = self._taken.get(seat_id, [])
        place = bisect_right(stays, (refusal.ended, _STILL))
        ends = [stays[place - 1][1]] if place else []
        wishes = self._wishes.get(seat_id, [])
        of_others = wishes[: bisect_right(wishes, (refusal.ended, _STILL, ""))]
        ends += [ended for _, ended, hold_id in of_others if hold_id != refusal.hold_id]
        end = max(ends, default=0)
        return end if end < refusal.began else None

    def _enough_since(self, refusal: Refusal) -> int | None:
        first = bisect_right(self._moments, refusal.began)
        last = bisect_right(self._moments, refusal.ended)
        if min(self._free[first : last + 1]) < refusal.count:
            return None
        while first and self._free[first - 1] >= refusal.count:
            first -= 1
        return self._moments[first - 1] if first else 0


def judge_refusals(occupancy: Occupancy, refusals: Sequence[Refusal], opened: int) -> Refusals:
    """Count the refusals, and those that were wrong.

    Args:
        occupancy: When which seat was not to be had.
        refusals: All refusals.
        opened: When the sale began: nothing was to be had before.
    """
    free = [
        min(moment, refusal.began - opened)
        for refusal in refusals
        if (moment := occupancy.free_for(refusal)) is not None
    ]
    return Refusals(len(refusals), len(free), max(free, default=0) / 1e6)


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the times that spans cover together, in order."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and found[-1][1] >= begin:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _stays(changes: list[Change]) -> list[tuple[int, int]]:
    """Return when a seat was not to be had: from, until."""
    changes.sort(key=lambda change: change.version)
    stays: list[tuple[int, int]] = []
    for change, following in zip_longest(changes, changes[1:]):
        if change.new_status == "AVAILABLE":
            continue
        end = _STILL if following is None else following.at
        if change.new_status == "RESERVED" and change.reserved_until is not None:
            end = min(end, change.reserved_until)
        stays.append((change.at, max(change.at, end)))
    return merged(stays)
