"""The engine's adapter against the real engine, and against what may stand in its place."""

from __future__ import annotations

import http.server
import json
import os
import socketserver
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from integration.eventually import eventually
from integration.infra.engine_proxy import EngineProxy
from integration.servers import docker, shell_image
from ticketctl.errors import (
    DiskFullError,
    EngineError,
    EnginePermissionError,
    EngineUnavailableError,
    ImageBuildError,
    TicketctlError,
)
from ticketctl.infra.docker import Engine, EngineEvent, connect_engine

pytestmark = pytest.mark.integration
PREFIX = "ticketctl-test-"
NOBODY = 65534
SERVICES = ("before", "meanwhile", "after")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = connect_engine(os.environ)
    yield engine
    engine.close()


@pytest.fixture
def project() -> Iterator[str]:
    """Name of a Compose project; what carries its label is removed after the test."""
    name = f"{PREFIX}{uuid.uuid4().hex[:8]}"
    yield name
    label = f"label=com.docker.compose.project={name}"
    for kind, remove in (
        ("ps --all", "rm --force --volumes"),
        ("volume ls", "volume rm"),
        ("network ls", "network rm"),
    ):
        for found in docker(*kind.split(), "--quiet", "--filter", label).split():
            docker(*remove.split(), found)


def run(project: str, service: str, *command: str, options: tuple[str, ...] = ()) -> str:
    labels = ("--label", f"com.docker.compose.project={project}", "--label", f"com.docker.compose.service={service}")
    return docker("run", "--detach", "--init", *labels, *options, shell_image(), *command)


# --- what it answers ------------------------------------------------------------------------------


def test_it_tells_its_version_and_its_machine(engine: Engine) -> None:
    assert engine.version().api_version.startswith("1.")
    assert engine.info().memory_bytes > 2**30
    assert engine.info().root_dir.startswith("/")


def test_a_container_with_all_that_a_judge_wants_to_know(engine: Engine, project: str) -> None:
    check = ("--health-cmd", "echo not yet; exit 1", "--health-interval", "0.3s", "--health-retries", "1")
    run(
        project,
        "web",
        "sh",
        "-c",
        "echo hello; sleep 60",
        options=(*check, "--publish", "127.0.0.1::80", "--memory", "32m"),
    )

    state = eventually(lambda: engine.containers(project)[0], lambda state: state.health == "unhealthy")

    assert (state.project, state.service, state.state) == (project, "web", "running")
    assert state.probe is not None
    assert (state.probe.exit_code, state.probe.output) == (1, "not yet")
    assert (state.ports[0].host_ip, state.ports[0].container_port) == ("127.0.0.1", 80)
    assert state.memory_limit == 32 * 2**20
    assert engine.logs(state.id) == ("hello",)
    assert any(holder.project == project and holder.service == "web" for holder in engine.port_holders())


def test_only_the_project_s_own_containers_volumes_and_networks_are_listed(engine: Engine, project: str) -> None:
    label = ("--label", f"com.docker.compose.project={project}")
    run(project, "a", "true")
    docker("volume", "create", *label, f"{project}-v")
    docker("network", "create", *label, f"{project}-n")

    assert [state.service for state in engine.containers(project)] == ["a"]
    assert [volume.name for volume in engine.volumes(project)] == [f"{project}-v"]
    assert engine.volumes(project, sizes=True)[0].size_bytes == 0
    assert [network.name for network in engine.networks(project)] == [f"{project}-n"]
    assert engine.containers(f"{project}-other") == ()


def test_two_may_ask_for_sizes_at_once(project: str) -> None:
    """The engine refuses the second: "a disk usage operation is already running"."""
    docker("volume", "create", "--label", f"com.docker.compose.project={project}", f"{project}-v")

    def measure(_number: int) -> int | None:
        engine = connect_engine(os.environ)
        try:
            return engine.volumes(project, sizes=True)[0].size_bytes
        finally:
            engine.close()

    with ThreadPoolExecutor(6) as pool:
        sizes = list(pool.map(measure, range(6)))

    assert sizes == [0] * 6


def test_what_does_not_exist_is_none_and_its_removal_no_error(engine: Engine) -> None:
    assert engine.container("ticketctl-test-no-such") is None
    assert engine.images.find("ticketctl-test/no-such:1") is None
    engine.remove_container("ticketctl-test-no-such")
    engine.remove_volume("ticketctl-test-no-such")
    engine.remove_network("ticketctl-test-no-such")
    engine.images.remove("ticketctl-test/no-such:1")


def test_a_refusal_is_told_in_the_engine_s_words(engine: Engine, project: str) -> None:
    docker("volume", "create", "--label", f"com.docker.compose.project={project}", f"{project}-v")
    run(project, "a", "sleep", "60", options=("--volume", f"{project}-v:/v"))

    with pytest.raises(EngineError, match="could not remove a volume") as caught:
        engine.remove_volume(f"{project}-v")

    assert caught.value.status == 409
    assert "volume is in use" in caught.value.why


