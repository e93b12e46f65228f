"""The stack that a sale is held on: this project's, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ticketctl.errors import SimulationError
from ticketctl.infra.docker import connect_engine
from ticketctl.provision.stack.accounts.desired import mysql_servers
from ticketctl.provision.stack.endpoints import service_urls, stack_endpoints
from ticketctl.provision.stack.env_file import read_env
from ticketctl.provision.stack.lock import stack_lock
from ticketctl.provision.stack.observe import compose_project, env_values
from ticketctl.provision.stack.service_endpoints import owner, service_endpoints, service_redis
from ticketctl.provision.stack.variables import REDIS
from ticketctl.settings.model import Project
from ticketctl.simulate.faults.servers import Servers
from ticketctl.simulate.places import Places

_SERVICE = "booking"


@dataclass(frozen=True, slots=True)
class SaleStack:
    """A stack, with what a sale needs of it.

    Attributes:
        places: Where the sale happens.
        servers: What can be broken.
    """

    places: Places
    servers: Servers


@contextmanager
def sale_stack(project: Project, environ: Mapping[str, str]) -> Iterator[SaleStack]:
    """Give a sale a stack for the block; nobody else may change the stack meanwhile.

    Args:
        project: The project.
        environ: The process's environment.

    Raises:
        SimulationError: The project has no stack, or none that sells seats.
        StackBusyError: Another command changes it.
        EngineUnavailableError: No engine answers.
        EnvFileError: `compose/.env` is missing, incomplete or unreadable.
    """
    settings = project.settings
    if settings.runtime != "docker":
        raise SimulationError(
            "a sale is simulated on a stack of this machine",
            why=f"`runtime` is {settings.runtime}, and servers of others are not broken",
            next_step="run it in a project whose `runtime` is docker: `ticketctl init`, `ticketctl up`",
        )
    if missing := {"events", "inventory"} - settings.databases.keys():
        raise SimulationError(f"the project has no database {' and '.join(sorted(missing))}, so nothing to sell in")
    databases, admin = service_endpoints(project), stack_endpoints(project)
    places = Places(
        databases["events"],
        databases["inventory"],
        databases.get("bookings"),
        service_redis(project, owner(settings, "inventory") or ""),
        service_urls(project).get(_SERVICE, ""),
    )
    mysql = next(server for server, keys in mysql_servers(settings).items() if "inventory" in keys)
    engine = connect_engine(environ)
    try:
        name = compose_project(project, env_values(read_env(project.env_file)))
        with stack_lock(project.compose_dir / ".lock", "ticketctl simulate"):
            yield SaleStack(places, Servers(engine, name, mysql, REDIS, admin.redis))
    finally:
        engine.close()
