"""Faults of the stack's servers: containers of this project, and no others."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

from ticketctl.errors import EngineError
from ticketctl.infra.docker import ContainerState, Engine
from ticketctl.infra.docker.model import NetworkPlace
from ticketctl.infra.redis import connect, translating
from ticketctl.settings.endpoints import RedisEndpoint
from ticketctl.simulate.breaking import Fault


class Servers:
    """What a sale can break of a stack.

    Args:
        engine: The engine; used by one thread at a time.
        project: The Compose project.
        mysql: The Compose service of the inventory's MySQL.
        redis: The Compose service of Redis.
        redis_admin: Redis, with an account that may empty it.
    """

    def __init__(self, engine: Engine, project: str, mysql: str, redis: str, redis_admin: RedisEndpoint) -> None:
        self._engine = engine
        self._project = project
        self._mysql = mysql
        self._redis = redis
        self._redis_admin = redis_admin

    def fault(self, name: str) -> Fault:
        """Return a fault of a server.

        Args:
            name: Which of `schedule.KINDS`.
        """
        engine, ids = self._engine, {state.service: state.id for state in self._containers()}
        makers: Mapping[str, Callable[[], Fault]] = {
            "redis-flushed": lambda: Flushed(self._redis_admin),
            "redis-restarted": lambda: Restarted(engine, ids[self._redis]),
            "redis-paused": lambda: Paused(engine, ids[self._redis]),
            "redis-cut": lambda: Cut(engine, ids[self._redis]),
            "mysql-restarted": lambda: Restarted(engine, ids[self._mysql]),
            "mysql-paused": lambda: Paused(engine, ids[self._mysql]),
        }
        return makers[name]()

    def mend(self) -> tuple[str, ...]:
        """Mend what a sale that was killed has left broken; returns what that was, a few words each."""
        mended = []
        for state in self._containers():
            if state.state == "paused":
                self._engine.unpause(state.id)
                mended.append(f"{state.service} stood still")
            elif state.state != "running":
                self._engine.start(state.id)
                mended.append(f"{state.service} was down")
            if not self._engine.places(state.id):
                self._join(state)
                mended.append(f"{state.service} was cut off its network")
        return tuple(mended)

    def _containers(self) -> Iterable[ContainerState]:
        states = self._engine.containers(self._project)
        return [state for state in states if state.service in (self._mysql, self._redis) and not state.one_off]

    def _join(self, state: ContainerState) -> None:
        for network in self._engine.networks(self._project):
            self._engine.connect(NetworkPlace(state.id, network.name, (state.service, state.name)))


class Paused:
    """A server stands still: connections stay, and nothing is answered.

    Args:
        engine: The engine.
        container: The server's container.
    """

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container

    def begin(self) -> None:
        """Stop it."""
        self._engine.pause(self._container)

    def mend(self) -> None:
        """Let it go on."""
        with contextlib.suppress(EngineError):  # it was not stopped
            self._engine.unpause(self._container)


class Restarted:
    """A server ends in order and comes back.

    Args:
        engine: The engine.
        container: The server's container.
    """

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container

    def begin(self) -> None:
        """Restart it; returns when it is started, which is before it answers."""
        self._engine.restart(self._container)

    def mend(self) -> None:
        """Start it, should it be down."""
        self._engine.start(self._container)


class Cut:
    """A server's container is taken off its network: connections break, and new ones are refused.

    Args:
        engine: The engine.
        container: The server's container.
    """

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine = engine
        self._container = container
        self._places = engine.places(container)

    def begin(self) -> None:
        """Take it off."""
        for place in self._places:
            self._engine.disconnect(place)

    def mend(self) -> None:
        """Put it back under its names."""
        there = {place.network for place in self._engine.places(self._container)}
        for place in self._places:
            if place.network not in there:
                self._engine.connect(place)


class Flushed:
    """Redis forgets everything: holds, locks, whatever else is in it.

    Args:
        endpoint: Redis, with an account that may do that.
    """

    def __init__(self, endpoint: RedisEndpoint) -> None:
        self._endpoint = endpoint

    def begin(self) -> None:
        """Have it forget."""
        client = connect(self._endpoint)
        try:
            with translating(self._endpoint):
                client.flushall()
        finally:
            client.close()

    def mend(self) -> None:
        """Nothing brings it back."""
