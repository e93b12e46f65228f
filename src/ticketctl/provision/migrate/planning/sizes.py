"""How large the tables are that planned statements change (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ticketctl.provision.migrate.planning.plan import DatabasePlan, PlannedStatement, Step
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.alter import read_alteration
from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind
from ticketctl.provision.migrate.syntax.names import bare

_NAMES = (TokenKind.WORD, TokenKind.IDENTIFIER)
_BEFORE_NAMES = {"TABLE", "TABLES", "IF", "EXISTS", "LOW_PRIORITY", "QUICK", "IGNORE", "FROM"}
_LOSES = ("DROP", "TRUNCATE")


@dataclass(frozen=True, slots=True)
class TableSize:
    """What the server estimates of a table.

    Attributes:
        rows: Its rows, None where the server does not say.
        bytes: Its data and indexes.
    """

    rows: int | None
    bytes: int


def changed_tables(statement: Statement, database: str) -> tuple[str, ...]:
    """Return the tables of the own database that a statement changes, if it is one that changes tables.

    Looks at ALTER TABLE, CREATE and DROP INDEX, RENAME, DROP and TRUNCATE TABLE, UPDATE and DELETE. What
    a routine changes when it is called is not seen.

    Args:
        statement: Any statement.
        database: Name of the own database.
    """
    alteration = read_alteration(statement)
    if alteration is not None:
        own = alteration.table.database in ("", database)
        return (alteration.table.table,) if own else ()
    tokens = statement.code
    said = [token.text.upper() if token.kind is TokenKind.WORD else token.text for token in tokens]
    return tuple(dict.fromkeys(_named(tokens, said, database)))


def planned_tables(target: Target, planned: DatabasePlan) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the tables that planned statements change, by migration and position.

    Args:
        target: The database with its files.
        planned: What is to be done in it.
    """
    files = {migration.name: migration.up for migration in target.migrations}
    found = {}
    for step in planned.steps:
        for statement in step.statements:
            tables = changed_tables(files[step.name].statements[statement.position - 1], target.database)
            if tables:
                found[step.name, statement.position] = tables
    return found


def with_sizes(
    planned: DatabasePlan, tables: Mapping[tuple[str, int], tuple[str, ...]], sizes: Mapping[str, TableSize]
) -> DatabasePlan:
    """Return a plan with the sizes of the tables that its statements change.

    Args:
        planned: The plan.
        tables: What `planned_tables` returned.
        sizes: The tables that exist.
    """

    def measured(step: Step, statement: PlannedStatement) -> PlannedStatement:
        there = [name for name in tables.get((step.name, statement.position), ()) if name in sizes]
        if not there:
            return statement
        rows = [sizes[name].rows for name in there]
        return replace(
            statement,
            table=", ".join(there),
            rows=None if None in rows else sum(row or 0 for row in rows),
            bytes=sum(sizes[name].bytes for name in there),
            loses_rows=statement.sql.upper().startswith(_LOSES) and not _keeps(statement.sql),
        )

    steps = tuple(
        replace(step, statements=tuple(measured(step, statement) for statement in step.statements))
        for step in planned.steps
    )
    return replace(planned, steps=steps)


def _keeps(sql: str) -> bool:
    return sql.upper().split()[1:2] == ["INDEX"]


def _named(tokens: Sequence[Token], said: Sequence[str], database: str) -> Iterator[str]:
    verb = said[0] if said else ""
    if verb in ("DROP", "RENAME") and said[1:2] not in (["TABLE"], ["TABLES"]):
        return
    if verb not in ("DROP", "RENAME", "TRUNCATE", "UPDATE", "DELETE"):
        return
    place = 1
    while place < len(said) and said[place] in _BEFORE_NAMES and tokens[place].kind is TokenKind.WORD:
        place += 1
    while place < len(tokens) and tokens[place].kind in _NAMES:
        names = [bare(tokens[place])]
        if said[place + 1 : place + 2] == ["."] and place + 2 < len(tokens):
            names.append(bare(tokens[place + 2]))
            place += 2
        if len(names) == 1 or names[0] == database:
            yield names[-1]
        place += 1
        if verb == "RENAME":
            place = _behind_new_name(said, place)
        if verb in ("UPDATE", "DELETE") or said[place : place + 1] != [","]:
            return
        place += 1


def _behind_new_name(said: Sequence[str], place: int) -> int:
    while place < len(said) and said[place] != ",":
        place += 1
    return place
