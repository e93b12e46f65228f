"""A seat as its changes tell it: how it stands after each, and what each hold had of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ticketctl.reservations.history._report import shown
from ticketctl.reservations.history._rows import Change

TAKEN = ("RESERVED", "BOOKED")
FREE = ("AVAILABLE", "BLOCKED")
# The words of decision 0012, and the letters that the operations on a hold are remembered by. Expiry has none: it
# happens to each seat of a hold at its own time, and booking a hold is one operation, whatever had become of its seats.
STEPS = {
    ("held", "AVAILABLE", "RESERVED"): "h",
    ("extended", "RESERVED", "RESERVED"): "e",
    ("transferred", "RESERVED", "RESERVED"): "t",
    ("transferred", "BOOKED", "BOOKED"): "t",
    ("released", "RESERVED", "AVAILABLE"): "r",
    ("expired", "RESERVED", "AVAILABLE"): "",
    ("confirmed", "RESERVED", "BOOKED"): "b",
    ("reclaimed", "AVAILABLE", "BOOKED"): "b",
    ("cancelled", "BOOKED", "AVAILABLE"): "c",
    ("blocked", "AVAILABLE", "BLOCKED"): "",
    ("unblocked", "BLOCKED", "AVAILABLE"): "",
}
OPERATIONS = {"h": "held", "e": "extended", "t": "transferred", "r": "released", "b": "booked", "c": "cancelled"}


class Standing(NamedTuple):
    """How a seat stands between two changes.

    Attributes:
        status: Its status; None before it is made and after it is removed.
        version: Its version.
        hold_id: The hold that has it.
        user_id: Whose it is; None is not known as well.
        until: Until when, as a moment; None is not known as well.
        booking_id: The booking; None is not known as well.
    """

    status: str | None
    version: int
    hold_id: str | None = None
    user_id: str | None = None
    until: int | None = None
    booking_id: int | None = None


@dataclass(slots=True)
class Share:
    """What a hold had to do with one seat.

    Attributes:
        seat_id: The seat.
        hold_id: The hold.
        event_id: The event.
        held: Whether a change says that the hold got the seat.
        taker: The user that it was held for, None if that is not known.
        user_id: The last user that it was for, None if none is known.
        until: The latest end that it had, as a moment.
        operations: What was done to it, by the letters of `OPERATIONS`.
        end: The word by which the hold lost the seat; None if it has it.
    """

    seat_id: int
    hold_id: str
    event_id: int
    held: bool = False
    taker: str | None = None
    user_id: str | None = None
    until: int = 0
    operations: str = ""
    end: str | None = None


@dataclass(slots=True)
class Story:
    """A seat with all of its changes.

    Attributes:
        seat_id: The seat.
        changes: They, by version.
        standing: How it is after the last one.
        whole: Whether no change can be missing in front.
        shares: The holds that had to do with it.
    """

    seat_id: int
    changes: list[Change]
    standing: Standing
    whole: bool
    shares: dict[str, Share] = field(default_factory=dict)


def by_seat(changes: Iterable[Change]) -> dict[int, list[Change]]:
    """Return the changes of each seat, by version."""
    seats: dict[int, list[Change]] = {}
    for change in changes:
        seats.setdefault(change.seat_id, []).append(change)
    for own in seats.values():
        own.sort(key=_version)
    return seats


def _version(change: Change) -> tuple[int, int]:
    return change.version, change.audit_id


def told(change: Change) -> str:
    """Return a change as people read it: `version 3, held by hold A for user u at …`."""
    by = f" by hold {change.hold_id}" if change.hold_id else ""
    user = f" for user {change.user_id}" if change.user_id else ""
    return f"version {change.version}, {change.reason or 'without a word'}{by}{user} at {shown(change.at)}"


def beginning(first: Change) -> Standing:
    """Return how a seat begins: made by somebody who writes no audit, or by its first change."""
    if first.old_status is None and first.version in (0, 1):
        return Standing(None, first.version - 1)
    return Standing("BLOCKED" if first.old_status == "BLOCKED" else "AVAILABLE", 0)


def before(change: Change) -> Standing:
    """Return how the seat must have been before a change, as far as that is known."""
    if change.old_status not in TAKEN:
        return Standing(change.old_status, change.version - 1)
    booking = change.booking_id if change.reason != "confirmed" else None
    return Standing(change.old_status, change.version - 1, change.hold_id, None, None, booking)


def after(had: Standing, change: Change) -> Standing:
    """Return how the seat is after a change, as the change says it."""
    if change.new_status not in TAKEN:
        return Standing(change.new_status, max(had.version, change.version))
    booking = change.booking_id
    if booking is None and change.reason == "transferred":
        booking = had.booking_id
    return Standing(
        *(change.new_status, max(had.version, change.version), change.hold_id, change.user_id),
        *(change.reserved_until, booking),
    )


def remember(shares: dict[str, Share], change: Change, hold_id: str) -> None:
    """Add a change to what its hold had of the seat."""
    share = shares.get(hold_id)
    if share is None:
        share = shares[hold_id] = Share(change.seat_id, hold_id, change.event_id)
    share.operations += STEPS.get((change.reason or "", change.old_status or "", change.new_status or ""), "")
    share.end = None if change.new_status in TAKEN else change.reason
    if change.reason == "held":
        share.held, share.taker = True, change.user_id
    if change.user_id is not None:
        share.user_id = change.user_id
    if change.reserved_until is not None and change.reserved_until > share.until:
        share.until = change.reserved_until
