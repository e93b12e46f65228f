"""What to do so that an engine answers: a pure function of what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import EnginePermissionError, EngineUnavailableError, HostSetupError
from ticketctl.provision.host.model import HostState, PidFile

PACKAGES = ("docker.io", "iptables")
OPTIONAL_PACKAGES = ("docker-cli",)
"""The client, a package of its own from Debian 13 on; it came with `docker.io` before."""


@dataclass(frozen=True, slots=True)
class InstallEngine:
    """Install the distribution's engine."""

    packages: tuple[str, ...] = PACKAGES

    def __str__(self) -> str:
        return f"install {', '.join(self.packages)} with apt-get"


@dataclass(frozen=True, slots=True)
class RemoveStaleFile:
    """Remove a pid file whose process is gone; the engine would refuse to start over it."""

    path: Path
    pid: int | None

    def __str__(self) -> str:
        return f"remove {self.path}: its process {self.pid if self.pid is not None else '(unreadable)'} is gone"


@dataclass(frozen=True, slots=True)
class RemoveDeadSocket:
    """Remove the socket of a killed containerd; the engine would wait for an answer there, and give up."""

    path: Path

    def __str__(self) -> str:
        return f"remove {self.path}: nobody listens there"


@dataclass(frozen=True, slots=True)
class StartEngine:
    """Start the engine, by systemd or as a process of its own session, unless its package has done so."""

    systemd: bool
    log: Path

    def __str__(self) -> str:
        how = "systemctl start docker" if self.systemd else f"dockerd in a session of its own, log in {self.log}"
        return f"start the engine, if it does not run yet: {how}"


@dataclass(frozen=True, slots=True)
class AdmitUser:
    """Let the user use the engine that is installed for them."""

    user: str

    def __str__(self) -> str:
        return f"make {self.user} a member of the docker group (who may use the engine can act as root)"


@dataclass(frozen=True, slots=True)
class AwaitEngine:
    """Wait until the engine answers."""

    address: str

    def __str__(self) -> str:
        return f"wait until {self.address} answers"


Step = InstallEngine | RemoveStaleFile | RemoveDeadSocket | StartEngine | AdmitUser | AwaitEngine


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Steps to an engine that answers, none when one does.

    Attributes:
        steps: What to do, in order.
        reason: Why.
    """

    steps: tuple[Step, ...]
    reason: str

    def lines(self) -> tuple[str, ...]:
        """Return the plan for people."""
        return (self.reason, *(f"  {number}. {step}" for number, step in enumerate(self.steps, 1)))


def plan_engine(state: HostState) -> EnginePlan:
    """Decide what to do.

    Args:
        state: What was seen.

    Raises:
        EnginePermissionError: An engine answers, and this user may not use it.
        EngineUnavailableError: None answers, and it is not ours to start.
        HostSetupError: None is installed, and it cannot be installed from here.
    """
    if state.answer == "answers":
        return EnginePlan((), f"Docker Engine {state.detail} answers at {state.address}")
    if state.answer == "refused":
        raise refused_error(state)
    if not state.own or state.system != "Linux":
        raise _not_ours(state)
    if _lives(state.engine_pid, "dockerd"):
        return EnginePlan((AwaitEngine(state.address),), "the engine is starting")
    if state.program is not None and not state.half_installed:
        return _start(state)
    return _install(state)


def _start(state: HostState) -> EnginePlan:
    if state.privilege == "none":
        command = "systemctl start docker" if state.systemd else "dockerd"
        raise EngineUnavailableError(
            "the Docker Engine is installed but does not run",
            why=f"{state.address}: {state.detail}; {state.user} is neither root nor may use sudo without a password",
            next_step=f"`sudo {command}`, then run the same command again",
        )
    return EnginePlan(
        (*_starting(state), AwaitEngine(state.address)), "the Docker Engine is installed but does not run"
    )


def _starting(state: HostState) -> tuple[Step, ...]:
    stale: list[Step] = [
        RemoveStaleFile(file.path, file.pid)
        for file, program in ((state.engine_pid, "dockerd"), (state.containerd_pid, "containerd"))
        if file is not None and not _lives(file, program)
    ]
    if state.dead_socket is not None and not state.systemd:  # systemd starts the containerd that listens there
        stale.append(RemoveDeadSocket(state.dead_socket))
    return (*stale, StartEngine(state.systemd, state.files.log))


def _install(state: HostState) -> EnginePlan:
    if not state.distribution.has_apt or state.privilege == "none":
        raise _not_installable(state)
    admit = (AdmitUser(state.user),) if state.privilege != "root" else ()
    steps = (InstallEngine(), *_starting(state), *admit, AwaitEngine(state.address))
    how_far = "only half of the Docker Engine" if state.half_installed else "no Docker Engine"
    return EnginePlan(steps, f"{how_far} is installed on {state.distribution.name}")


def _lives(file: PidFile | None, program: str) -> bool:
    return file is not None and file.program == program


def refused_error(state: HostState) -> EnginePermissionError:
    """Return the error for an engine that answers, and not to this user."""
    admit = "log out and in again" if state.member else f"`sudo usermod -aG docker {state.user}` and log in again"
    return EnginePermissionError(
        f"{state.user} may not use the Docker Engine at {state.address}",
        why=f"{state.detail}; {state.user} is {'' if state.member else 'not '}in the docker group",
        next_step=f"{admit} (in this shell: `newgrp docker`), or run the command with sudo",
    )


def _not_ours(state: HostState) -> EngineUnavailableError:
    if not state.own:
        return EngineUnavailableError(
            f"no Docker Engine answers at {state.address}",
            why=f"{state.source} names this address: {state.detail}",
            next_step="start that engine, or choose the local one "
            f"({'`unset DOCKER_HOST`' if state.source == 'DOCKER_HOST' else '`docker context use default`'})",
        )
    return EngineUnavailableError(
        f"no Docker Engine answers at {state.address}",
        why=state.detail,
        next_step="start Docker Desktop, Colima or whatever runs Docker here, then run the same command again",
    )


def _not_installable(state: HostState) -> HostSetupError:
    if not state.distribution.has_apt:
        return HostSetupError(
            "no Docker Engine is installed",
            why=f"{state.distribution.name} is not Debian or Ubuntu, whose engine ticketctl can install by itself",
            next_step="install Docker Engine 20.10 or newer with this system's own tools and start it; "
            "or set DOCKER_HOST to an engine elsewhere",
        )
    return HostSetupError(
        "no Docker Engine is installed",
        why=f"{state.user} is neither root nor may use sudo without a password",
        next_step=f"`sudo apt-get install --no-install-recommends {' '.join(PACKAGES)}` and "
        f"`sudo usermod -aG docker {state.user}`, log in again, then run the same command again; "
        "or set DOCKER_HOST to an engine elsewhere",
    )
