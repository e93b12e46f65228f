"""How far a migration has come, from its file and its journal (pure).

The mark stands behind the last statement that is known to be done. What is above it must not have
changed; what is below it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ticketctl.provision.migrate.record.history import StatementRecord
from ticketctl.provision.migrate.syntax.checksum import statement_checksum
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.statements import StatementKind, kind_of
from ticketctl.provision.migrate.syntax.units import temporary_tables_needed

Problem = Literal["edited", "in doubt", "lost"]

_OPEN = ("started", "announced")
# Written by the first format of the journal, which knew no definitions.
_OPAQUE = (StatementKind.OPAQUE.value, "guarded", "unguarded")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a migration goes on, or why it does not.

    Attributes:
        next: Position of the statement to go on with, counted from 1.
        repeat: Positions above it that set up the connection and are executed again first.
        values: JSON of the user variables as the statements above it left them, None for none.
        open: The statement at `next` was started and may have been carried out: it is looked for.
        problem: What stands in the way, None for nothing. `lost`: something that later statements may
            need ended with the connection.
        at: Position of the statement that the problem is about.
        why: The problem in words.
    """

    next: int
    repeat: tuple[int, ...] = ()
    values: str | None = None
    open: StatementRecord | None = None
    problem: Problem | None = None
    at: int = 0
    why: str = ""


def find_mark(statements: Sequence[Statement], journal: Sequence[StatementRecord]) -> Mark:
    """Return where a migration goes on.

    Args:
        statements: The statements of its file as it is now.
        journal: What the journal holds of it, in order.
    """
    done = 0
    values = None
    for record in journal:
        if record.state != "done" or record.position != done + 1:
            break
        done = record.position
        values = record.session_values or values
        if done > len(statements) or statement_checksum(statements[done - 1]) != record.checksum:
            why = f"statement {done}, once in line {record.line}, is done and no longer the same"
            return Mark(done, problem="edited", at=done, why=why)
    kinds = [kind_of(statement) for statement in statements[:done]]
    repeat = tuple(position for position, kind in enumerate(kinds, start=1) if kind is StatementKind.SESSION)
    started = next((record for record in journal if record.position == done + 1 and record.state in _OPEN), None)
    doubt = _doubt(started) if started else ""
    if doubt:
        return Mark(done + 1, repeat, values, started, problem="in doubt", at=done + 1, why=doubt)
    for made in temporary_tables_needed(statements, done + 1):
        why = f"the temporary table of statement {made} ended with its connection, and statements below need it"
        return Mark(done + 1, problem="lost", at=made, why=why)
    return Mark(done + 1, repeat, values, started)


def _doubt(record: StatementRecord) -> str:
    """Why it cannot be told whether a started statement was carried out, empty if it can or need not."""
    if record.error_message:
        return record.error_message  # it was looked for, and this is what stood in the way
    if record.kind in _OPAQUE:
        return "it was started, its outcome is unknown, and nothing that could be looked at tells it"
    return ""
