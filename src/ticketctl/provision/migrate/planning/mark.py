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

Problem = Literal["edited", "in doubt", "lost"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a migration goes on, or why it does not.

    Attributes:
        next: Position of the statement to go on with, counted from 1.
        repeat: Positions above it that set up the connection and are executed again first.
        problem: What stands in the way, None for nothing. `lost`: something that later statements may
            need ended with the connection.
        at: Position of the statement that the problem is about.
        why: The problem in words.
    """

    next: int
    repeat: tuple[int, ...] = ()
    problem: Problem | None = None
    at: int = 0
    why: str = ""


def find_mark(
    statements: Sequence[Statement],
    journal: Sequence[StatementRecord],
    *,
    without_transactions: Sequence[str] = (),
) -> Mark:
    """Return where a migration goes on.

    Args:
        statements: The statements of its file as it is now.
        journal: What the journal holds of it, in order.
        without_transactions: Tables of the database whose engine has no transactions.
    """
    done = 0
    for record in journal:
        if record.state != "done":
            break
        done = record.position
        if done > len(statements) or statement_checksum(statements[done - 1]) != record.checksum:
            why = f"statement {done}, once in line {record.line}, is done and no longer the same"
            return Mark(done, problem="edited", at=done, why=why)
    kinds = [kind_of(statement) for statement in statements[:done]]
    repeat = tuple(position for position, kind in enumerate(kinds, start=1) if kind is StatementKind.SESSION)
    if StatementKind.TEMPORARY in kinds and done < len(statements):
        at = kinds.index(StatementKind.TEMPORARY) + 1
        return Mark(done + 1, problem="lost", at=at, why=f"the temporary table of statement {at} no longer exists")
    started = next((record for record in journal if record.position == done + 1 and record.state == "started"), None)
    doubt = _doubt(started, statements[done : done + 1], without_transactions) if started else ""
    return Mark(done + 1, repeat, "in doubt" if doubt else None, done + 1 if doubt else 0, doubt)


def _doubt(record: StatementRecord, now: Sequence[Statement], without_transactions: Sequence[str]) -> str:
    """Why it cannot be told whether a started statement was carried out, empty if it can or need not."""
    kind = StatementKind(record.kind)
    if kind in (StatementKind.SESSION, StatementKind.TEMPORARY):
        return ""  # what it did ended with its connection
    if kind is StatementKind.TRANSACTIONAL:
        if not without_transactions:
            return ""  # it commits together with its journal entry, so it was undone
        return f"it may have written to a table without transactions ({', '.join(without_transactions)})"
    if kind is StatementKind.GUARDED:
        same = bool(now) and statement_checksum(now[0]) == record.checksum
        return "" if same else "it was started, its outcome is unknown, and the file has another statement there now"
    return "it was started, its outcome is unknown, and a second time it fails or does its work twice"
