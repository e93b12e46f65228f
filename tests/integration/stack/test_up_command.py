"""`ticketctl up` as a user meets it when things go wrong, by the real command on the real engine."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from integration.eventually import eventually
from integration.process import is_alive
from integration.servers import docker
from live_stack import TICKETCTL, LiveStack
from ticketctl.infra.compose import find_compose
from ticketctl.infra.docker import ContainerState, connect_engine
from ticketctl.provision.stack.drift import by_service

pytestmark = pytest.mark.integration


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveStack]:
    """A fresh project; nothing runs yet."""
    stack = LiveStack.create(tmp_path, uuid.uuid4().hex[:8])
    yield stack
    stack.remove()


@pytest.fixture(scope="session")
def mute_image() -> Iterator[str]:
    """An image whose program talks and never becomes a server."""
    reference = f"ticketctl-test/mute:{uuid.uuid4().hex[:8]}"
    lines = "for i in $(seq 30); do echo looking for my disk, attempt $i; done; sleep 600"
    dockerfile = f'FROM ticketctl/base:bookworm\nENTRYPOINT ["sh", "-c", "{lines}"]\n'
    subprocess.run(["docker", "build", "-q", "-t", reference, "-"], input=dockerfile, text=True, check=True)
    yield reference
    docker("rmi", "--force", reference)


@dataclass
class Running:
    """A command at work, and what it has said so far on standard error."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def says(self, words: str, seconds: float = 60.0) -> None:
        eventually(lambda: self.said, lambda said: words in said or self.process.poll() is not None, seconds)
        assert words in self.said

    def ends(self, seconds: float = 60.0) -> int:
        code = self.process.wait(seconds)
        eventually(lambda: len(self.lines), lambda now: now == len(self.lines), 1)
        return code


