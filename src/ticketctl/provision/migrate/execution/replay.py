"""Execute migrations once more in a schema of their own, to see what they make. The database is not touched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError, BackendUnreachableError, MigrationStatementError
from ticketctl.infra.mysql import answered, connect, execute_all, quote_identifier, translating
from ticketctl.provision.migrate.execution.limits import LockWait
from ticketctl.provision.migrate.execution.lock_wait import limit_waits
from ticketctl.provision.migrate.planning.baseline_plan import LeftOut, left_out_for
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.syntax.confine import Confinement
from ticketctl.provision.migrate.syntax.footprint import SchemaObject, footprint
from ticketctl.provision.migrate.syntax.guard import SENT, NotConfinedError
from ticketctl.provision.migrate.syntax.lexer import Statement, TokenKind
from ticketctl.provision.migrate.syntax.names import bare
from ticketctl.provision.migrate.syntax.rewrite import code_tokens, names_in
from ticketctl.provision.migrate.syntax.statements import changes_connection, excerpt
from ticketctl.provision.migrate.syntax.units import with_explicit_drops
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_PREPARED = {"PREPARE", "EXECUTE", "DEALLOCATE", "DROP"}


@dataclass(frozen=True, slots=True)
class Replay:
    """What is to be replayed.

    Attributes:
        endpoint: The database whose migrations they are.
        scratch: Name of the schema to execute them in, which is empty.
        migrations: The migrations, in their order.
        left_out: Statements to leave out, as migration and position.
        missing: What those would have made, whose names no later statement may use.
        confinement: Turns the others.
        began: Called with migration, position and statement before each.
    """

    endpoint: MysqlEndpoint
    scratch: str
    migrations: Sequence[Migration]
    left_out: Collection[tuple[str, int]]
    missing: Collection[SchemaObject]
    confinement: Confinement
    began: Callable[[Migration, int, Statement], None]


def replay(work: Replay) -> tuple[tuple[LeftOut, ...], frozenset[SchemaObject]]:
    """Execute migrations in the scratch schema, on connections of its own.

    As in a run, a migration finds a new connection when the one before has changed it.

    Args:
        work: What to execute.

    Returns:
        Statements that turned out, when the server had put them together, to touch something else, and
        everything that is missing for such reasons.

    Raises:
        MigrationStatementError: The server refuses a statement.
        BackendError: The server cannot be reached.
    """
    found: list[LeftOut] = []
    missing = set(work.missing)
    waiting = list(work.migrations)
    while waiting:
        with _opened(work) as connection:
            one = _Connection(work, connection, missing)
            for migration in list(waiting):
                found += one.run(waiting.pop(0))
                if changes_connection(migration.up.statements):
                    break
    return tuple(found), frozenset(missing)


@contextmanager
def _opened(work: Replay) -> Iterator[Connection[Cursor]]:
    with connect(replace(work.endpoint, database=work.scratch)) as connection:
        limit_waits(connection, work.endpoint, LockWait())
        yield connection


class _Connection:
    def __init__(self, work: Replay, connection: Connection[Cursor], missing: set[SchemaObject]) -> None:
        self._work = work
        self._connection = connection
        self._missing = missing
        self._not_prepared: set[str] = set()

    def run(self, migration: Migration) -> Iterator[LeftOut]:
        for position, statement in enumerate(with_explicit_drops(migration.up.statements), start=1):
            if (migration.name, position) in self._work.left_out:
                if statement.words[:1] == ("PREPARE",):
                    self._not_prepared.add(_prepared_name(statement))
                continue
            self._work.began(migration, position, statement)
            try:
                self._execute(statement)
            except NotConfinedError as error:
                yield left_out_for(migration, position, str(error))
            except BackendUnreachableError:
                raise
            except BackendError as error:
                raise self._refused(migration, position, error) from error

    def _execute(self, statement: Statement) -> None:
        name = _prepared_name(statement)
        if statement.words[:1] == ("PREPARE",):
            self._prepare(statement, name)
        elif name not in self._not_prepared or not name:
            self._send(self._work.confinement.confine(statement))

    def _prepare(self, statement: Statement, name: str) -> None:
        """Look at what is prepared before it is."""
        self._not_prepared.add(name)
        text = self._text(statement)
        if text is not None:
            sent = self._confined(text)
            # Whatever the character set and sql_mode of the connection are by now.
            self._send(f"SET {SENT} = _utf8mb4 X'{sent.encode().hex()}'")
            self._send(f"PREPARE {quote_identifier(name)} FROM {SENT}")
        else:
            self._send(f"PREPARE {quote_identifier(name)} FROM {_source(statement)}")  # the server's own error
        self._not_prepared.discard(name)

    def _confined(self, text: str) -> str:
        needed = [one for one in sorted(self._missing) if one.name.lower() in names_in(text)]
        try:
            if needed:
                raise NotConfinedError(f"it may need {needed[0]}, which is left out")
            return self._work.confinement.confine_text(text)
        except NotConfinedError:
            prepared = Statement(text, tuple(code_tokens(text)), 1, 1)
            self._missing.update(footprint(prepared, self._work.endpoint.database or "").objects)
            raise

    def _text(self, statement: Statement) -> str | None:
        with translating(self._work.endpoint), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT HEX(CONVERT({_source(statement)} USING utf8mb4))")  # a variable or a string
            row = cursor.fetchone()
        return None if row is None or row[0] is None else bytes.fromhex(row[0]).decode()

    def _send(self, text: str) -> None:
        with translating(self._work.endpoint), self._connection.cursor() as cursor:
            execute_all(cursor, text)

    def _refused(self, migration: Migration, position: int, error: BackendError) -> MigrationStatementError:
        statement = migration.up.statements[position - 1]
        database = self._work.endpoint.database or ""
        number, message = answered(error)
        message = self._work.confinement.release(message)
        return MigrationStatementError(
            f"{migration.up.path}:{statement.line}:{statement.column}: MySQL refused this statement when the "
            f"migrations of {database} were replayed in an empty schema",
            database=database,
            path=migration.up.path,
            line=statement.line,
            number=number,
            why=f"error {number}: {message}\n{excerpt(statement)}",
            next_step="nothing was recorded and nothing was changed. Where the file needs what no migration makes, "
            "add a migration before it that makes that, or record the files one by one with "
            "`ticketctl migrate repair`",
        )


def _prepared_name(statement: Statement) -> str:
    """The name of the prepared statement that a statement makes, runs or ends; empty for none."""
    said = statement.words
    if not said or said[0] not in _PREPARED or (said[0] == "DROP" and said[1:2] != ("PREPARE",)):
        return ""
    place = 2 if said[0] in ("DEALLOCATE", "DROP") else 1
    names = [token for token in statement.tokens if token.kind in (TokenKind.WORD, TokenKind.IDENTIFIER)]
    return bare(names[place]).casefold() if len(names) > place else ""


def _source(statement: Statement) -> str:
    """What stands behind FROM in a PREPARE: a user variable or a string."""
    tokens = statement.tokens
    place = next((at for at, token in enumerate(tokens) if token.text.upper() == "FROM"), len(tokens))
    source = tokens[place + 1 :]
    is_variable = len(source) == 2 and source[0].text == "@"
    if not is_variable and not (len(source) == 1 and source[0].kind is TokenKind.STRING):
        raise NotConfinedError("it prepares a statement in a way that cannot be looked into")
    return statement.text[source[0].start - tokens[0].start :]
