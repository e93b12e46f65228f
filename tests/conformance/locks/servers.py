"""Redis servers of the locks' tests: one to use, one to break, one whose clock can be stepped."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from integration.eventually import eventually
from integration.servers import Server, docker, image, running

FOLDER = Path(__file__).parent / "stepped_clock"
HOST = "127.0.0.1"
IN_MEMORY = ("redis-server", "--save", "", "--appendonly", "no")
# Every write is on the disk before it is answered: a restart forgets nothing that anybody was told.
DURABLE = ("redis-server", "--save", "", "--appendonly", "yes", "--appendfsync", "always")


@dataclass(frozen=True)
class RedisServer:
    """A running Redis."""

    container: Server

    @property
    def port(self) -> int:
        return self.container.port

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client, for a look at the server from outside."""
        return redis.Redis(host=HOST, port=self.port, socket_timeout=10, decode_responses=True, **options)

    def wait_until_ready(self) -> None:
        with closing(self.client()) as client:
            eventually(lambda: _answers(client), bool, 60)

    def forget_everything(self) -> None:
        """Make it as it was when it began, but for those who are connected."""
        with closing(self.client()) as client:
            client.flushall()
            client.script_flush()

    def keys(self, pattern: str = "*") -> list[str]:
        with closing(self.client()) as client:
            return sorted(client.scan_iter(pattern))

    def connections(self) -> list[Mapping[str, str]]:
        """What is connected, but for who asks."""
        with closing(self.client()) as client:
            asks = str(client.client_id())
            return [row for row in client.client_list() if row["id"] != asks]

    def stop(self) -> None:
        self.container.stop()

    def start(self) -> None:
        self.container.start()
        self.wait_until_ready()

    def kill(self) -> None:
        """End it at once, as a loss of power does."""
        docker("kill", "--signal", "KILL", self.container.name)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it stand still: it accepts connections and answers nothing."""
        self.container.pause()
        try:
            yield
        finally:
            self.container.unpause()


@dataclass(frozen=True)
class SteppedRedis(RedisServer):
    """A Redis whose wall clock is moved while it runs.

    TIME follows at once, inside scripts as well. The end of a key's life is a time of that clock: a step forward takes
    keys away that had more time left than it, a step back lets them live longer by as much.
    """

    def step_to(self, seconds: float) -> None:
        """Have its wall clock differ from this machine's by so many seconds."""
        offset = round(seconds * 1_000_000)
        # Renamed, for a file that is just being written would be read as no offset.
        docker("exec", self.container.name, "sh", "-c", f"echo {offset} >/clock/new && mv /clock/new /clock/offset")


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):  # starting, or loading what it had
        return False


@contextmanager
def running_redis(command: Sequence[str] = IN_MEMORY) -> Iterator[RedisServer]:
    """Run a Redis that is ready."""
    with running("redis", 6379, environ={}, memory="256m", command=command) as container:
        server = RedisServer(container)
        server.wait_until_ready()
        yield server


@contextmanager
def running_stepped_redis() -> Iterator[SteppedRedis]:
    """Run a Redis whose clock can be stepped."""
    command = (*IN_MEMORY, "--protected-mode", "no")
    with running(
        "redis-clock", 6379, environ={}, memory="256m", command=command, reference=stepped_clock_image()
    ) as container:
        server = SteppedRedis(container)
        server.wait_until_ready()
        yield server


def stepped_clock_image() -> str:
    """The Redis image with the clock in front of it; made if missing, and kept for the next run."""
    below = image("redis")
    content = [file.read_bytes() for file in sorted(FOLDER.iterdir())]
    digest = hashlib.sha256(b"\0".join([docker("image", "inspect", "--format", "{{.Id}}", below).encode(), *content]))
    reference = f"ticketctl-test/redis-clock:{digest.hexdigest()[:12]}"
    if not docker("image", "ls", "--quiet", reference):
        command = ["docker", "build", "--quiet", "--build-arg", f"BASE={below}", "--tag", reference, str(FOLDER)]
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
        assert result.returncode == 0, result.stderr or result.stdout
    return reference
