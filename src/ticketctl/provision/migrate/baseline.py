"""`migrate baseline`: an existing database is recorded as having what the migrations make, if it has it."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl import events
from ticketctl.errors import BaselineDifferentError, MigrationError
from ticketctl.events import Emit, Notice, Progress
from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate.execution import lock
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.definitions import (
    UNREADABLE,
    neutral_connection,
    schema_definitions,
    without_definer,
)
from ticketctl.provision.migrate.execution.observe import observe
from ticketctl.provision.migrate.execution.replay import Replay, replay
from ticketctl.provision.migrate.execution.scratch import scratch_name, scratch_schema
from ticketctl.provision.migrate.execution.session import open_record
from ticketctl.provision.migrate.execution.topology import connection_hazards
from ticketctl.provision.migrate.news import STEP, waiting_for_lock
from ticketctl.provision.migrate.options import LOCK_TIMEOUT
from ticketctl.provision.migrate.planning.baseline_plan import (
    LEDGERS,
    BaselinePlan,
    BaselineResult,
    LeftOut,
    decide_baseline,
    defines,
    plan_replay,
)
from ticketctl.provision.migrate.record.corrections import Corrections
from ticketctl.provision.migrate.record.history import read_history
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.confine import Confinement
from ticketctl.provision.migrate.syntax.footprint import SchemaObject
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.statements import excerpt
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

SHOWN_AT_MOST = 60  # lines of a difference in a message
_HIDDEN = "What another account has made is shown to this one after `GRANT SHOW_ROUTINE ON *.* TO` it"

Definitions = Mapping[SchemaObject, str]


def plan_baseline(target: Target, *, to: str = "") -> BaselinePlan:
    """Return what a baseline would record and what its comparison would leave out; compares nothing yet.

    Args:
        target: The database with its files.
        to: Name of the last migration to record; empty for the last file.

    Raises:
        MigrationFileError: A file cannot be used.
        MigrationError: There is no database, or it has a history already.
        YoyoLedgerError: yoyo has managed it, or is at work.
        BackendError: The server cannot be reached or refuses.
        UnknownNameError: There is no such migration.
    """
    with Connections() as connections:
        migrations = decide_baseline(target, observe(connections, target.endpoint), to)
        confinement, ledgers = _look_around(connections, target, migrations)
    left_out, objects = plan_replay(target.database, migrations, confinement)
    names = tuple(migration.name for migration in target.migrations)
    count = len(migrations)
    missing = tuple(map(str, objects))
    return BaselinePlan(target.key, target.database, names[:count], names[count:], left_out, missing, ledgers)


def baseline(
    target: Target,
    *,
    planned: BaselinePlan,
    emit: Emit,
    dry_run: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
) -> BaselineResult:
    """Record migrations as applied, if the database is what they make it; executes nothing in it.

    Under the migration lock the migrations are executed in an empty schema beside the database, which is
    dropped again, and the definitions of everything in both are compared: tables, views, routines and
    triggers, but for their definers, and no rows.

    Args:
        target: The database with its files as they are now, whatever they were when it was planned.
        planned: What `plan_baseline` returned.
        emit: Takes the progress.
        dry_run: Only compare; a difference is then in the result instead of an error.
        lock_timeout: Seconds to wait for another runner.

    Raises:
        BaselineDifferentError: The database is something else; nothing was recorded.
        MigrationStatementError: The server refused a statement in the empty schema; nothing was recorded.
        MigrationFileError: A file cannot be used.
        MigrationError: The database has a history by now, or the files are others than those of the plan.
        MigrationLockedError: Another runner did not finish in time.
        YoyoLedgerError: yoyo has managed it, or is at work.
        BackendError: The server cannot be reached or refuses.
        UnknownNameError: There is no such migration.
    """
    began = time.monotonic()
    with events.step(emit, STEP, f"baseline of {target.database}") as answer, Connections() as connections:
        winner = lock.acquire(
            connections, target.endpoint, timeout=lock_timeout, waiting=waiting_for_lock(target.key, emit)
        )
        with connections.owned(winner) as connection:
            for hazard in connection_hazards(connection, target.endpoint):
                emit(Notice("warn", f"{target.key}: {hazard}"))
            migrations = decide_baseline(target, read_history(connection, target.endpoint), planned.migrations[-1])
            if tuple(migration.name for migration in migrations) != planned.migrations:
                raise MigrationError(
                    f"the migrations of {target.database} are others than those of the plan",
                    why="a file has come or gone since it was made",
                    next_step="run the command again and look at its plan",
                )
            confinement, ledgers = _look_around(connections, target, migrations)
            found = _compare(target, migrations, confinement, ledgers, emit)
            if found.difference and not dry_run:
                raise _different(target, planned, found)
            recorded = () if dry_run else _record(connection, target.endpoint, migrations)
        answer.changed, answer.ok = bool(recorded), not found.difference
        answer.summary = f"{len(recorded)} recorded" if recorded else "compared"
    seconds = time.monotonic() - began
    return BaselineResult(dry_run, planned, recorded, found.compared, found.left_out, found.difference, seconds)


@dataclass(frozen=True, slots=True)
class _Comparison:
    compared: int
    differing: int
    left_out: tuple[LeftOut, ...]
    difference: str


def _look_around(
    connections: Connections, target: Target, migrations: Sequence[Migration]
) -> tuple[Confinement, tuple[str, ...]]:
    """What must not be touched, and what other tools have left in the database."""
    with (
        connections.turn(target.endpoint) as turn,
        translating(target.endpoint),
        turn.connection.cursor() as cursor,
    ):
        turn.use_database()
        cursor.execute("SHOW DATABASES")
        databases = [str(row[0]) for row in cursor.fetchall()]
        cursor.execute("SHOW TABLES")
        tables = {str(row[0]) for row in cursor.fetchall()}
    own = target.database
    confinement = Confinement(
        own, scratch_name(own), databases, own_is_table=own in tables or defines(own, migrations, own)
    )
    books = sorted(name for name in tables & LEDGERS.keys() if not defines(own, migrations, name))
    return confinement, tuple(books)


def _compare(
    target: Target,
    migrations: Sequence[Migration],
    confinement: Confinement,
    ledgers: Sequence[str],
    emit: Emit,
) -> _Comparison:
    endpoint = target.endpoint
    planned_out, missing = plan_replay(target.database, migrations, confinement)
    total = sum(len(migration.up.statements) for migration in migrations)
    done = iter(range(1, total + 1))

    def began(migration: Migration, _position: int, statement: Statement) -> None:
        emit(
            Progress(STEP, target.key, "comparing", f"{migration.name}: {excerpt(statement)}", next(done, total), total)
        )

    with neutral_connection(endpoint) as neutral, neutral.cursor() as cursor:
        exists = schema_definitions(cursor, endpoint)
        with scratch_schema(neutral, endpoint, target.database) as scratch:
            if _alters_defaults(migrations):
                with translating(endpoint):  # from what a new database has: this one has them already
                    cursor.execute(f"ALTER DATABASE {scratch} CHARACTER SET utf8mb4")
            skipped = {(one.migration, one.position) for one in planned_out}
            work = Replay(endpoint, scratch, migrations, skipped, missing, confinement, began)
            found_out, without = replay(work)
            with translating(endpoint):
                neutral.select_db(scratch)
            made = schema_definitions(cursor, endpoint)
    ignored = {*without, *(SchemaObject("table", name) for name in ledgers)}
    # Without the definer: whoever has made it elsewhere, here it is this account.
    exists = {one: without_definer(text) for one, text in exists.items() if one not in ignored}
    made = {one: without_definer(confinement.release(text)) for one, text in made.items() if one not in ignored}
    differing = sorted(one for one in {*exists, *made} if exists.get(one) != made.get(one))
    lines = [line for one in differing for line in _difference(target.database, one, exists, made)]
    return _Comparison(len({*exists, *made}), len(differing), (*planned_out, *found_out), "\n".join(lines))


def _alters_defaults(migrations: Sequence[Migration]) -> bool:
    return any(
        statement.words[:2] in (("ALTER", "DATABASE"), ("ALTER", "SCHEMA"))
        for migration in migrations
        for statement in migration.up.statements
    )


def _difference(database: str, one: SchemaObject, exists: Definitions, made: Definitions) -> Iterator[str]:
    yield from difflib.unified_diff(
        exists.get(one, "").splitlines(),
        made.get(one, "").splitlines(),
        f"{one} in {database}" if one in exists else f"no {one} in {database}",
        f"{one} as the migrations make it" if one in made else f"no {one} by the migrations",
        lineterm="",
    )


def _different(target: Target, planned: BaselinePlan, found: _Comparison) -> BaselineDifferentError:
    lines = found.difference.splitlines()
    shown = "\n".join(lines[:SHOWN_AT_MOST])
    if len(lines) > SHOWN_AT_MOST:
        shown += f"\n… {len(lines) - SHOWN_AT_MOST} more lines"
    last = planned.migrations[-1]
    hidden = f"{_HIDDEN}. " if f"-{UNREADABLE}" in found.difference else ""
    return BaselineDifferentError(
        f"{target.database} is not what its migrations up to {last} make",
        difference=found.difference,
        why=f"{found.differing} of {found.compared} tables, views, routines and triggers differ "
        f"(- is in the database, + is what the migrations make)\n{shown}",
        next_step=f"nothing was recorded. {hidden}Name the last migration that the database has with --to, or bring "
        f"the files and the database together; `ticketctl migrate baseline {target.key} --to {last} --dry-run` shows "
        "all of the difference",
    )


def _record(
    connection: Connection[Cursor], endpoint: MysqlEndpoint, migrations: Sequence[Migration]
) -> tuple[str, ...]:
    with connect(endpoint, multi_statements=True) as second:
        packet = open_record(second, endpoint, lock.connection_id(connection, endpoint))
        corrections = Corrections(packet)
        for migration in migrations:
            corrections.record(migration, "baseline")
        packet.send()
    return tuple(migration.name for migration in migrations)
