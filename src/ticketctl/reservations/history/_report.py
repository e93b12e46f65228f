"""What a check takes for granted, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ticketctl.reservations._moments import as_datetime

Kind = Literal[
    "all-or-nothing",
    "chain",
    "clock",
    "count",
    "deadline",
    "end",
    "event",
    "expired-early",
    "gap",
    "held-twice",
    "limit",
    "live-hold-taken",
    "not-expired",
    "positions",
    "repeated",
    "reservation",
    "sold-seat-taken",
    "start",
    "told",
    "two-reservations",
    "untold",
    "values",
    "word",
    "wrong-hold",
    "wrong-user",
]
"""What a violation is; `Violation` has a word for each."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be.

    Attributes:
        kind: What it is.

            - of a seat's changes: `start`, `gap`, `repeated` (its versions), `chain` (a change does not begin where the
              one before ended), `word` (no such transition), `live-hold-taken`, `sold-seat-taken`, `expired-early`,
              `held-twice` (by one hold), `not-expired` (reclaimed by a hold that had not expired), `wrong-hold`,
              `wrong-user`, `values`, `event`, `clock` (times go back);
            - of the rows at the end: `end` (a seat is not as its last change left it), `reservation`,
              `two-reservations`, `count`;
            - of holds: `all-or-nothing`, `positions`, `deadline`, `limit`;
            - of answers: `told`, `untold`.
        message: What is wrong, in words: which seat, which holds, which versions.
        event_id: The event, where it is about one.
        seat_id: The seat, where it is about one.
        version: The seat's version, where it is about a change.
        hold_id: The hold that did it, where it is known.
        user_id: The user, where it is about one.
    """

    kind: Kind
    message: str
    event_id: int | None = None
    seat_id: int | None = None
    version: int | None = None
    hold_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has found.

    Attributes:
        changes: How many changes were checked.
        seats: Of how many seats.
        holds: By how many holds.
        statuses: Of each event, how many seats are in which status at the end, as they are written.
        violations: What must not be, seats first, in the order of their changes.
    """

    changes: int
    seats: int
    holds: int
    statuses: Mapping[int, Mapping[str, int]]
    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.violations

    def text(self, most: int = 20) -> str:
        """Return it for people: a line that sums up, and one for each violation.

        Args:
            most: How many violations are listed.
        """
        found = f"{len(self.violations):,} violations" if self.violations else "nothing wrong"
        lines = [f"{self.changes:,} changes of {self.seats:,} seats by {self.holds:,} holds: {found}"]
        lines += [f"{each.kind}: {each.message}" for each in self.violations[:most]]
        if len(self.violations) > most:
            lines.append(f"and {len(self.violations) - most:,} more")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Premises:
    """What a check takes for granted.

    Attributes:
        whole: Whether the history of each seat goes back to its beginning.
        tolerance: Microseconds by which the database's clock may have gone back.
        longest: Microseconds that no transaction took from its decision to its COMMIT.
    """

    whole: bool = True
    tolerance: int = 0
    longest: int = 60_000_000


def shown(moment: int | None) -> str:
    """Return a moment as people read it."""
    return (
        "no end" if moment is None else f"{as_datetime(moment).replace(tzinfo=None).isoformat(' ', 'microseconds')} UTC"
    )


def listed(seat_ids: Iterable[int], most: int = 10) -> str:
    """Return the numbers of seats as people read them: `seats 1, 2`."""
    ids = sorted(seat_ids)
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return f"seat{'' if len(ids) == 1 else 's'} {', '.join(map(str, ids[:most]))}{more}"
