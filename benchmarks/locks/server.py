"""The Redis server that is measured against: a container of its own, or one that is given."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
from redis.exceptions import ConnectionError as NoConnectionError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from integration.servers import LABEL, PREFIX, docker, image  # noqa: E402  # after the path is set

NAMES = "ticketctl-benchmark"
LOOPBACK = ("127.0.0.1", "localhost")
# No persistence: the clients are compared, not the disk. Nothing is evicted, as locks need it.
SETTINGS = ("--save", "", "--appendonly", "no", "--maxmemory", "384mb", "--maxmemory-policy", "noeviction")


@dataclass(frozen=True, slots=True)
class Counters:
    """What the server had counted at one moment.

    Attributes:
        calls: Command to how often it ran, sent by a client or called by a script.
        reads: How often something was read from a client: one for a request, or for several sent at once.
    """

    calls: Mapping[str, int]
    reads: int

    def since(self, before: Counters) -> Counters:
        """Return what was added, without what reading the counters takes."""
        added = {name: count - before.calls.get(name, 0) for name, count in self.calls.items()}
        return Counters({name: count for name, count in added.items() if count and name != "info"}, self._reads(before))

    def _reads(self, before: Counters) -> int:
        return self.reads - before.reads - 1


@dataclass(frozen=True, slots=True)
class Server:
    """A server on this machine that serves nothing else meanwhile.

    Attributes:
        host: Always of the loopback interface.
        port: Its port.
        client: For what the benchmark itself asks.
        container: Its name; None for a server that was given.
    """

    host: str
    port: int
    client: redis.Redis
    container: str | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def counters(self) -> Counters:
        """Return what it has counted so far."""
        found = self._info("all")
        prefix = "cmdstat_"
        calls = {name[len(prefix) :]: entry["calls"] for name, entry in found.items() if name.startswith(prefix)}
        return Counters(calls, found["total_reads_processed"])

    def version(self) -> str:
        return str(self._info("server")["redis_version"])

    def memory(self) -> int:
        """Return the bytes that it uses for data and connections."""
        return int(self._info("memory")["used_memory"])

    def connections(self) -> int:
        """Return how many clients are connected, this one included."""
        return int(self._info("clients")["connected_clients"])

    @contextmanager
    def cores(self, of_server: int, of_others: int) -> Iterator[None]:
        """Keep the server on one core, and on another (or the same) this process and those that it starts.

        Without that, the kernel moves the two together and apart within a tenth of a second, and whoever is measured
        while they share a core is up to four times as fast.
        """
        assert self.container
        all_of_them = os.sched_getaffinity(0)
        docker("update", "--cpuset-cpus", str(of_server), self.container)
        os.sched_setaffinity(0, {of_others})
        try:
            yield
        finally:
            os.sched_setaffinity(0, all_of_them)
            docker("update", "--cpuset-cpus", ",".join(map(str, sorted(all_of_them))), self.container)

    def fresh_name(self) -> str:
        """Return a name for a lock that nobody has used."""
        return f"{NAMES}-{uuid4().hex[:12]}"

    def count(self, text: str) -> int:
        """Return how many keys have a text in their name."""
        return sum(1 for _ in self.client.scan_iter(match=f"*{text}*", count=1000))

    def clean(self) -> None:
        """Remove the keys of all locks that `fresh_name` has named."""
        for key in self.client.scan_iter(match=f"*{NAMES}-*", count=1000):
            self.client.unlink(key)

    def _info(self, section: str) -> dict[str, Any]:
        found = self.client.info(section)
        assert isinstance(found, dict)
        return found


@contextmanager
def own_server() -> Iterator[Server]:
    """Run a server of this project's image, and remove it at the end.

    It shares the machine's network and listens on 127.0.0.1: a published port would put the engine's proxy, a process
    that copies every byte, between the clients and the server.
    """
    port = _free_port()
    name = f"{PREFIX}redis-{uuid4().hex[:8]}"
    command = ("redis-server", "--bind", "127.0.0.1", "--port", str(port), *SETTINGS)
    docker(
        *("run", "--detach", "--name", name, "--label", f"{LABEL}={os.getpid()}", "--memory", "512m"),
        *("--ulimit", "nofile=20000:20000", "--network", "host", "--init", image("redis"), *command),
    )
    try:
        with _connected("127.0.0.1", port, seconds=60, container=name) as server:
            yield server
    finally:
        docker("rm", "--force", "--volumes", name, check=False)


@contextmanager
def given_server(address: str) -> Iterator[Server]:
    """Use a server that runs already.

    Args:
        address: `host:port` on this machine.
    """
    host, _, port = address.partition(":")
    if host not in LOOPBACK:
        sys.exit(f"'{host}' is not this machine: the benchmark loads servers on {' or '.join(LOOPBACK)} only")
    with _connected("127.0.0.1", int(port or 6379), seconds=5) as server:
        try:
            yield server
        finally:
            server.clean()


@contextmanager
def _connected(host: str, port: int, seconds: float, container: str | None = None) -> Iterator[Server]:
    with closing(redis.Redis(host=host, port=port, socket_timeout=60)) as client:
        deadline = time.monotonic() + seconds
        while True:
            try:
                client.ping()
            except NoConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                break
        yield Server(host, port, client, container)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