@contextmanager
def running(live: LiveStack, *arguments: str) -> Iterator[Running]:
    """Run the command in a process group of its own, as a terminal does."""
    process = subprocess.Popen(
        [*TICKETCTL, *arguments],
        cwd=live.root,
        env=live.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    command = Running(process)

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            command.lines.append(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield command
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join(5)
        assert process.stderr is not None
        process.stderr.close()


def containers(live: LiveStack) -> dict[str, ContainerState]:
    engine = connect_engine(os.environ)
    try:
        return by_service(engine.containers(project_of(live)))
    finally:
        engine.close()


def project_of(live: LiveStack) -> str:
    match = re.search(r"^COMPOSE_PROJECT_NAME=(.*)$", (live.root / "compose" / ".env").read_text(), re.MULTILINE)
    assert match is not None
    return match[1]


def children_of(pid: int) -> list[int]:
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


def ready(live: LiveStack) -> set[str]:
    """Services that `ticketctl status` calls ready; exit 1, as most of the stack is not up here."""
    status = json.loads(live.start("status", "--json").stdout)
    return {service["service"] for service in status["services"] if service["phase"] == "ready"}


def answer(live: LiveStack, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command at a terminal and type an answer."""
    ours, theirs = os.openpty()
    os.write(ours, text.encode())
    try:
        return subprocess.run(
            [*TICKETCTL, *arguments],
            cwd=live.root,
            env=live.environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def living(pids: Sequence[int]) -> list[int]:
    return [pid for pid in pids if is_alive(pid)]


def with_env(live: LiveStack, **environ: str) -> LiveStack:
    return LiveStack(live.root, {**live.environ, **environ})


# --- the good way ---------------------------------------------------------------------------------


def test_up_again_keeps_every_container_and_says_so(live: LiveStack) -> None:
    live.run("up", "redis")
    before = containers(live)["redis"]
    began = time.monotonic()

    printed = live.run("up", "redis")

    seconds = time.monotonic() - began
    assert "nothing to change, 1 of 1 services are healthy" in printed
    assert (containers(live)["redis"].id, containers(live)["redis"].started_at) == (before.id, before.started_at)
    assert seconds < 10  # 0.7 s on a machine with nothing else to do


def test_a_change_of_the_settings_makes_only_its_container_anew(live: LiveStack) -> None:
    live.run("up", "redis", "mysql")
    before = containers(live)
    changed = with_env(live, TICKETCTL_LIMITS__REDIS="300m")

    status = json.loads(changed.start("status", "--json").stdout)
    assert {item["service"]: item["kind"] for item in status["drifts"] if item["kind"] != "missing"} == {
        "redis": "changed"
    }
    changed.run("up", "redis", "mysql")

    now = containers(live)
    assert now["redis"].id != before["redis"].id
    assert now["redis"].memory_limit == 300 * 2**20
    assert (now["mysql"].id, now["mysql"].started_at) == (before["mysql"].id, before["mysql"].started_at)


def test_a_lost_password_is_made_anew_and_reaches_the_server(live: LiveStack) -> None:
    live.run("up", "redis")
    env_file = live.root / "compose" / ".env"
    env_file.write_text(re.sub(r"^REDIS_PASSWORD=.*\n", "", env_file.read_text(), flags=re.MULTILINE))

    live.run("up", "redis")

    from ticketctl.infra import redis

    client = redis.connect(live.endpoints.redis)
    assert client.ping()
    client.close()


def test_a_port_that_somebody_holds_is_replaced_and_remembered(live: LiveStack) -> None:
    planned = re.search(r"REDIS_PORT=(\d+)", live.run("up", "--dry-run"))
    assert planned is not None
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", int(planned[1])))
        holder.listen()
        done = live.start("up", "redis")
        fixed = with_env(live, TICKETCTL_PORTS__FIXED__REDIS=planned[1]).start("up", "redis")

    assert done.returncode == 0
    assert re.search(rf"redis gets port \d+ from now on: {planned[1]} is held by pid {os.getpid()} ", done.stderr)
    taken = containers(live)["redis"].ports[0].host_port
    assert taken != int(planned[1])
    assert fixed.returncode == 5
    assert "TKT-207" in fixed.stderr
    assert f"pid {os.getpid()}" in fixed.stderr

    live.run("up", "redis")
    assert containers(live)["redis"].ports[0].host_port == taken


def test_a_stack_begun_by_compose_alone_is_taken_over_with_passwords_of_its_own(live: LiveStack) -> None:
    live.run("compose", "render")
    images = {item["name"]: item["reference"] for item in live.json("images", "list")}
    folder = live.root / "compose"
    values = {
        "COMPOSE_PROJECT_NAME": f"{live.root.name}-plain",
        "MYSQL_IMAGE": images["mysql"],
        "REDIS_IMAGE": images["redis"],
        "MYSQL_PORT": str(free_port()),
        "REDIS_PORT": str(free_port()),
        "OF_THE_USER": "kept",
    }
    example = re.sub(r"^COMPOSE_PROJECT_NAME=.*\n", "", (folder / ".env.example").read_text(), flags=re.MULTILINE)
    (folder / ".env").write_text(example + "".join(f"{name}={value}\n" for name, value in values.items()))
    compose = find_compose(os.environ)
    compose.run(
        ["up", "--detach", "--wait", "mysql", "redis"],
        project=values["COMPOSE_PROJECT_NAME"],
        file=folder / "docker-compose.yml",
        env=os.environ,
    )

    live.run("up", "events")

    text = (folder / ".env").read_text()
    assert "=example-" not in text
    assert "OF_THE_USER=kept" in text
    assert ready(live) == {"mysql", "redis", "events"}
    assert containers(live)["mysql"].ports[0].host_port == int(values["MYSQL_PORT"])
    assert "nothing to change" in live.run("up", "events")


# --- interrupted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["mysql waiting", "mysql starting"])
def test_ctrl_c_ends_with_130_and_the_next_up_goes_on(live: LiveStack, moment: str) -> None:
    with running(live, "up", "mysql") as command:
        command.says(moment)
        children = children_of(command.process.pid)
        command.process.send_signal(signal.SIGINT)
        code = command.ends()

    assert code == 130
    assert re.search(
        r"^interrupted; \d of 13 services run on.*; the next `ticketctl up` goes on from there$", command.said, re.M
    )
    assert "Traceback" not in command.said
    assert living(children) == []
    before = containers(live)

    live.run("up", "mysql")

    assert containers(live)["mysql"].health == "healthy"
    if "mysql" in before:
        assert containers(live)["mysql"].id == before["mysql"].id


def test_after_kill_9_at_any_moment_the_next_up_converges(live: LiveStack) -> None:
    for seconds in (0.7, 1.0, 1.3, 1.7, 2.2, 3.0):
        with running(live, "up", "redis", "auth") as command:
            time.sleep(seconds)
            children = children_of(command.process.pid)
            command.process.kill()
            command.ends()
        # No Compose goes on alone, and the lock is free.
        eventually(partial(living, children), lambda alive: not alive, 5)

    live.run("up", "redis", "auth")

    assert ready(live) == {"redis", "auth"}
    engine = connect_engine(os.environ)
    assert len(engine.containers(project_of(live))) == 2
    engine.close()


def test_kill_9_while_containers_are_replaced_leaves_nothing_double(live: LiveStack) -> None:
    live.run("up", "redis", "auth")
    for number, seconds in enumerate((0.8, 1.1, 1.4, 1.8)):
        changed = with_env(
            live, TICKETCTL_LIMITS__REDIS=f"{300 + number}m", TICKETCTL_LIMITS__SERVICE=f"{130 + number}m"
        )
        with running(changed, "up", "redis", "auth") as command:
            time.sleep(seconds)
            command.process.kill()
            command.ends()

    live.run("up", "redis", "auth")

    engine = connect_engine(os.environ)
    names = sorted(state.name for state in engine.containers(project_of(live)))
    engine.close()
    assert names == [f"{project_of(live)}-auth-1", f"{project_of(live)}-redis-1"]
    assert ready(live) == {"redis", "auth"}


@pytest.mark.parametrize("second", [("up",), ("down",), ("reset", "--yes")])
def test_two_at_once_the_second_is_told_who_is_at_work(live: LiveStack, second: Sequence[str]) -> None:
    with running(live, "up", "mysql") as first:
        first.says("mysql waiting")
        began = time.monotonic()
        done = live.start(*second)
        seconds = time.monotonic() - began
        code = first.ends(120)

    assert done.returncode == 5
    assert "TKT-209 `ticketctl up` is changing this stack" in done.stderr
    assert f"process {first.process.pid} " in done.stderr
    assert seconds < 10
    assert code == 0
    assert containers(live)["mysql"].health == "healthy"


# --- what can be wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["up", "down", "status", "logs", "reset"])
def test_without_an_engine_each_command_says_what_to_do(live: LiveStack, command: str) -> None:
    done = with_env(live, DOCKER_HOST="unix:///nonexistent/docker.sock").start(command)

    assert done.returncode == 4
    assert "TKT-201 no Docker Engine answers at unix:///nonexistent/docker.sock" in done.stderr
    assert "ticketctl engine ensure" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_never_becomes_ready_shows_its_last_lines(live: LiveStack, mute_image: str) -> None:
    done = with_env(live, TICKETCTL_IMAGES__MYSQL=mute_image).start("up", "events", "--timeout", "12")

    assert done.returncode == 5
    assert "TKT-208 mysql did not become healthy (12 s)" in done.stderr
    shown = re.findall(r"\| looking for my disk, attempt (\d+)", done.stderr)
    assert shown == [str(number) for number in range(11, 31)]
    assert "last probe: exit" in done.stderr
    assert "waiting for mysql: events" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_image_that_exits_at_once_is_given_up_early(live: LiveStack) -> None:
    began = time.monotonic()
    done = with_env(live, TICKETCTL_IMAGES__REDIS="ticketctl/base:bookworm").start("up", "redis", "--timeout", "100")

    assert done.returncode == 5
    assert "TKT-208 redis failed" in done.stderr
    assert "redis: restarted 3 times" in done.stderr
    assert time.monotonic() - began < 60


def test_too_little_memory_is_recognised(live: LiveStack) -> None:
    done = with_env(live, TICKETCTL_LIMITS__MYSQL="64m").start("up", "mysql", "--timeout", "100")

    assert done.returncode == 5
    assert "mysql: out of memory of 64 MiB" in done.stderr
    assert "raise its limit under `limits` in ticketctl.yaml" in done.stderr


def test_data_with_another_password_is_told_at_once(live: LiveStack) -> None:
    live.run("up", "mysql")
    live.run("down")
    env_file = live.root / "compose" / ".env"
    text = re.sub(
        r"^MYSQL_ROOT_PASSWORD=.*$", "MYSQL_ROOT_PASSWORD=quite-another-one", env_file.read_text(), flags=re.M
    )
    env_file.write_text(text)
    began = time.monotonic()

    done = live.start("up", "mysql")

    assert done.returncode == 4
    assert "TKT-302" in done.stderr
    assert "was initialised with another password of root" in done.stderr
    assert "quite-another-one" not in done.stdout + done.stderr
    assert time.monotonic() - began < 100


# --- down, reset, logs ----------------------------------------------------------------------------


def test_down_keeps_the_data_and_reset_deletes_them_only_when_told(live: LiveStack) -> None:
    live.run("up", "mysql")
    from ticketctl.infra.mysql import connect

    with connect(live.endpoints.mysql["events"]) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id INT PRIMARY KEY)")
        cursor.execute("INSERT INTO kept VALUES (1), (2), (3)")

    assert "the data stay" in live.run("down")
    assert containers(live) == {}
    live.run("up", "mysql")
    with connect(live.endpoints.mysql["events"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM kept")
        assert cursor.fetchall() == ((3,),)

    refused = live.start("reset")
    declined = answer(live, "n\n", "reset")
    assert declined.returncode == 130
    assert "Go on? [y/N]" in declined.stderr
    assert refused.returncode == 2
    assert "TKT-210" in refused.stderr
    assert re.search(r"database events_db +on mysql +1 tables +3 rows", refused.stderr)
    assert re.search(r"volume \S+_mysql-data +\d+", refused.stderr)
    assert containers(live)["mysql"].state == "running"

    env = (live.root / "compose" / ".env").read_text()
    live.run("reset", "--yes")
    assert containers(live) == {}
    assert docker("volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project_of(live)}") == ""
    assert (live.root / "compose" / ".env").read_text() == env


def test_logs_are_those_of_the_named_service_and_hold_no_password(live: LiveStack) -> None:
    live.run("up", "redis")
    password = re.search(r"^REDIS_PASSWORD=(.*)$", (live.root / "compose" / ".env").read_text(), re.MULTILINE)
    assert password is not None
    docker("exec", containers(live)["redis"].id, "sh", "-c", f"echo my password is {password[1]} > /proc/1/fd/1")

    printed = live.run("logs", "redis", "--tail", "5")
    lines = [json.loads(line) for line in live.run("logs", "redis", "--tail", "5", "--json").splitlines()]

    assert "redis | my password is ***" in printed
    assert {line["service"] for line in lines} == {"redis"}
    assert live.start("logs", "rediss").returncode == 2


def test_following_ends_with_ctrl_c(live: LiveStack) -> None:
    live.run("up", "redis")
    with running(live, "logs", "--follow") as command:
        time.sleep(2)
        children = children_of(command.process.pid)
        command.process.send_signal(signal.SIGINT)
        assert command.ends() == 130

    assert len(children) == 1
    assert not is_alive(children[0])
