"""Decide which port each service gets (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ticketctl.errors import PortUnavailableError
from ticketctl.provision.stack.accounts.desired import mysql_servers
from ticketctl.provision.stack.naming import BLOCK_SIZE, port_block
from ticketctl.provision.stack.variables import ELASTICSEARCH, REDIS, port_variable
from ticketctl.settings.model import Project, Settings

_REDIS_OFFSET = 10
_ELASTICSEARCH_OFFSET = 20
_SERVICES_OFFSET = 30


@dataclass(frozen=True, slots=True)
class WantedPort:
    """The port that a service should have.

    Attributes:
        service: Name in the Compose file.
        port: The port on 127.0.0.1.
        fixed: The settings name it: no other will do.
        source: Where it comes from, for people.
    """

    service: str
    port: int
    fixed: bool
    source: str


@dataclass(frozen=True, slots=True)
class PortChoice:
    """The port that a service gets.

    Attributes:
        service: Name in the Compose file.
        port: The port on 127.0.0.1.
        reason: Why this one.
        replaced: The wanted port, when somebody else holds it.
        holder: Who holds it, empty when nothing was replaced.
    """

    service: str
    port: int
    reason: str
    replaced: int | None = None
    holder: str = ""


def wanted_ports(project: Project, remembered: Mapping[str, str]) -> tuple[WantedPort, ...]:
    """Return the port that each service should have: fixed, else remembered, else its place in the block.

    Args:
        project: The project.
        remembered: The values of `compose/.env`.
    """
    block = port_block(project.root, project.settings)
    found = []
    for service, offset in _offsets(project.settings).items():
        fixed = project.settings.ports.fixed.get(service)
        known = remembered.get(port_variable(service), "")
        if fixed is not None:
            source = project.sources.get(f"ports.fixed.{service}", "the settings")
            found.append(WantedPort(service, fixed, fixed=True, source=f"set by {source}"))
        elif known.isascii() and known.isdigit() and 0 < int(known) < 65536:
            found.append(WantedPort(service, int(known), fixed=False, source="remembered"))
        else:
            source = f"block {block} of this checkout"
            found.append(WantedPort(service, block + offset, fixed=False, source=source))
    return tuple(found)


def candidate_ports(project: Project, wanted: tuple[WantedPort, ...]) -> frozenset[int]:
    """Return every port that may be chosen, so that all can be looked at together."""
    block = port_block(project.root, project.settings)
    return frozenset(range(block, block + BLOCK_SIZE)) | {entry.port for entry in wanted}


def choose_ports(project: Project, wanted: tuple[WantedPort, ...], taken: Mapping[int, str]) -> tuple[PortChoice, ...]:
    """Return the port that each service gets. Taken ones are replaced by free ones of the block.

    Args:
        project: The project.
        wanted: What each service should have.
        taken: Ports that somebody else holds, and who; ports of this project's own containers are not among them.

    Raises:
        PortUnavailableError: A fixed port is taken, or the block has no free port left.
    """
    fixed = {entry.port: entry.service for entry in wanted if entry.fixed}
    used: set[int] = set()
    free = _free_ports(project, taken, {entry.port for entry in wanted})
    choices = []
    for entry in wanted:
        holder = taken.get(entry.port, "")
        if not entry.fixed and not holder and entry.port in fixed:
            holder = f"'{fixed[entry.port]}', by the settings"
        elif not holder and entry.port in used:
            holder = "another service of this project"
        if not holder:
            choices.append(PortChoice(entry.service, entry.port, entry.source))
            used.add(entry.port)
            continue
        if entry.fixed:
            raise _fixed_port_taken(entry, holder)
        port = next(free, None)
        if port is None:
            raise _block_full(project, entry, holder)
        reason = f"{entry.port} is held by {holder}"
        choices.append(PortChoice(entry.service, port, reason, replaced=entry.port, holder=holder))
        used.add(port)
    return tuple(choices)


def _offsets(settings: Settings) -> Mapping[str, int]:
    offsets = {name: index for index, name in enumerate(mysql_servers(settings))}
    offsets |= {REDIS: _REDIS_OFFSET, ELASTICSEARCH: _ELASTICSEARCH_OFFSET}
    return offsets | {name: _SERVICES_OFFSET + index for index, name in enumerate(settings.services)}


def _free_ports(project: Project, taken: Mapping[int, str], wanted: set[int]) -> Iterator[int]:
    """Yield free ports of the block, from its end: its beginning belongs to services that are yet to come."""
    block = port_block(project.root, project.settings)
    return (port for port in range(block + BLOCK_SIZE - 1, block - 1, -1) if port not in taken and port not in wanted)


def _fixed_port_taken(entry: WantedPort, holder: str) -> PortUnavailableError:
    return PortUnavailableError(
        f"port {entry.port} of '{entry.service}' is taken",
        port=entry.port,
        holder=holder,
        why=f"held by {holder}; the port is {entry.source}, so no other is used",
        next_step=f"stop the holder, or change or remove ports.fixed.{entry.service}",
    )


def _block_full(project: Project, entry: WantedPort, holder: str) -> PortUnavailableError:
    block = port_block(project.root, project.settings)
    return PortUnavailableError(
        f"no free port left for '{entry.service}'",
        port=entry.port,
        holder=holder,
        why=f"{entry.port} is held by {holder}, and {block} to {block + BLOCK_SIZE - 1} are all taken",
        next_step="set ports.block to the first port of a free range",
    )
