"""A statement's place in the journal."""

from __future__ import annotations

from dataclasses import dataclass

from ticketctl.provision.migrate.record.history import Direction
from ticketctl.provision.migrate.syntax.checksum import statement_checksum
from ticketctl.provision.migrate.syntax.lexer import Statement


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement's place in the journal.

    Attributes:
        migration: Name of the migration.
        direction: Whether it applies or undoes.
        position: Which statement of the file, counted from 1.
        statement: The statement as the file has it.
        kind: How it is treated: value of a `StatementKind`.
    """

    migration: str
    direction: Direction
    position: int
    statement: Statement
    kind: str

    @property
    def place(self) -> tuple[str, Direction, int]:
        """What tells it from any other."""
        return self.migration, self.direction, self.position

    def key(self) -> dict[str, object]:
        """What names its row."""
        return {
            "migration": self.migration,
            # A migration may have changed the character set of its connection.
            "migration_hex": self.migration.encode().hex(),
            "direction": self.direction,
            "position": self.position,
        }

    def row(self) -> dict[str, object]:
        """The values of its row."""
        checksum = statement_checksum(self.statement)
        return {**self.key(), "line": self.statement.line, "checksum": checksum, "kind": self.kind}
