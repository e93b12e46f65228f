"""Whether those who were refused were refused rightly: did others have the seats while the request was on its way?

A seat is not to be had from the moment at which the request came that got it, and not while MySQL does not serve.

Pure. Moments are microseconds since 1970 by the database's clock, as in a history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from ticketctl.reservations.history import Change

_STILL = 1 << 62  # later than anything


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered with no.

    Attributes:
        seat_ids: The seats that others were said to have; none where the best were wanted.
        count: How many were wanted.
        began: When it was sent.
        ended: When it was answered.
    """

    seat_ids: tuple[int, ...]
    count: int
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """All that were answered with no.

    Attributes:
        count: How many.
        while_free: How many of them while all of the seats were free, or enough of them.
        longest: Seconds for which the seats had been free at most when one was refused.
    """

    count: int
    while_free: int
    longest: float


class Occupancy:
    """When which seat was not to be had.

    Args:
        seat_ids: All seats, free at first.
        changes: What happened to them.
        asked: When the request for a hold was sent, by the hold's id.
        away: When MySQL did not serve, from and until, in order.
    """

    def __init__(
        self,
        seat_ids: Iterable[int],
        changes: Iterable[Change],
        asked: Mapping[str, int],
        away: Sequence[tuple[int, int]],
    ) -> None:
        self._away = away
        of_seat: dict[int, list[Change]] = {seat_id: [] for seat_id in seat_ids}
        for change in changes:
            of_seat[change.seat_id].append(change)
        self._taken = {seat_id: _stays(changes, asked) for seat_id, changes in of_seat.items()}
        steps = sorted(
            [(begin, -1) for stays in self._taken.values() for begin, _ in stays]
            + [(end, 1) for stays in self._taken.values() for _, end in stays if end != _STILL]
        )
        self._moments = [moment for moment, _ in steps]
        self._free = list(accumulate((step for _, step in steps), initial=len(self._taken)))

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
        if not place:
            return 0
        end = stays[place - 1][1]
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


def _stays(changes: list[Change], asked: Mapping[str, int]) -> list[tuple[int, int]]:
    """Return when a seat was not to be had: from, until."""
    changes.sort(key=lambda change: change.version)
    stays: list[tuple[int, int]] = []
    for change, following in zip_longest(changes, changes[1:]):
        if change.new_status == "AVAILABLE":
            continue
        end = _STILL if following is None else following.at
        if change.new_status == "RESERVED" and change.reserved_until is not None:
            end = min(end, change.reserved_until)
        begin = min(change.at, asked.get(change.hold_id or "", change.at))
        if stays and stays[-1][1] >= begin:
            stays[-1] = (stays[-1][0], end)
        else:
            stays.append((begin, end))
    return stays
