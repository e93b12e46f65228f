"""The MySQL and the Redis server that are measured against: containers of their own with the stack's settings."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql
import redis
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from integration.servers import LABEL, PREFIX, docker, image  # noqa: E402  # after the path is set

LOOPBACK = "127.0.0.1"
DURABLE = {"innodb_flush_log_at_trx_commit": 1, "sync_binlog": 1, "log_bin": 1}
SHOWN = ("version", *DURABLE, "binlog_format", "transaction_isolation", "innodb_buffer_pool_size", "max_connections")
LEFT_OUT = ("--bind", "--dir")
"""Options of the stack's Redis that are others here."""


@dataclass(frozen=True, slots=True)
class Mysql:
    """A server on this machine, and an account that may do everything on it.

    Attributes:
        port: On 127.0.0.1.
        password: Of root.
    """

    port: int
    password: str

    def account(self, database: str | None = None) -> dict[str, Any]:
        """Return keyword arguments that PyMySQL and asyncmy both take; without TLS, for everybody."""
        given: dict[str, Any] = {"host": LOOPBACK, "port": self.port, "user": "root", "password": self.password}
        return given if database is None else {**given, "db": database}

    def settings(self) -> dict[str, str]:
        """Return what the server is set to; ends the benchmark if it does not keep what it has committed."""
        with closing(self.connection()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in SHOWN)}")
            found = dict(zip(SHOWN, cursor.fetchone() or (), strict=True))
        if wrong := [name for name, wanted in DURABLE.items() if found[name] != wanted]:
            sys.exit(f"MySQL has {wrong[0]} = {found[wrong[0]]}; the benchmark needs {DURABLE[wrong[0]]}")
        return {name: str(value) for name, value in found.items()}

    def connection(self, database: str | None = None) -> pymysql.Connection[Any]:
        return pymysql.connect(**self.account(database), autocommit=True, ssl_disabled=True)


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers.

    Attributes:
        mysql: The one that decides.
        redis: A client of the other one, for what the benchmark itself does.
        redis_port: On 127.0.0.1.
        containers: Their names.
    """

    mysql: Mysql
    redis: redis.Redis
    redis_port: int
    containers: tuple[str, str]

    def settings(self) -> dict[str, str]:
        """Return what both are set to."""
        names = ("appendonly", "appendfsync", "save", "maxmemory-policy")
        of_redis: dict[str, str] = {"version": self.redis.info("server")["redis_version"]}
        for name in names:
            of_redis |= self.redis.config_get(name)  # type: ignore[arg-type]
        return {
            **{f"MySQL {name}": value for name, value in self.mysql.settings().items()},
            **{f"Redis {name}": value for name, value in of_redis.items()},
        }

    def cpu(self) -> float:
        """Return the seconds that both have used a core since they were started."""
        ticks = 0
        for container in self.containers:
            init = docker("inspect", "--format", "{{.State.Pid}}", container)
            for pid in Path(f"/proc/{init}/task/{init}/children").read_text(encoding="utf-8").split():
                # The name, in brackets, may hold spaces.
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def on_one_core(self) -> None:
        """Put both on one core, and this process and those that it starts on the others, until the end."""
        first, *others = sorted(os.sched_getaffinity(0))
        if not others:
            sys.exit("--pin needs two cores")
        for container in self.containers:
            docker("update", "--cpuset-cpus", str(first), container)
        os.sched_setaffinity(0, others)


@contextmanager
def own_servers() -> Iterator[Servers]:
    """Run both servers from this project's images, and remove them at the end.

    They share the machine's network and listen on 127.0.0.1: a published port would put the engine's proxy, a process
    that copies every byte, between the clients and the servers.
    """
    stack = yaml.safe_load((ROOT / "compose/docker-compose.yml").read_text(encoding="utf-8"))["services"]
    mysql, redis_port = Mysql(_free_port(), secrets.token_hex(12)), _free_port()
    here = ("--bind-address", LOOPBACK, "--port", str(mysql.port))
    environ = {"MYSQL_ROOT_PASSWORD": mysql.password}
    with (
        _container("mysql", stack["mysql"]["mem_limit"], (*stack["mysql"]["command"], *here), environ) as of_mysql,
        _container("redis", stack["redis"]["mem_limit"], _redis_command(stack, redis_port), {}) as of_redis,
        closing(redis.Redis(LOOPBACK, redis_port, decode_responses=True, socket_timeout=60)) as client,
    ):
        _wait_until(client.ping, redis.ConnectionError)
        _wait_until(lambda: mysql.connection().close(), pymysql.OperationalError)
        yield Servers(mysql, client, redis_port, (of_mysql, of_redis))


def _redis_command(stack: Mapping[str, Any], port: int) -> Sequence[str]:
    """Return the stack's Redis without its accounts: they cost nobody anything once somebody is logged in."""
    given = stack["redis"]["command"]
    options = list(given[given.index("--dir") :])
    pairs = zip(options[::2], options[1::2], strict=True)
    kept = [word for pair in pairs if pair[0] not in LEFT_OUT for word in pair]
    return ("redis-server", "--bind", LOOPBACK, "--port", str(port), "--dir", "/data", *kept)


@contextmanager
def _container(name: str, memory: str, command: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    container = f"{PREFIX}{name}-{uuid4().hex[:8]}"
    names = [argument for variable in environ for argument in ("--env", variable)]
    docker(
        *("run", "--detach", "--name", container, "--label", f"{LABEL}={os.getpid()}", "--memory", memory),
        *("--network", "host", "--init", *names, image(name), *command),
        environ=environ,
    )
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container, check=False)


def _wait_until(ready: Callable[[], object], error: type[Exception], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            ready()
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.25)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
