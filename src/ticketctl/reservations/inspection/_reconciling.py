"""MySQL is compared with itself and with Redis, and entries of Redis are put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ticketctl.reservations.inspection._differences import missing_entries, wrong_entries
from ticketctl.reservations.inspection._entries import Entries, Mending, Place
from ticketctl.reservations.inspection._model import Example, Finding, Kind, Reconciliation
from ticketctl.reservations.inspection._reading import Cursor, present, snapshot
from ticketctl.reservations.inspection._tables import Range, differences_of_tables, seat_range

if TYPE_CHECKING:
    from redis import Redis


def reconcile(
    cursor: Cursor,
    redis: Redis,
    *,
    event_id: int | None = None,
    repair: bool = False,
    namespace: str = "seat",
    examples: int = 5,
) -> Reconciliation:
    """Look for what MySQL and Redis do not say alike, and for what differs within MySQL.

    It may run while seats are sold: what is on its way is told from what is wrong. Memory is that of one page, and a
    number for each entry that is wrong.

    Args:
        cursor: A cursor on the inventory database.
        redis: A client of the Redis in front of it.
        event_id: Only of this event.
        repair: Whether entries that are wrong are removed, or corrected, where they still are what was found. Entries
            that end as soon as an intent would are never touched. What differs within MySQL is only reported: which
            side is right, nobody can tell but people.
        namespace: What the keys in Redis begin with.
        examples: How many of each class are described.
    """
    notes = _Notes(examples)
    with snapshot(cursor):
        within, seats = seat_range(cursor, event_id)
        for kind, example in differences_of_tables(cursor, within):
            notes.add(kind, example)
    with present(cursor):
        total, short = _compare(cursor, Entries(redis, namespace), within, notes, repair=repair)
    return Reconciliation(event_id, seats, total, short, notes.findings())


def _compare(cursor: Cursor, entries: Entries, within: Range, notes: _Notes, *, repair: bool) -> tuple[int, int]:
    """Compare Redis with MySQL, and return how many entries there were, and how many of them were short."""
    total = short = 0
    seen: set[Place] = set()
    for page in entries.walk(within.event_id):
        total += len(page)
        short += sum(entry.short for entry in page)
        wrong = [each for each in wrong_entries(cursor, entries, page) if each[2].entry.place not in seen]
        seen.update(mending.entry.place for _, _, mending in wrong)
        for kind, example, _ in wrong:
            notes.add(kind, example)
        if repair and wrong:
            done = entries.mend([mending for _, _, mending in wrong])
            notes.repaired(((kind, mending) for kind, _, mending in wrong), done)
    for example in missing_entries(cursor, entries, within):
        notes.add(Kind.MISSING, example)
    return total, short


class _Notes:
    """What was found."""

    def __init__(self, examples: int) -> None:
        self._most = examples
        self._counts: dict[Kind, int] = {}
        self._examples: dict[Kind, list[Example]] = {}
        self._repaired: dict[Kind, int] = {}
        self._gone: dict[Kind, int] = {}

    def add(self, kind: Kind, example: Example) -> None:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        described = self._examples.setdefault(kind, [])
        if len(described) < self._most:
            described.append(example)

    def repaired(self, mendings: Iterable[tuple[Kind, Mending]], done: Mapping[Place, bool]) -> None:
        for kind, mending in mendings:
            counted = self._repaired if done[mending.entry.place] else self._gone
            counted[kind] = counted.get(kind, 0) + 1

    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                *(kind, self._counts[kind], self._repaired.get(kind, 0), self._gone.get(kind, 0)),
                tuple(self._examples[kind]),
            )
            for kind in Kind
            if kind in self._counts
        )
