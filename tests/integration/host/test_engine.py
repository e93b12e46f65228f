"""A real dockerd beside the machine's own: started, killed, found again, never touched while it runs."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from integration.eventually import eventually
from ticketctl.errors import EngineUnavailableError
from ticketctl.events import Emit, Event, Progress, StepFinished, ignore
from ticketctl.provision.host.engine import EngineResult, engine_status, ensure_engine
from ticketctl.provision.host.model import EngineFiles
from ticketctl.provision.host.observe import program_of, read_pid_file
from ticketctl.provision.host.ping import connect

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a second dockerd needs root"),
]


CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class OwnEngine:
    """A dockerd with a folder and a socket of its own."""

    folder: Path

    @property
    def files(self) -> EngineFiles:
        options = (
            *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
            *("--pidfile", str(self.folder / "docker.pid"), "--host", f"unix://{self.folder}/docker.sock"),
            *("--bridge=none", "--iptables=false", "--storage-driver=vfs"),
            *("--containerd-namespace=ticketctl-test", "--containerd-plugins-namespace=ticketctl-test-plugins"),
        )
        return EngineFiles(
            socket=self.folder / "docker.sock",
            pid_file=self.folder / "docker.pid",
            containerd_pid_file=self.folder / "exec" / "containerd" / "containerd.pid",
            log=self.folder / "dockerd.log",
            arguments=options,
        )

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": f"unix://{self.folder}/docker.sock"}

    def ensure(self, emit: Emit = ignore, *, dry_run: bool = False) -> EngineResult:
        return ensure_engine(self.environ, emit=emit, files=self.files, dry_run=dry_run)

    @property
    def pids(self) -> dict[str, int]:
        """Living processes by their pid files: `dockerd`, and `containerd` where it started one itself."""
        found = (read_pid_file(path, "root") for path in (self.files.pid_file, self.files.containerd_pid_file))
        return {file.program: file.pid for file in found if file is not None and file.pid and file.program}

    def kill(self) -> None:
        """End it as a power cut would. A killed process loses its socket some milliseconds after its name."""
        for pid in self.pids.values():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.pids or self.listens(), lambda seen: not seen, 10)

    def listens(self) -> bool:
        """Whether somebody takes connections at the socket."""
        try:
            connect(str(self.files.socket))
        except OSError:
            return False
        return True


@pytest.fixture
def _own_network() -> Iterator[None]:
    """A network namespace for the engine: `--bridge=none` deletes docker0, which is another engine's outside."""
    libc = ctypes.CDLL(None, use_errno=True)
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    yield
    assert libc.setns(outside, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    os.close(outside)


@pytest.fixture
def own_engine(_own_network: None) -> Iterator[OwnEngine]:
    # The path of a socket may have 107 characters, which pytest's own folders come close to.
    folder = Path(tempfile.mkdtemp(prefix="ticketctl-test-engine-"))
    engine = OwnEngine(folder)
    yield engine
    started = engine.pids
    for pid in started.values():
        with suppress(ProcessLookupError):  # it ends its containerd itself
            os.kill(pid, signal.SIGTERM)
    eventually(lambda: [pid for pid in started.values() if program_of(pid)], lambda running: not running, 20)
    unmount_below(folder)
    shutil.rmtree(folder)


def unmount_below(folder: Path) -> None:
    """Take down what a killed engine left mounted, the innermost first; its files close last of all."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((point for point in points if Path(point).is_relative_to(folder)), reverse=True):
        eventually(partial(unmount, point), lambda problem: not problem)


def unmount(point: str) -> str:
    """Take it down; return what is in the way."""
    return subprocess.run(["umount", point], check=False, capture_output=True, text=True).stderr


def test_an_engine_is_started_once_and_then_left_alone(own_engine: OwnEngine) -> None:
    assert engine_status(own_engine.environ).answer == "silent"
    assert own_engine.ensure(dry_run=True).changed
    assert own_engine.pids == {}, "a dry run starts nothing"
    events: list[Event] = []

    first = own_engine.ensure(events.append)
    running = own_engine.pids
    second = own_engine.ensure()

    assert first.changed
    assert isinstance(events[-1], StepFinished)
    assert events[-1].outcome == "changed"
    assert (second.changed, second.version) == (False, first.version)
    assert own_engine.pids == running
    assert engine_status(own_engine.environ).detail == first.version


def test_a_killed_engine_is_started_over_what_it_left_behind(own_engine: OwnEngine) -> None:
    own_engine.ensure()
    before = own_engine.pids
    own_engine.kill()
    left = [path for path in (own_engine.files.pid_file, own_engine.files.containerd_pid_file) if path.exists()]
    assert own_engine.files.pid_file in left
    assert own_engine.files.socket.exists()

    planned = own_engine.ensure(dry_run=True).plan
    result = own_engine.ensure()

    assert [line for line in planned if "remove" in line] == [
        f"  {number}. remove {path}: its process {pid} is gone"
        for number, (path, pid) in enumerate(zip(left, before.values(), strict=False), 1)
    ]
    assert result.changed
    assert result.version
    assert own_engine.pids["dockerd"] != before["dockerd"]


def test_a_pid_file_whose_number_belongs_to_something_else_now_is_no_obstacle(own_engine: OwnEngine) -> None:
    own_engine.files.pid_file.write_text(str(os.getpid()))
    # Negative control: dockerd itself refuses to start over it.
    program = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert program is not None
    refused = subprocess.run(
        [program, *own_engine.files.arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert refused.returncode != 0
    assert str(own_engine.files.pid_file) in refused.stderr

    result = own_engine.ensure()

    assert result.changed
    assert program_of(os.getpid()), "whoever has that number now is left alone"


def test_an_engine_that_ends_at_once_is_reported_with_its_last_words(own_engine: OwnEngine) -> None:
    files = own_engine.files
    broken = replace(files, arguments=(*files.arguments, "--no-such-option"))
    started = time.monotonic()

    with pytest.raises(EngineUnavailableError, match="ended at once") as caught:
        ensure_engine(own_engine.environ, files=broken)

    assert "no-such-option" in caught.value.why
    assert str(files.log) in caught.value.next_step
    assert time.monotonic() - started < 20


def test_two_at_once_start_one_engine(own_engine: OwnEngine) -> None:
    from concurrent.futures import ThreadPoolExecutor

    events: list[Event] = []
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: own_engine.ensure(events.append), range(2)))

    assert sorted(result.changed for result in results) == [False, True]
    assert [event.state for event in events if isinstance(event, Progress)] == ["starting", "answers"]
