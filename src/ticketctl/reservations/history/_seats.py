"""The changes of a seat, one after the other: each must follow from the one before.

Two rules compare times. Both are sound for writers who lock a seat's row, then look at the clock, then write the audit:
the time of an audit row is that of the statement that wrote it, so it is not before the decision.

- `expired`, or held by another one: the hold was over when that was decided, so it is over by the audit's time as well.
  A hold that is live by the audit's time was live when it was taken.
- `extended`, `confirmed`, `transferred`: the hold may have been live when that was decided, and over when it was
  written. Nobody else can have had the seat in between, as its row was locked; so nothing is compared.
"""

from __future__ import annotations

from collections.abc import Callable

from ticketctl.reservations.history._report import Kind, Premises, Violation, shown
from ticketctl.reservations.history._rows import Change
from ticketctl.reservations.history._story import (
    FREE,
    STEPS,
    TAKEN,
    Standing,
    Story,
    after,
    before,
    beginning,
    remember,
    told,
)

_STAYS = ("extended", "confirmed")
_ENDS = ("released", "expired", "cancelled")


def follow(seat_id: int, changes: list[Change], premises: Premises, violations: list[Violation]) -> Story:
    """Go through the changes of a seat.

    Args:
        seat_id: The seat.
        changes: Its changes, by version.
        premises: What is taken for granted.
        violations: Where what is wrong is added.

    Returns:
        The seat as its changes tell it, which go on from each as it is written, right or wrong.
    """
    first = changes[0]
    story = Story(seat_id, changes, beginning(first) if premises.whole else before(first), premises.whole)
    if first.version <= 1 and first.old_status in (*FREE, None):
        story.whole = True
    faults = _Faults(story, premises)
    for change in changes:
        violation = faults.of(change)
        if violation is not None:
            violations.append(violation)
            if violation.kind in ("gap", "start"):
                story.standing, story.whole = before(change), False
        story.standing = after(story.standing, change)
        if change.hold_id is not None:
            remember(story.shares, change, change.hold_id)
    return story


