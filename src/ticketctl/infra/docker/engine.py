"""The engine: containers, networks, volumes, logs, events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from ticketctl.errors import EngineError
from ticketctl.infra.docker.address import EngineAddress
from ticketctl.infra.docker.convert import (
    container_of,
    info_of,
    network_of,
    places_of,
    port_holders_of,
    version_of,
    volume_of,
)
from ticketctl.infra.docker.errors import none_if_absent, translating
from ticketctl.infra.docker.events import EventStream
from ticketctl.infra.docker.images import Images
from ticketctl.infra.docker.model import (
    PROJECT_LABEL,
    ContainerState,
    EngineInfo,
    EngineVersion,
    NetworkInfo,
    NetworkPlace,
    PortHolder,
    VolumeInfo,
)

if TYPE_CHECKING:
    from docker import APIClient

_T = TypeVar("_T")
_MEASURING_ATTEMPTS = 40
_MEASURING_PAUSE = 0.25


class Engine:
    """A connection to one Docker Engine. Use it from one thread; `events` opens its own.

    Made by `connect_engine`. Every method raises `EngineUnavailableError` when the engine has gone,
    `DiskFullError` when its disk is full and `EngineError` when it refuses.

    Args:
        client: The SDK's connection.
        address: Where it leads.
        reopen: Opens another one, for streams that live beside the first.
    """

    def __init__(self, client: APIClient, address: EngineAddress, reopen: Callable[[], APIClient]) -> None:
        self._client = client
        self._reopen = reopen
        self.address = address
        self.images = Images(client, address.host)

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def version(self) -> EngineVersion:
        """Return the engine's version."""
        with self._doing("tell its version"):
            return version_of(self._client.version())

    def info(self) -> EngineInfo:
        """Return what the engine says about its machine."""
        with self._doing("describe itself"):
            return info_of(self._client.info())

    # --- containers ---------------------------------------------------------------------------

    def containers(self, project: str) -> tuple[ContainerState, ...]:
        """Return all containers of a Compose project, stopped ones too, by name."""
        return self.containers_with(f"{PROJECT_LABEL}={project}")

    def containers_with(self, label: str) -> tuple[ContainerState, ...]:
        """Return all containers that carry a label (`name` or `name=value`), stopped ones too."""
        with self._doing("list containers"):
            listed = self._client.containers(all=True, filters={"label": label})
        found = (self.container(entry["Id"]) for entry in listed)
        return tuple(sorted((state for state in found if state is not None), key=lambda state: state.name))

    def container(self, name: str) -> ContainerState | None:
        """Return one container by id or name, None when there is none."""
        return self._or_none("inspect a container", lambda: container_of(self._client.inspect_container(name)))

    def port_holders(self) -> tuple[PortHolder, ...]:
        """Return every port that a running container of any project publishes."""
        with self._doing("list containers"):
            listed = self._client.containers()
        return tuple(holder for entry in listed for holder in port_holders_of(entry))

    def logs(self, container: str, *, tail: int | None = 20, timestamps: bool = False) -> tuple[str, ...]:
        """Return the last lines that a container printed, both streams in order.

        Args:
            container: Id or name.
            tail: How many lines; None for all.
            timestamps: Begin each line with the engine's time.
        """
        with self._doing("read logs"):
            raw = self._client.logs(container, tail="all" if tail is None else tail, timestamps=timestamps)
        return tuple(line.rstrip() for line in raw.decode("utf-8", "replace").splitlines())

    def remove_container(self, container: str, *, force: bool = False) -> None:
        """Remove a container with its anonymous volumes; one that is gone already is no error."""
        self._or_none("remove a container", lambda: self._client.remove_container(container, force=force, v=True))

    def unpause(self, container: str) -> None:
        """Let a paused container go on."""
        with self._doing("resume a container"):
            self._client.unpause(container)

    def pause(self, container: str) -> None:
        """Have a container stand still."""
        with self._doing("pause a container"):
            self._client.pause(container)

    def start(self, container: str) -> None:
        """Start a container; one that runs is left as it is."""
        with self._doing("start a container"):
            self._client.start(container)

    def restart(self, container: str, *, grace: int = 10) -> None:
        """Have a container end and start again.

        Args:
            container: Id or name.
            grace: Seconds after which it is killed.
        """
        with self._doing("restart a container"):
            self._client.restart(container, timeout=grace)

    def places(self, container: str) -> tuple[NetworkPlace, ...]:
        """Return the networks that a container is in, and its names there."""
        with self._doing("inspect a container"):
            return places_of(self._client.inspect_container(container))

    def disconnect(self, place: NetworkPlace) -> None:
        """Take a container off a network."""
        with self._doing("disconnect a container"):
            self._client.disconnect_container_from_network(place.container, place.network)

    def connect(self, place: NetworkPlace) -> None:
        """Put a container into a network, under its names there."""
        with self._doing("connect a container"):
            self._client.connect_container_to_network(place.container, place.network, aliases=list(place.aliases))

    # --- networks and volumes -----------------------------------------------------------------

    def networks(self, project: str) -> tuple[NetworkInfo, ...]:
        """Return the networks of a Compose project."""
        with self._doing("list networks"):
            listed = self._client.networks(filters={"label": f"{PROJECT_LABEL}={project}"})
        return tuple(network_of(entry) for entry in listed)

    def remove_network(self, network: str) -> None:
        """Remove a network; one that is gone already is no error."""
        self._or_none("remove a network", lambda: self._client.remove_network(network))

    def volumes(self, project: str, *, sizes: bool = False) -> tuple[VolumeInfo, ...]:
        """Return the named volumes of a Compose project, by name.

        Args:
            project: Compose project.
            sizes: Measure them as well: the engine walks every volume, which can take seconds. They stay unknown
                when it measures for somebody else all the time.
        """
        if sizes:
            listed = self._measured_volumes()
        else:
            with self._doing("list volumes"):
                listed = self._client.volumes(filters={"label": f"{PROJECT_LABEL}={project}"}).get("Volumes") or ()
        found = (volume_of(entry) for entry in listed)
        return tuple(
            sorted((item for item in found if item.labels.get(PROJECT_LABEL) == project), key=lambda item: item.name)
        )

    def _measured_volumes(self) -> Sequence[Mapping[str, Any]]:
        """Ask for the sizes; the engine measures for one client at a time, and refuses the others."""
        for _ in range(_MEASURING_ATTEMPTS):
            try:
                with self._doing("measure volumes"):
                    return self._client.df().get("Volumes") or ()
            except EngineError as error:
                if "already running" not in error.why:
                    raise
            time.sleep(_MEASURING_PAUSE)
        with self._doing("list volumes"):
            return self._client.volumes().get("Volumes") or ()

    def remove_volume(self, volume: str) -> None:
        """Remove a volume and the data in it; one that is gone already is no error."""
        self._or_none("remove a volume", lambda: self._client.remove_volume(volume))

    # --- events -------------------------------------------------------------------------------

    def events(self, project: str, *, since: float | None = None) -> EventStream:
        """Return the stream of what happens to a project's containers; it survives a lost connection.

        Args:
            project: Compose project.
            since: Seconds since 1970 by the engine's clock; None begins now.
        """
        return EventStream(self._reopen, self.address.host, project, since)

    def _doing(self, doing: str) -> AbstractContextManager[None]:
        return translating(self.address.host, doing)

    def _or_none(self, doing: str, call: Callable[[], _T]) -> _T | None:
        return none_if_absent(self.address.host, doing, call)
