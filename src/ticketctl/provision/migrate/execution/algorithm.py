"""No large table is copied or locked silently: which texts to try, and what to say when all are refused.

The server decides whether a change is instant, in place or a copy; it is asked by executing the
statement with a clause that forbids it the expensive ways, which it refuses before it does anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ticketctl.errors import BackendError, BackendOperationError, MigrationCopyError
from ticketctl.infra.mysql import answered, quote_identifier, translating
from ticketctl.provision.migrate.execution.limits import COPY_LIMIT
from ticketctl.provision.migrate.execution.statistics import fresh_statistics, innodb_name
from ticketctl.provision.migrate.planning.amounts import in_words
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.syntax.alter import Alteration, read_alteration
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_T = TypeVar("_T")

ALLOW_COPY = "-- ticketctl: allow-copy"

# Unknown algorithm or lock (older servers, other flavours), not supported (without and with a reason),
# no room for another instant column: in versions, in bytes, in columns.
# https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
REFUSALS = frozenset({1800, 1801, 1845, 1846, 4092, 4093, 4157, 4158})
# https://dev.mysql.com/doc/refman/9.1/en/innodb-online-ddl-operations.html#online-ddl-column-operations
_ROW_VERSIONS = 64
_ROW_VERSIONS_SINCE_9_1 = 255
_NEARLY = 0.9


@dataclass(frozen=True, slots=True)
class Choice:
    """How to execute a statement.

    Attributes:
        texts: What to try, in order, until the server does not refuse.
        table: The table that is changed, as `database.table`; empty when nothing was looked at.
        size: Its data and indexes in bytes; 0 when nothing was looked at.
        copy_allowed_last: Whether the last text is the statement as written, which may copy the table.
        adds_foreign_key: Whether it adds a foreign key, for which there is another way out.
        warning: What the reader should know, empty for nothing.
    """

    texts: tuple[str, ...]
    table: str = ""
    size: int = 0
    copy_allowed_last: bool = True
    adds_foreign_key: bool = False
    warning: str = ""


def choose(
    connection: Connection[Cursor],
    endpoint: MysqlEndpoint,
    statement: Statement,
    *,
    allow_copy: bool,
    limit: int = COPY_LIMIT,
) -> Choice:
    """Return how to execute a statement, so that no table above a size is copied or locked silently.

    Asks the server nothing unless the statement changes the structure of a table.

    Args:
        connection: The connection that will execute it; its settings are as before afterwards.
        endpoint: Where it goes, for messages.
        statement: Any statement.
        allow_copy: Whether the file says that copying is fine.
        limit: Bytes of data and indexes up to which a table may be copied.

    Raises:
        BackendError: The server refuses or is gone.
    """
    as_written = Choice((statement.text,))
    alteration = read_alteration(statement)
    if alteration is None or not alteration.variants:
        return as_written
    found = _read_size(connection, endpoint, alteration)
    if found is None or found.size <= limit or _is_temporary(connection, endpoint, alteration):
        return as_written
    last = (statement.text,) if allow_copy else ()
    return Choice(
        texts=(*alteration.variants, *last),
        table=f"{found.database}.{alteration.table.table}",
        size=found.size,
        copy_allowed_last=allow_copy,
        adds_foreign_key=bool(alteration.references),
        warning=_row_version_warning(connection, endpoint, found, alteration),
    )


def run_choice(execute: Callable[[str], _T], choice: Choice, *, copying: Callable[[str], None]) -> _T:
    """Execute the first text that the server does not refuse.

    Args:
        execute: Executes a text; raises what `translating` raises.
        choice: What to try.
        copying: Called with a sentence before a large table is copied or locked after all.

    Raises:
        MigrationCopyError: All were refused; nothing was changed.
        BackendError: The server refuses for another reason or is gone.
    """
    refusal: BackendOperationError | None = None
    for place, text in enumerate(choice.texts, start=1):
        final = choice.copy_allowed_last and place == len(choice.texts)
        if final and refusal is not None:
            copying(f"{_what_would_happen(choice, refusal)}, as its file allows")
        try:
            return execute(text)
        except BackendOperationError as error:
            if final or error.number not in REFUSALS:
                raise
            refusal = error
    assert refusal is not None  # noqa: S101  # there is at least one text
    raise _copy_error(choice, refusal) from refusal


@dataclass(frozen=True, slots=True)
class _Found:
    size: int
    database: str
    version: str


def _read_size(connection: Connection[Cursor], endpoint: MysqlEndpoint, alteration: Alteration) -> _Found | None:
    names = {"database": alteration.table.database, "table": alteration.table.table}
    with translating(endpoint), connection.cursor() as cursor, fresh_statistics(cursor, endpoint):
        cursor.execute(query("execution", "algorithm_size"), names)
        row = cursor.fetchone()
    if row is None:
        return None  # a temporary table, or none: the server will say so
    size, default, version = row
    return _Found(int(size), alteration.table.database or str(default), str(version))


def _row(connection: Connection[Cursor], endpoint: MysqlEndpoint, text: str, values: object) -> tuple[Any, ...] | None:
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchone()


def _is_temporary(connection: Connection[Cursor], endpoint: MysqlEndpoint, alteration: Alteration) -> bool:
    """Whether a temporary table hides the one that was measured: it is this connection's own, and may be copied."""
    name = ".".join(quote_identifier(part) for part in alteration.table if part)
    row = _row(connection, endpoint, f"SHOW CREATE TABLE {name}", None)
    return row is not None and str(row[1]).startswith("CREATE TEMPORARY")