def test_an_image_that_no_registry_gives_is_a_build_error(engine: Engine) -> None:
    with pytest.raises(ImageBuildError):
        list(engine.images.pull("127.0.0.1:1/ticketctl-test/no-such:1"))


# --- who does not answer --------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["unix:///nonexistent/docker.sock", "tcp://127.0.0.1:1"])
def test_a_dead_address_is_an_engine_that_is_not_there(host: str) -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        connect_engine({"DOCKER_HOST": host})

    assert host in caught.value.what
    assert "ticketctl engine ensure" in caught.value.next_step


def test_a_socket_without_the_right_to_use_it_says_which_group_helps() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with EngineProxy(Path(folder) / "docker.sock") as proxy:
            (Path(folder) / "docker.sock").chmod(0o600)
            connect_engine({"DOCKER_HOST": proxy.url}).close()  # its owner may

            report = as_nobody(lambda: connect_engine({"DOCKER_HOST": proxy.url}))

    assert report["error"] == "EnginePermissionError"
    assert "sudo usermod -aG docker" in report["next"]
    assert "DOCKER_HOST" in report["next"]


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (403, "authorization denied by plugin", EnginePermissionError),
        (500, "write /var/lib/docker/tmp: no space left on device", DiskFullError),
        (500, "something odd", EngineError),
        (404, "page not found", EngineError),
    ],
)
def test_what_an_engine_may_answer_in_place_of_an_answer(
    tmp_path: Path, status: int, message: str, expected: type[TicketctlError]
) -> None:
    with answering(tmp_path / "s", status, message) as host, pytest.raises(expected) as caught:
        connect_engine({"DOCKER_HOST": host})

    assert caught.type is expected
    assert message in caught.value.why


# --- events ---------------------------------------------------------------------------------------


def test_events_tell_start_health_and_death_without_the_noise_of_checks(engine: Engine, project: str) -> None:
    with collecting(engine, project) as events:
        check = ("--health-cmd", "true", "--health-interval", "0.3s")
        run(project, "a", "sh", "-c", "sleep 2; exit 7", options=check)
        eventually(lambda: events, lambda seen: any(event.action == "die" for event in seen))

    assert [event.action for event in events] == ["create", "start", "health_status", "die"]
    assert {event.service for event in events} == {"a"}
    assert events[2].health == "healthy"
    assert events[3].exit_code == 7


def test_events_go_on_after_a_lost_connection_and_none_comes_twice(project: str, tmp_path: Path) -> None:
    with EngineProxy(tmp_path / "s") as proxy:
        engine = connect_engine({"DOCKER_HOST": proxy.url})
        with collecting(engine, project) as events:
            run(project, "before", "true")
            eventually(lambda: events, lambda seen: any(event.action == "die" for event in seen))
            proxy.cut()
            run(project, "meanwhile", "true")
            run(project, "after", "true")
            eventually(lambda: events, lambda seen: sum(event.action == "die" for event in seen) == len(SERVICES))

    heard = {service: [event.action for event in events if event.service == service] for service in SERVICES}
    assert heard == {name: ["create", "start", "die"] for name in SERVICES}


def test_an_engine_that_does_not_come_back_ends_the_stream(
    project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketctl.infra.docker.events._RETRIES", 2)
    with EngineProxy(tmp_path / "s") as proxy:
        stream = iter(connect_engine({"DOCKER_HOST": proxy.url}).events(project, since=time.time()))
        run(project, "a", "true")
        assert next(stream).action == "create"

    with pytest.raises(EngineUnavailableError):
        list(stream)


def test_closing_ends_a_stream_that_waits(engine: Engine, project: str) -> None:
    began = time.monotonic()

    with collecting(engine, project) as events:
        time.sleep(0.3)

    assert events == []
    assert time.monotonic() - began < 3


# --- helping hands --------------------------------------------------------------------------------


@contextmanager
def collecting(engine: Engine, project: str) -> Iterator[list[EngineEvent]]:
    """Collect a project's events in a thread."""
    found: list[EngineEvent] = []
    stream = engine.events(project, since=time.time())

    def collect() -> None:
        for event in stream:
            found.append(event)  # noqa: PERF402  # each as it comes

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield found
    finally:
        stream.close()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def answering(path: Path, status: int, message: str) -> Iterator[str]:
    """Answer every request at a Unix socket with one status and message."""
    body = json.dumps({"message": message}).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep quiet."""

    with socketserver.UnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


def as_nobody(call: Callable[[], object]) -> dict[str, str]:
    """Call in a child process without rights; modules are loaded before, as it may not read them."""
    import_module("docker.api")
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        report: dict[str, str] = {"error": ""}
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            call()
        except TicketctlError as error:
            report = {"error": type(error).__name__, "next": error.next_step}
        except BaseException as error:
            report = {"error": repr(error)}
        finally:
            os.write(writer, json.dumps(report).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        document: dict[str, str] = json.loads(stream.read())
    os.waitpid(pid, 0)
    return document
