"""Which statements may be announced together with the one before them.

A commit before each statement takes half as long as the statement. It can be saved where the outcome of
several statements can be told one by one: each, the first too, makes something that is not there yet, so what is there
afterwards says how many were carried out. Anything else is intended by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ticketctl.provision.migrate.execution.existing import Existing
from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.syntax.footprint import SchemaObject, footprint
from ticketctl.provision.migrate.syntax.statements import StatementKind, kind_of

MOST = 16  # statements; what is in doubt after a crash is looked for one by one
MOST_TEXT = 256 * 1024  # characters


class Ahead:
    """The statements of a session in the order in which they will be executed.

    Args:
        entries: All of them.
    """

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = entries
        self._places = {entry.place: place for place, entry in enumerate(entries)}

    def announceable(
        self, entry: Entry, database: str, existing: Existing
    ) -> list[tuple[Entry, tuple[SchemaObject, ...]]]:
        """Return the statements behind one that may be announced together with it, and what each makes.

        Args:
            entry: The statement.
            database: Name of the database.
            existing: What the database has.

        Raises:
            BackendError: The server is gone.
        """
        made: set[SchemaObject] = set()
        length = 0
        found = []
        for candidate in (entry, *self._following(entry)):
            length += len(candidate.statement.text)
            objects = _makes(candidate, database)
            if not objects or length > MOST_TEXT or any(one in made or not existing.is_absent(one) for one in objects):
                break
            made.update(objects)
            found.append((candidate, objects))
        return found[1:]

    def _following(self, entry: Entry) -> Iterator[Entry]:
        place = self._places.get(entry.place)
        return iter(self._entries[place + 1 : place + 1 + MOST] if place is not None else ())


def _makes(entry: Entry, database: str) -> tuple[SchemaObject, ...]:
    """What a statement makes if it is not there, nothing if it does anything else."""
    if kind_of(entry.statement) is not StatementKind.DEFINITION:
        return ()
    touched = footprint(entry.statement, database)
    return touched.objects if touched.tellable and touched.effect == "create" else ()