def _row_version_warning(
    connection: Connection[Cursor], endpoint: MysqlEndpoint, found: _Found, alteration: Alteration
) -> str:
    name = innodb_name(found.database, alteration.table.table)
    if alteration.verb != "ALTER TABLE" or not name:
        return ""
    try:
        row = _row(connection, endpoint, query("execution", "algorithm_row_versions"), {"name": name})
    except BackendError:
        return ""  # it needs PROCESS, and a server that counts them; the warning is not worth an error
    used = int(row[0]) if row and row[0] is not None else 0
    most = most_row_versions(found.version)
    if used < most * _NEARLY:
        return ""
    return (
        f"{found.database}.{alteration.table.table} has {used} of {most} row versions: when they are used up, a column "
        "is no longer added or dropped instantly, and the table is rebuilt. OPTIMIZE TABLE at a quiet time begins anew"
    )


def most_row_versions(version: str) -> int:
    """Return how many instant changes of its columns a table can take.

    Args:
        version: What VERSION() answers.
    """
    numbers = re.match(r"(\d+)\.(\d+)", version)
    since = numbers is not None and (int(numbers[1]), int(numbers[2])) >= (9, 1)
    return _ROW_VERSIONS_SINCE_9_1 if since else _ROW_VERSIONS


def _what_would_happen(choice: Choice, refusal: BackendOperationError) -> str:
    size = f"{choice.table} ({in_words(choice.size)})"
    # The server would do it in place but not with writers beside it: an index for full text or places, a
    # column that counts itself, an index over an expression, partitions that are cut anew.
    if "Try LOCK=SHARED" in answered(refusal)[1]:
        return f"{size} would be locked against writing for as long as this statement takes"
    return f"{size} would be copied, and locked against writing for as long as that takes"


def _copy_error(choice: Choice, refusal: BackendOperationError) -> MigrationCopyError:
    number, message = answered(refusal)
    accept = f"to accept that, put the line `{ALLOW_COPY}` into the file and run the command again"
    other = (
        "to avoid it, change the table with a tool that copies it beside the traffic (gh-ost, pt-online-schema-change) "
        "and then mark this migration as applied"
    )
    if choice.adds_foreign_key:
        other = (
            "to avoid it, put `SET foreign_key_checks = 0;` before the statement and `SET foreign_key_checks = 1;` "
            "behind it: the key is then added in place, and rows that are there already are not checked"
        )
    return MigrationCopyError(
        _what_would_happen(choice, refusal),
        table=choice.table,
        size=choice.size,
        why=f"error {number}: {message}",
        next_step=f"{accept}; {other}",
    )
