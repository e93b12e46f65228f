"""Remove the stack with its data, after saying what will be lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError, BackendOperationError, EnvFileError
from ticketctl.events import Emit, step
from ticketctl.infra.docker import Engine, connect_engine
from ticketctl.provision.stack.down import remove_stack
from ticketctl.provision.stack.drift import by_service
from ticketctl.provision.stack.endpoints import admin_endpoints
from ticketctl.provision.stack.env_file import EnvFile, read_env
from ticketctl.provision.stack.lock import stack_lock
from ticketctl.provision.stack.observe import compose_project, env_values
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.model import Project

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

STEP = "reset"
_ANSWER_SECONDS = 10.0
# How long all rows together may take to be counted; what is left is estimated.
_COUNTING_SECONDS = 3.0
_FRESH_ESTIMATES = "SET SESSION information_schema_stats_expiry = 0"
_TABLES = """
    SELECT s.schema_name, t.table_name, CAST(COALESCE(t.table_rows, 0) AS UNSIGNED)
    FROM information_schema.schemata s
    LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name AND t.table_type = 'BASE TABLE'
    WHERE s.schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    ORDER BY s.schema_name, t.table_name
"""


@dataclass(frozen=True, slots=True)
class DatabaseLoss:
    """A database that would be lost.

    Attributes:
        server: Name of its server in the Compose file.
        name: Its name.
        tables: How many tables it has.
        rows: How many rows.
        exact: They were counted; else the server estimates them.
    """

    server: str
    name: str
    tables: int
    rows: int
    exact: bool


@dataclass(frozen=True, slots=True)
class ResetPlan:
    """What `reset` removes.

    Attributes:
        project: Compose project.
        containers: Containers.
        networks: Networks.
        volumes: Volume to its size in bytes, None where the engine does not know.
        databases: What the volumes hold, as far as the servers could be asked.
        not_counted: Servers that could not be asked, and why.
    """

    project: str
    containers: tuple[str, ...]
    networks: tuple[str, ...]
    volumes: Mapping[str, int | None]
    databases: tuple[DatabaseLoss, ...]
    not_counted: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remove."""
        return not (self.containers or self.networks or self.volumes)


def plan_reset(project: Project, *, environ: Mapping[str, str]) -> ResetPlan:
    """Return what `reset` would remove: measured and counted, nothing changed.

    Args:
        project: The project.
        environ: The environment.

    Raises:
        EngineUnavailableError: No engine answers.
        EnvFileError: `compose/.env` cannot be read.
    """
    env = read_env(project.env_file)
    name = compose_project(project, env_values(env))
    engine = connect_engine(environ)
    databases, not_counted = _databases(project, env, engine, name)
    return ResetPlan(
        project=name,
        containers=tuple(state.name for state in engine.containers(name)),
        networks=tuple(network.name for network in engine.networks(name)),
        volumes={volume.name: volume.size_bytes for volume in engine.volumes(name, sizes=True)},
        databases=databases,
        not_counted=not_counted,
    )


def reset(project: Project, plan: ResetPlan, *, environ: Mapping[str, str], emit: Emit) -> ResetPlan:
    """Remove containers, networks and volumes of the project, and nothing else.

    `compose/.env` stays: the next `up` makes an empty stack with the same ports and passwords, so that whatever was
    told about them goes on working.

    Args:
        project: The project.
        plan: What was shown to the user.
        environ: The environment.
        emit: Told of each container.

    Returns:
        The plan, carried out.

    Raises:
        StackBusyError: Another command is changing this stack.
        EngineError: Something outside the project uses one of its volumes.
        ComposeError: Compose failed.
    """
    with (
        stack_lock(project.compose_dir / ".lock", "ticketctl reset"),
        step(emit, STEP, "remove the stack and its data") as answer,
    ):
        if not plan.is_empty:
            remove_stack(connect_engine(environ), plan.project, environ, volumes=True, name=STEP, emit=emit)
        answer.changed, answer.summary = not plan.is_empty, f"{len(plan.volumes)} volumes deleted"
    return plan


def _databases(
    project: Project, env: EnvFile | None, engine: Engine, name: str
) -> tuple[tuple[DatabaseLoss, ...], Mapping[str, str]]:
    if env is None:
        return (), {}
    running = {service for service, state in by_service(engine.containers(name)).items() if state.state == "running"}
    found: list[DatabaseLoss] = []
    not_counted: dict[str, str] = {}
    try:
        servers = admin_endpoints(project, env).mysql
    except EnvFileError as error:
        return (), {"mysql": error.what}
    for server, admin in servers.items():
        if server not in running:
            not_counted[server] = "it does not run"
            continue
        try:
            found += database_content(server, admin.endpoint)
        except BackendError as error:
            not_counted[server] = error.what
    return tuple(found), not_counted


def database_content(
    server: str, endpoint: MysqlEndpoint, *, seconds: float = _COUNTING_SECONDS
) -> tuple[DatabaseLoss, ...]:
    """Count tables and rows of every database on a server; of more than can be counted in time, estimate them.

    Args:
        server: Its name in the Compose file.
        endpoint: The server, and an account that may read everything.
        seconds: How long counting may take.

    Raises:
        BackendError: The server cannot be reached, or refuses.
    """
    from ticketctl.infra.mysql import connect, translating

    found: dict[str, list[tuple[int, bool]]] = {}
    deadline = time.monotonic() + seconds
    with (
        translating(endpoint),
        closing(connect(endpoint, read_timeout=_ANSWER_SECONDS)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_FRESH_ESTIMATES)
        cursor.execute(_TABLES)
        for schema, table, estimate in cursor.fetchall():
            counts = found.setdefault(str(schema), [])
            if table is not None:
                exact = _count(cursor, endpoint, str(schema), str(table), deadline)
                counts.append((int(estimate), False) if exact is None else (exact, True))
    return tuple(
        DatabaseLoss(server, name, len(counts), sum(rows for rows, _ in counts), all(exact for _, exact in counts))
        for name, counts in found.items()
    )


def _count(cursor: Cursor, endpoint: MysqlEndpoint, schema: str, table: str, deadline: float) -> int | None:
    """Count a table's rows, None when there is no time for it: estimates of young tables are far off."""
    from ticketctl.infra.mysql import quote_identifier, translating

    milliseconds = int((deadline - time.monotonic()) * 1000)
    if milliseconds <= 0:
        return None
    place = f"{quote_identifier(schema)}.{quote_identifier(table)}"
    try:
        with translating(endpoint):
            cursor.execute(f"SELECT /*+ MAX_EXECUTION_TIME({milliseconds}) */ COUNT(*) FROM {place}")  # noqa: S608  # quoted
            row = cursor.fetchone()
    except BackendOperationError:
        return None
    return int(row[0]) if row else None
