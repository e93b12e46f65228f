"""What is seen of this machine and its engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ticketctl.provision.host.privilege import Privilege

Answer = Literal["answers", "refused", "silent"]
"""`refused`: the engine is there, but this user may not talk to it."""


@dataclass(frozen=True, slots=True)
class EngineFiles:
    """Where the machine's own engine keeps what matters for starting it.

    Attributes:
        socket: Where it listens.
        pid_file: Its process id.
        containerd_pid_file: Process id of the containerd that it starts itself.
        containerd_socket: Where a containerd of the system's own listens, which it would use instead.
        log: Where its output goes when ticketctl starts it.
        arguments: Further words of its command line.
    """

    socket: Path = Path("/var/run/docker.sock")
    pid_file: Path = Path("/var/run/docker.pid")
    containerd_pid_file: Path = Path("/var/run/docker/containerd/containerd.pid")
    containerd_socket: Path = Path("/run/containerd/containerd.sock")
    log: Path = Path("/var/log/ticketctl-dockerd.log")
    arguments: tuple[str, ...] = ()


SYSTEM_ENGINE = EngineFiles()


@dataclass(frozen=True, slots=True)
class PidFile:
    """A file with a process id in it.

    Attributes:
        path: The file.
        pid: What it says; None when that is no number.
        program: Name of the process that has this id now; empty when none lives.
    """

    path: Path
    pid: int | None
    program: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `/etc/os-release` says.

    Attributes:
        id: `debian`, `ubuntu`, `fedora`, ...; empty when unknown.
        family: `id` and what it says it is like.
        name: For people.
    """

    id: str = ""
    family: frozenset[str] = frozenset()
    name: str = "this system"

    @property
    def has_apt(self) -> bool:
        """Whether its packages are Debian's."""
        return not self.family.isdisjoint({"debian", "ubuntu"})


@dataclass(frozen=True, slots=True)
class HostState:
    """The machine and its engine, at one moment.

    Attributes:
        answer: Whether the engine answers.
        address: Where it was looked for.
        source: What said so: `DOCKER_HOST`, `context NAME`, `default`.
        own: Whether that is the address of the machine's own engine.
        detail: Version of an engine that answers, else why it does not.
        system: `Linux`, `Darwin`, ...
        distribution: The Linux distribution.
        program: The engine's program, None when it is not installed.
        half_installed: Its package was unpacked and never set up: somebody killed dpkg.
        privilege: How this user can act as root.
        user: Name of this user.
        member: Whether the user is in the docker group, be it from the next login on.
        systemd: Whether systemd runs this machine.
        engine_pid: The engine's pid file, None when there is none.
        containerd_pid: The pid file of its containerd, None when there is none.
        dead_socket: A system's containerd socket at which nobody listens, None when there is none.
        files: Where the machine's own engine keeps things.
    """

    answer: Answer
    address: str
    source: str = "default"
    own: bool = True
    detail: str = ""
    system: str = "Linux"
    distribution: Distribution = Distribution()
    program: str | None = None
    half_installed: bool = False
    privilege: Privilege = "none"
    user: str = ""
    member: bool = False
    systemd: bool = False
    engine_pid: PidFile | None = None
    containerd_pid: PidFile | None = None
    dead_socket: Path | None = None
    files: EngineFiles = SYSTEM_ENGINE
