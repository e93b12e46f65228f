"""`ticketctl health` as people and scripts use it, on servers of its own (`runtime: external`)."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration.conftest import ELASTIC_PASSWORD, REDIS_PASSWORD, ROOT_PASSWORD, elastic_of, redis_of, root_of
from integration.servers import Server, wait_until
from live_stack import TICKETCTL
from ticketctl.infra import elasticsearch, mysql, redis

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
PASSWORDS = tuple(secret.reveal() for secret in (ROOT_PASSWORD, REDIS_PASSWORD, ELASTIC_PASSWORD))


@dataclass(frozen=True)
class Command:
    """Runs the command in a project's folder."""

    root: Path
    environ: Mapping[str, str]

    def __call__(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*TICKETCTL, *arguments],
            cwd=self.root,
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*TICKETCTL, *arguments], cwd=self.root, env={**os.environ, **self.environ, "TERM": "xterm"}, **streams
        )


@pytest.fixture(scope="module")
def command(
    own_mysql: Server, own_redis: Server, own_elasticsearch: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    root = tmp_path_factory.mktemp("project")
    for name in ("ticketctl.yaml", "migrations", "elasticsearch"):
        source = ROOT / name
        shutil.copytree(source, root / name) if source.is_dir() else shutil.copy(source, root)
    environ = {
        "TICKETCTL_RUNTIME": "external",
        "TICKETCTL_MYSQL__PORT": str(own_mysql.port),
        "TICKETCTL_MYSQL__USER": "root",
        "TICKETCTL_MYSQL__PASSWORD": ROOT_PASSWORD.reveal(),
        "TICKETCTL_REDIS__PORT": str(own_redis.port),
        "TICKETCTL_REDIS__PASSWORD": REDIS_PASSWORD.reveal(),
        "TICKETCTL_REDIS__CONNECT_TIMEOUT": "1",
        "TICKETCTL_ELASTICSEARCH__URL": f"http://127.0.0.1:{own_elasticsearch.port}",
        "TICKETCTL_ELASTICSEARCH__PASSWORD": ELASTIC_PASSWORD.reveal(),
    }
    run = Command(root, environ)
    for words in (("migrate", "apply"), ("index", "create")):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    yield run
    # Others share the servers.
    with closing(mysql.connect(root_of(own_mysql))) as connection, connection.cursor() as cursor:
        for database in ("events_db", "inventory_db", "bookings_db"):
            cursor.execute(f"DROP DATABASE IF EXISTS {database}")
    with closing(elasticsearch.connect(elastic_of(own_elasticsearch))) as client:
        for index in client.indices.get_alias(name="events"):
            client.indices.delete(index=index)


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()
        wait_until(lambda: redis.connect(redis_of(server)).close(), server)


def test_a_good_stack_is_healthy(command: Command) -> None:
    done = command("health", "--json")
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    assert report["level"] == "ok"
    names = {(result["target"], result["name"]) for result in report["results"]}
    assert names >= {
        *(
            (target, name)
            for target in ("mysql", "redis", "elasticsearch")
            for name in ("reachable", "login", "version")
        ),
        *(
            ("mysql", f"{check} {name}")
            for check in ("database", "migrations")
            for name in ("events_db", "bookings_db")
        ),
    }
    assert not [password for password in PASSWORDS if password in done.stdout + done.stderr]


def test_the_text_begins_with_the_answer(command: Command) -> None:
    done = command("health")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("healthy: ")
    assert "migrations inventory_db" in done.stdout
    assert " ms " in done.stdout


def test_a_stopped_server_is_one_failure_and_exit_1(command: Command, own_redis: Server) -> None:
    with stopped(own_redis):
        done = command("health")
    assert done.returncode == 1
    first, second, third = done.stdout.splitlines()[:3]
    assert first.startswith("NOT HEALTHY: 1 failed")
    assert second.startswith("FAIL  redis")
    assert "next: " in third
    assert "Traceback" not in done.stderr


def test_migrations_that_are_not_applied_are_a_failure(command: Command) -> None:
    late = command.root / "migrations" / "events" / "999_late.sql"
    late.write_text("-- step: late\nCREATE TABLE IF NOT EXISTS late (id INT PRIMARY KEY);\n")
    try:
        done = command("health", "--json", "--only", "mysql")
    finally:
        late.unlink()
    assert done.returncode == 1
    (failed,) = [result for result in json.loads(done.stdout)["results"] if result["level"] == "fail"]
    assert (failed["name"], failed["next_step"]) == ("migrations events_db", "`ticketctl migrate apply`")
    assert "999_late" in failed["detail"]


def test_only_what_was_named_is_checked(command: Command, own_redis: Server) -> None:
    with stopped(own_redis):
        done = command("health", "--only", "mysql", "--only", "elasticsearch", "--json")
    assert done.returncode == 0
    assert {result["target"] for result in json.loads(done.stdout)["results"]} == {"mysql", "elasticsearch"}


def test_a_name_that_there_is_not_is_refused_with_a_suggestion(command: Command) -> None:
    done = command("health", "--only", "redsi")
    assert done.returncode == 2
    assert "did you mean 'redis'" in done.stderr


def test_waiting_ends_when_all_is_well(command: Command, own_redis: Server) -> None:
    own_redis.stop()
    starting = threading.Timer(2.0, own_redis.start)
    starting.start()
    try:
        done = command("health", "--wait", "40")
    finally:
        starting.join()
        wait_until(lambda: redis.connect(redis_of(own_redis)).close(), own_redis)
    assert done.returncode == 0, done.stdout
    assert "redis fail" in done.stderr
    assert "redis ok" in done.stderr


def test_waiting_ends_when_the_time_is_over(command: Command, own_redis: Server) -> None:
    with stopped(own_redis):
        started = time.monotonic()
        done = command("health", "--wait", "3", "--only", "redis")
        seconds = time.monotonic() - started
    assert done.returncode == 1
    assert 1.5 < seconds < 10


def test_watching_tells_each_change_and_ends_well(command: Command, own_redis: Server) -> None:
    watching = command.start(
        "health", "--watch", "--interval", "0.2", "--only", "redis", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert watching.stdout
    try:
        assert b"healthy: " in watching.stdout.readline()
        with stopped(own_redis):
            assert b"NOT HEALTHY" in watching.stdout.readline()
            assert watching.stdout.readline().startswith(b"FAIL  redis  reachable")
            assert b"next: " in watching.stdout.readline()
        back = [watching.stdout.readline() for _ in range(2)]
    finally:
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=10)
    assert b"healthy: " in back[0]
    assert back[1].startswith(b"ok    redis  reachable")
    assert (watching.returncode, errors) == (0, b"")


def test_watching_as_json_is_a_document_a_line(command: Command) -> None:
    watching = command.start(
        "health", "--watch", "--interval", "0.2", "--json", "--only", "redis", stdout=subprocess.PIPE
    )
    assert watching.stdout
    try:
        documents = [json.loads(watching.stdout.readline()) for _ in range(2)]
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=10)
    assert [document["level"] for document in documents] == ["ok", "ok"]
    assert watching.returncode == 0


def test_watching_on_a_terminal_redraws(command: Command) -> None:
    leader, follower = pty.openpty()
    watching = command.start(
        "health", "--watch", "--interval", "0.2", "--only", "redis", stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    screen = b""
    deadline = time.monotonic() + 20
    while screen.count(b"Ctrl-C ends") < 3 and time.monotonic() < deadline:
        if select.select([leader], [], [], 0.5)[0]:
            screen += os.read(leader, 65536)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(timeout=10) == 0
    os.close(leader)
    assert screen.count(b"Ctrl-C ends") >= 3
    assert b"healthy: " in screen


def test_watching_and_waiting_exclude_each_other(command: Command) -> None:
    assert command("health", "--watch", "--wait", "5").returncode == 2
