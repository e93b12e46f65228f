"""How reservations stand, and whether MySQL and Redis say the same of them.

For people and programs that look after reservations, not for those that make them:
`docs/howto/reservations-on-call.md`. Nothing here locks a row or changes one; `reconcile` changes entries of Redis if
it is told to. MySQL is asked through a DB-API cursor that gives tuples and takes `%s`, on a connection that is in no
transaction. Errors of drivers are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ticketctl.reservations._inspection_differences import differences, missing
from ticketctl.reservations._inspection_entries import Entries, Mending, Place
from ticketctl.reservations._inspection_looking import counts, history, live_holds
from ticketctl.reservations._inspection_model import (
    EventStatus,
    Example,
    Finding,
    Kind,
    LiveHold,
    Reconciliation,
    SeatChange,
    SeatHistory,
    SeatNow,
)
from ticketctl.reservations._inspection_reading import Cursor, present, snapshot
from ticketctl.reservations._inspection_tables import Range, seat_range
from ticketctl.reservations._inspection_tables import differences as differences_of_tables

if TYPE_CHECKING:
    from redis import Redis

__all__ = [
    "Cursor",
    "EventStatus",
    "Example",
    "Finding",
    "Kind",
    "LiveHold",
    "Reconciliation",
    "SeatChange",
    "SeatHistory",
    "SeatNow",
    "audit",
    "holds",
    "reconcile",
    "status",
]


def status(cursor: Cursor, redis: Redis, event_id: int, *, namespace: str = "seat") -> EventStatus:
    """Return how the seats of an event stand.

    Args:
        cursor: A cursor on the inventory database.
        redis: A client of the Redis in front of it.
        event_id: The event.
        namespace: What the keys in Redis begin with.
    """
    seats = counts(cursor, event_id)
    entries = intents = leaving = 0
    for page in Entries(redis, namespace).walk(event_id):
        entries += len(page)
        leaving += sum(entry.leaving for entry in page)
        intents += sum(entry.short and not entry.leaving for entry in page)
    return EventStatus(event_id, **seats, entries=entries, intents=intents, leaving=leaving)


def holds(
    cursor: Cursor, *, event_id: int | None = None, user_id: str | None = None, limit: int = 100
) -> list[LiveHold]:
    """Return live holds that are not confirmed, those that end first before the others.

    Args:
        cursor: A cursor on the inventory database.
        event_id: Only of this event.
        user_id: Only of this user.
        limit: How many at most.
    """
    return live_holds(cursor, event_id, user_id, limit)


def audit(cursor: Cursor, seat_id: int, *, limit: int = 1_000) -> SeatHistory:
    """Return what happened to a seat, in the order of its versions: that in which it was committed.

    Args:
        cursor: A cursor on the inventory database.
        seat_id: The seat.
        limit: How many of its last changes at most.
    """
    return history(cursor, seat_id, limit)


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
        wrong = [each for each in differences(cursor, entries, page) if each[2].entry.place not in seen]
        seen.update(mending.entry.place for _, _, mending in wrong)
        for kind, example, _ in wrong:
            notes.add(kind, example)
        if repair and wrong:
            done = entries.mend([mending for _, _, mending in wrong])
            notes.repaired(((kind, mending) for kind, _, mending in wrong), done)
    for example in missing(cursor, entries, within):
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
