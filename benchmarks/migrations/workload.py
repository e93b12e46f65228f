"""The migrations that every tool is given, in no tool's format yet."""

from __future__ import annotations

from dataclasses import dataclass

TABLE = """\
CREATE TABLE {name} (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(120) NOT NULL,
  state VARCHAR(20) NOT NULL DEFAULT 'NEW',
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY by_state (state, created_at)
) ENGINE=InnoDB"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration.

    Attributes:
        number: Its place in the order, from 1.
        statements: What it does, without delimiters.
        undo: What undoes it.
    """

    number: int
    statements: tuple[str, ...]
    undo: tuple[str, ...]

    @property
    def name(self) -> str:
        """File name without its ending; sorts by the number."""
        return f"{self.number:05d}_step"

    @property
    def text(self) -> str:
        """The statements as the text of a file."""
        return as_text(self.statements)


def as_text(statements: tuple[str, ...]) -> str:
    """Return statements as the text of a file."""
    return "".join(f"{statement};\n" for statement in statements)


def tables(count: int, *, each: int = 1, first: int = 1) -> list[Migration]:
    """Return migrations that create tables.

    Args:
        count: How many migrations.
        each: How many tables each of them creates.
        first: Number of the first.
    """
    found = []
    for number in range(first, first + count):
        names = [f"t_{number:05d}_{part}" for part in range(each)]
        creates = tuple(TABLE.format(name=name) for name in names)
        found.append(Migration(number, creates, tuple(f"DROP TABLE {name}" for name in names)))
    return found


def rows(count: int, *, first: int) -> list[Migration]:
    """Return migrations that insert one row each into the table of the first migration."""
    insert, delete = "INSERT INTO t_00001_0 (name) VALUES ('{0}')", "DELETE FROM t_00001_0 WHERE name = '{0}'"
    return [
        Migration(number, (insert.format(number),), (delete.format(number),)) for number in range(first, first + count)
    ]
