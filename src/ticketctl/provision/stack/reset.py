"""Remove the stack with its data, after saying what will be lost."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from ticketctl.errors import BackendError, EnvFileError
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

STEP = "reset"
_ANSWER_SECONDS = 10.0
_FRESH_ESTIMATES = "SET SESSION information_schema_stats_expiry = 0"
_CONTENT = """
    SELECT s.schema_name, COUNT(t.table_name), CAST(COALESCE(SUM(t.table_rows), 0) AS UNSIGNED)
    FROM information_schema.schemata s
    LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name AND t.table_type = 'BASE TABLE'
    WHERE s.schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    GROUP BY s.schema_name ORDER BY s.schema_name
"""


@dataclass(frozen=True, slots=True)
class DatabaseLoss:
    """A database that would be lost.

    Attributes:
        server: Name of its server in the Compose file.
        name: Its name.
        tables: How many tables it has.
        rows: How many rows, as the server estimates.
    """

    server: str
    name: str
    tables: int
    rows: int


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
            found += _content(server, admin.endpoint)
        except BackendError as error:
            not_counted[server] = error.what
    return tuple(found), not_counted


def _content(server: str, endpoint: MysqlEndpoint) -> list[DatabaseLoss]:
    from ticketctl.infra.mysql import connect, translating

    with (
        translating(endpoint),
        closing(connect(endpoint, read_timeout=_ANSWER_SECONDS)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_FRESH_ESTIMATES)
        cursor.execute(_CONTENT)
        return [DatabaseLoss(server, str(row[0]), int(row[1]), int(row[2])) for row in cursor.fetchall()]
