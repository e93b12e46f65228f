"""What the engine says, as small values of our own; no type of the docker SDK goes beyond `infra.docker`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
ONE_OFF_LABEL = "com.docker.compose.oneoff"

RunState = Literal["created", "running", "restarting", "paused", "removing", "exited", "dead"]
Health = Literal["starting", "healthy", "unhealthy"]


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """The engine's version.

    Attributes:
        version: As `docker version` prints it.
        api_version: Newest API that it speaks (`1.41`).
        os: Operating system of the engine, `linux`.
        arch: Its processor architecture, as Go names it (`amd64`).
    """

    version: str
    api_version: str
    os: str
    arch: str


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The machine that the engine runs on.

    Attributes:
        name: Host name.
        root_dir: Folder with images and volumes, on the engine's machine.
        memory_bytes: Memory of that machine.
        cpus: Its processors.
        cgroup_version: `1` or `2`.
        storage_driver: `overlay2`, ...
        rootless: Whether the engine runs without root.
        swap_limit: Whether memory limits hold for swap as well.
        time: Its clock when it answered, RFC 3339 with nanoseconds.
    """

    name: str
    root_dir: str
    memory_bytes: int
    cpus: int
    cgroup_version: str
    storage_driver: str
    rootless: bool
    swap_limit: bool
    time: str = ""


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A container's port, reachable from the host.

    Attributes:
        host_ip: Address on the host, `0.0.0.0` for all.
        host_port: Port on the host.
        container_port: Port in the container.
        protocol: `tcp` or `udp`.
    """

    host_ip: str
    host_port: int
    container_port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class PortHolder:
    """A container that publishes a port.

    Attributes:
        port: What it publishes.
        container: Its name.
        project: Its Compose project, empty outside Compose.
        service: Its Compose service, empty outside Compose.
    """

    port: PublishedPort
    container: str
    project: str
    service: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One run of a container's health check.

    Attributes:
        exit_code: 0 is healthy.
        output: What it printed, both streams.
        ended: When it ended, RFC 3339.
    """

    exit_code: int
    output: str
    ended: str


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container, as the engine sees it at one moment.

    Attributes:
        id: Full id.
        name: Name without the leading slash.
        project: Compose project, empty outside Compose.
        service: Compose service, empty outside Compose.
        state: Engine's word for it.
        health: Verdict of its health check; None when it has none.
        probe: Last run of the health check.
        exit_code: Of the main process; meaningful once it has ended.
        error: Why the engine could not start it, empty when it could.
        oom_killed: The kernel killed it for its memory limit.
        restart_count: Restarts by the engine's restart policy since it was created.
        started_at: RFC 3339; `0001-01-01T00:00:00Z` when never.
        finished_at: RFC 3339; `0001-01-01T00:00:00Z` when never.
        image: Reference that it was made from.
        image_id: Id of the image that it runs.
        labels: All labels.
        ports: Published ports.
        memory_limit: Bytes, 0 for none.
        restart_policy: `no`, `always`, `unless-stopped`, `on-failure`.
        one_off: Made by `compose run`.
    """

    id: str
    name: str
    project: str
    service: str
    state: RunState
    health: Health | None = None
    probe: ProbeResult | None = None
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    restart_count: int = 0
    started_at: str = ""
    finished_at: str = ""
    image: str = ""
    image_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[PublishedPort, ...] = ()
    memory_limit: int = 0
    restart_policy: str = "no"
    one_off: bool = False


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image that the engine has.

    Attributes:
        id: `sha256:…`.
        tags: Its references.
        labels: Its labels.
        size_bytes: On disk, layers shared with others counted in.
        created: RFC 3339.
    """

    id: str
    tags: tuple[str, ...]
    labels: Mapping[str, str]
    size_bytes: int
    created: str


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """A named volume.

    Attributes:
        name: Name.
        mountpoint: Folder on the engine's machine.
        labels: Its labels.
        size_bytes: None when the engine was not asked, or does not know.
    """

    name: str
    mountpoint: str
    labels: Mapping[str, str]
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """A network."""

    id: str
    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NetworkPlace:
    """A container in a network.

    Attributes:
        container: Its id.
        network: The network's name.
        aliases: Under which names it is known there.
    """

    container: str
    network: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something that happened to a container.

    Attributes:
        action: `start`, `die`, `oom`, `destroy`, `health_status`, ...
        container_id: Full id.
        project: Compose project.
        service: Compose service.
        health: With `health_status`: the new verdict.
        exit_code: With `die`.
        time_nano: Engine's clock, nanoseconds since 1970.
    """

    action: str
    container_id: str
    project: str
    service: str
    health: str
    exit_code: int | None
    time_nano: int