class _Faults:
    """Looks at one change after the other for what is wrong with it; one thing is enough.

    Args:
        story: The seat so far.
        premises: What is taken for granted.
    """

    def __init__(self, story: Story, premises: Premises) -> None:
        self._story = story
        self._tolerance = premises.tolerance
        self._last: Change | None = None

    def of(self, change: Change) -> Violation | None:
        """Return what is wrong with the next change."""
        had = self._story.standing
        for question in _QUESTIONS.get(change.reason or "", _ALWAYS):
            if (found := question(self, change, had)) is not None:
                break
        self._last = change
        if found is None:
            return None
        kind, text = found
        return Violation(
            kind,
            f"seat {change.seat_id}: {text}",
            *(change.event_id, change.seat_id, change.version, change.hold_id, change.user_id),
        )

    def _order(self, change: Change, had: Standing) -> tuple[Kind, str] | None:
        if change.version == had.version + 1:
            return None
        if self._last is None:
            return "start", f"its history does not begin with version 1, but with {told(change)}"
        if change.version <= had.version:
            return "repeated", f"version {change.version} is there twice: {told(self._last)}, and {told(change)}"
        missing = f"version {had.version + 1} is" if change.version == had.version + 2 else "versions are"
        return "gap", f"{missing} missing between {told(self._last)}, and {told(change)}"

    def _taken(self, change: Change, had: Standing) -> tuple[Kind, str] | None:
        if change.new_status not in TAKEN or had.status not in TAKEN or change.hold_id == had.hold_id:
            return None
        if had.status == "BOOKED":
            return "sold-seat-taken", f"{told(change)}, but hold {had.hold_id} has booked it (version {had.version})"
        if had.until is None or had.until <= change.at + self._tolerance:
            return None
        until = f"until {shown(had.until)} (version {had.version})"
        return "live-hold-taken", f"{told(change)}, but hold {had.hold_id} had it {until}"

    def _chain(self, change: Change, had: Standing) -> tuple[Kind, str] | None:
        if change.old_status != had.status:
            before = f"version {had.version} left it {had.status}" if had.version > 0 else "it begins AVAILABLE"
            by = f" with hold {had.hold_id}" if had.hold_id else ""
            return "chain", f"{told(change)}, says that it was {change.old_status} before, but {before}{by}"
        if (change.reason, change.old_status, change.new_status) in STEPS or _makes_or_removes(change):
            return None
        return "word", f"{told(change)}, goes from {change.old_status} to {change.new_status}: no such transition"

    def _owner(self, change: Change, had: Standing) -> tuple[Kind, str] | None:
        if change.hold_id != had.hold_id:
            return "wrong-hold", f"{told(change)}, but hold {had.hold_id} has it (version {had.version})"
        if change.reason in _STAYS and had.user_id is not None and change.user_id != had.user_id:
            return "wrong-user", f"{told(change)}, but it is of user {had.user_id} (version {had.version})"
        return None

    def _time(self, change: Change, had: Standing) -> tuple[Kind, str] | None:
        if had.until is None or had.until <= change.at + self._tolerance:
            return None
        return "expired-early", f"{told(change)}, but the hold had it until {shown(had.until)} (version {had.version})"

    def _again(self, change: Change, _had: Standing) -> tuple[Kind, str] | None:
        share = self._story.shares.get(change.hold_id or "")
        if change.reason == "held":
            return None if share is None else ("held-twice", f"{told(change)}, but that hold has had it before")
        if share is None:
            return ("not-expired", f"{told(change)}, but that hold never had it") if self._story.whole else None
        if share.end != "expired":
            return "not-expired", f"{told(change)}, but that hold did not expire: {share.end or 'it has it'}"
        return None

    def _values(self, change: Change, _had: Standing) -> tuple[Kind, str] | None:
        taken = change.new_status in TAKEN
        wrong = ""
        if (change.hold_id is not None) is not (taken or change.reason in _ENDS):
            wrong += ", hold_id"
        if (change.user_id is not None) is not taken:
            wrong += ", user_id"
        if (change.reserved_until is not None) is not (change.new_status == "RESERVED"):
            wrong += ", reserved_until"
        if not wrong:
            return None
        return "values", f"{told(change)}: NULL where a value belongs, or a value where NULL does, in {wrong[2:]}"

    def _handed_on(self, change: Change, had: Standing) -> tuple[Kind, str] | None:
        """Compare what a change hands on with what was there."""
        if change.reason != "extended" and change.booking_id not in (None, had.booking_id):
            return "values", f"{told(change)}: booking {change.booking_id}, but it was booked by {had.booking_id}"
        until = change.reserved_until
        if had.until is None or until is None:
            return None
        if until < had.until or (until > had.until and change.reason == "transferred"):
            return "values", f"{told(change)}: the end moved from {shown(had.until)} to {shown(until)}"
        return None

    def _place(self, change: Change, _had: Standing) -> tuple[Kind, str] | None:
        """Compare event and time with those of the change before."""
        last = self._last
        if last is None:
            return None
        if change.event_id != last.event_id:
            return "event", f"{told(change)}, is of event {change.event_id}, but {told(last)}, of {last.event_id}"
        if change.at < last.at - self._tolerance:
            why = "the database's clock was set back, or a change was written before its row was locked"
            return "clock", f"{told(last)}, comes before {told(change)}: {why}"
        return None


def _makes_or_removes(change: Change) -> bool:
    """Tell whether a change makes the seat or removes it, for which there are no words."""
    old, new = change.old_status, change.new_status
    return (old is None and new in FREE) or (new is None and old in FREE)


_Question = Callable[[_Faults, Change, Standing], tuple[Kind, str] | None]
_FIRST: tuple[_Question, ...] = (_Faults._order, _Faults._taken, _Faults._chain)
_LAST: tuple[_Question, ...] = (_Faults._values, _Faults._place)
_ALWAYS = (*_FIRST, *_LAST)
_QUESTIONS: dict[str, tuple[_Question, ...]] = {
    "held": (*_FIRST, _Faults._again, *_LAST),
    "extended": (*_FIRST, _Faults._owner, _Faults._handed_on, *_LAST),
    "transferred": (*_FIRST, _Faults._owner, _Faults._handed_on, *_LAST),
    "released": (*_FIRST, _Faults._owner, *_LAST),
    "expired": (*_FIRST, _Faults._owner, _Faults._time, *_LAST),
    "confirmed": (*_FIRST, _Faults._owner, *_LAST),
    "reclaimed": (*_FIRST, _Faults._again, *_LAST),
    "cancelled": (*_FIRST, _Faults._owner, _Faults._handed_on, *_LAST),
}
"""What is asked of a change, by its word. The first answer is told: what is wrong next follows from it, mostly."""
