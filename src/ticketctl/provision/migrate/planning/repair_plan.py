"""What `repair` would change in what is recorded, as a value that can be printed (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ticketctl.provision.migrate.planning.plan import PlannedStatement
from ticketctl.provision.migrate.record.history import Direction

Kind = Literal["accept-edit", "mark", "unmark", "landed", "not-landed"]


@dataclass(frozen=True, slots=True)
class Repairs:
    """What is to be repaired: names of migrations.

    Attributes:
        accept_edit: Executed as their files say now.
        mark: Applied, without being executed.
        unmark: No longer applied, without being undone.
        landed: The statement in doubt was carried out.
        not_landed: It was not.
    """

    accept_edit: tuple[str, ...] = ()
    mark: tuple[str, ...] = ()
    unmark: tuple[str, ...] = ()
    landed: tuple[str, ...] = ()
    not_landed: tuple[str, ...] = ()

    def pairs(self) -> Iterator[tuple[Kind, str]]:
        """Each repair with its migration."""
        named: dict[Kind, tuple[str, ...]] = {
            "accept-edit": self.accept_edit,
            "mark": self.mark,
            "unmark": self.unmark,
            "landed": self.landed,
            "not-landed": self.not_landed,
        }
        return ((kind, name) for kind, names in named.items() for name in dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class RepairAction:
    """One change of what is recorded of one migration.

    Attributes:
        kind: Which repair it is.
        name: Name of the migration.
        before: What is recorded now, in words.
        after: What will be, in words.
        direction: Whether statements of its file or of its rollback file are meant.
        positions: The statements whose record changes, counted from 1; none when the migration is meant as a whole.
        statements: Those that a reader should look at.
        file_sha256: Hash of the file that was looked at, empty for none.
    """

    kind: Kind
    name: str
    before: str
    after: str
    direction: Direction = "apply"
    positions: tuple[int, ...] = ()
    statements: tuple[PlannedStatement, ...] = ()
    file_sha256: str = ""

    def lines(self) -> list[str]:
        """The action as lines of text."""
        width = max((len(str(statement.line)) for statement in self.statements), default=1)
        return [
            f"  {self.kind} {self.name}: {self.before} -> {self.after}",
            *(f"    {statement.line:>{width}}  {statement.sql}" for statement in self.statements),
        ]


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What a repair would change in one database.

    Attributes:
        key: Key of the database in the settings.
        database: Its name on the server.
        repairs: What it was made from.
        actions: What would be changed, in the order of the migrations.
    """

    key: str
    database: str
    repairs: Repairs
    actions: tuple[RepairAction, ...]

    def __str__(self) -> str:
        count = len(self.actions)
        what = "1 migration" if count == 1 else f"{count} migrations"
        return "\n".join(
            [
                f"{self.key} ({self.database}): changes what is recorded of {what}; "
                "no table, no row and nothing else in the schema is changed",
                *(line for action in self.actions for line in action.lines()),
            ]
        )
