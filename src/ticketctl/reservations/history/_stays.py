"""Seats that somebody has for a time, and when they count towards a limit for certain.

Neither the numbers of audit rows nor their times are the order of commits, so the state at a commit is not known. What
is known of writers as `Limits` describes them, and what follows:

1. Whoever grants seats locks the guard of the user (or of the event) first, counts then, and writes the audit last. So
   the grants of a user come one after the other, in the order of their audit times, and when the later one counts, the
   earlier one is committed. Grants are `held`, `transferred` for the receiver, `reclaimed`, and `confirmed` of a hold
   that was over.
2. A count is read before the audit of its transaction is written. What ends a user's seat is committed after its own
   audit was written. So an end that is written after a grant was not seen by the grant's count: the seat was counted.
   An end that is written before it may have been seen or not: the seat is left out.
3. What is counted is live by a clock, and as it stood at a moment, neither of which is after the grant's audit time or
   more than `longest` before it. A hold that was extended or confirmed may have been counted by its earlier end, unless
   the change was committed by then for certain: `longest` after it was written, or when the next change of the seat was
   written, as its row was locked until then. Where that earlier end may have been over, the seat is left out.

What is left was counted, in every order of commits that the history allows. So more of it than a limit is a limit that
was passed, or a grant that did not lock the guard, which is how limits are passed. What only may have been (2 and 3) is
left out: a limit that was passed for a moment, while a release or an extension crossed a grant, is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from ticketctl.reservations.history._report import Premises
from ticketctl.reservations.history._rows import Change
from ticketctl.reservations.history._story import TAKEN

_FOREVER = 1 << 62
_GRANTS = ("held", "transferred", "reclaimed")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Stay(NamedTuple):
    """A seat that somebody has for a time.

    Attributes:
        changes: How it began, and what kept it going.
        end: When its end was written, as a moment.
        guarded: Whether it began as a grant, behind the guard.
    """

    changes: tuple[Change, ...]
    end: int
    guarded: bool


class Span(NamedTuple):
    """A time in which something counts for certain: from `start`, and before `stop`.

    Attributes:
        start: A moment.
        stop: A moment.
        hold_id: For which hold.
    """

    start: int
    stop: int
    hold_id: str


def stays(changes: Iterable[Change], premises: Premises, *, of_users: bool) -> Iterator[Stay]:
    """Yield who had a seat one after the other; or when it was had at all, whoever had it."""
    going: list[Change] = []
    guarded = False
    for change in changes:
        taken, late = change.new_status in TAKEN, False
        if going:
            last = going[-1]
            late = change.reason == "confirmed" and _is_late(last, change, premises)
            if late or not taken or (of_users and change.user_id != last.user_id):
                yield Stay(tuple(going), change.at, guarded)
                going = []
        if taken:
            if not going:
                guarded = late or change.reason in _GRANTS
            going.append(change)
    if going:
        yield Stay(tuple(going), _FOREVER, guarded)


def _is_late(last: Change, confirmed: Change, premises: Premises) -> bool:
    """Tell whether a hold was over for certain when it was confirmed: that is counted like a grant."""
    until = last.reserved_until
    return until is not None and until + premises.longest + premises.tolerance <= confirmed.at


def certain(stay: Stay, premises: Premises) -> Iterator[Span]:
    """Yield when a seat counts for certain, in the times of grants that count it.

    Args:
        stay: The seat.
        premises: What is taken for granted.
    """
    changes, longest, tolerance = stay.changes, premises.longest, premises.tolerance
    start, stop = changes[0].at, stay.end - tolerance
    if not stay.guarded:
        start = _committed(stay, 0, longest) + longest + tolerance
    doubts: list[tuple[int, int]] = []
    for index, change in enumerate(changes):
        until = change.reserved_until
        if until is None:
            continue
        begin, replaced = max(change.at, until) - tolerance, _FOREVER
        if index + 1 < len(changes):
            replaced = _committed(stay, index + 1, longest) + longest + tolerance
        if begin < replaced:
            doubts.append((begin, replaced))
    hold_id = changes[0].hold_id or ""
    doubts.sort()
    for begin, end in doubts:
        if start < min(begin, stop):
            yield Span(start, min(begin, stop), hold_id)
        start = max(start, end)
    if start < stop:
        yield Span(start, stop, hold_id)


def _committed(stay: Stay, index: int, longest: int) -> int:
    """Return a moment by which a change was committed for certain."""
    following = stay.changes[index + 1].at if index + 1 < len(stay.changes) else stay.end
    return min(stay.changes[index].at + longest, following)


def open_part(stay: Stay) -> Stay | None:
    """Return the seat for as long as it was reserved and not booked."""
    for index, change in enumerate(stay.changes):
        if change.new_status != "RESERVED":
            return Stay(stay.changes[:index], change.at, stay.guarded) if index else None
    return stay


def merged_by_hold(stays: Iterable[Stay], premises: Premises) -> list[Span]:
    """Return when a hold had one seat at least."""
    merged: list[Span] = []
    of_holds = grouped((span.hold_id, span) for stay in stays for span in certain(stay, premises))
    for hold_id, spans in of_holds.items():
        spans.sort()
        start, stop = spans[0].start, spans[0].stop
        for span in spans[1:]:
            if span.start > stop:
                merged.append(Span(start, stop, hold_id))
                start = span.start
            stop = max(stop, span.stop)
        merged.append(Span(start, stop, hold_id))
    return merged


def grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    groups: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
