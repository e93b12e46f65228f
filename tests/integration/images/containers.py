"""Containers of one image, run as the tests of its entrypoint need them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from integration.servers import LABEL, PREFIX, docker, processes

OWNER = f"{LABEL}={os.getpid()}"
HARDENED = ("--init", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@dataclass(frozen=True)
class SecretFile:
    """A file that only its owner may read."""

    content: str
    owner: int = 0
    mode: int = 0o400


@dataclass(frozen=True)
class Container:
    """One container, which may have ended."""

    name: str

    def run(self, *command: str, environ: Mapping[str, str] | None = None, given: str = "") -> str:
        """Run a command inside and return what it printed."""
        result = self.attempt(*command, environ=environ, given=given)
        assert result.returncode == 0, f"{command[0]}: {result.stderr or result.stdout}"
        return result.stdout.strip()

    def attempt(
        self, *command: str, environ: Mapping[str, str] | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, which may fail."""
        names = [argument for variable in environ or {} for argument in ("--env", variable)]
        return subprocess.run(
            ["docker", "exec", "--interactive", *names, self.name, *command],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, **(environ or {})},
        )

    def logs(self) -> str:
        """Everything that it printed so far, on both streams."""
        result = subprocess.run(
            ["docker", "logs", self.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        )
        return result.stdout

    def inspect(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", self.name))[0]
        return found

    def address(self, port: int) -> str:
        """Where a port of the container is reached from here: `127.0.0.1:49153`."""
        return docker("port", self.name, str(port)).splitlines()[0]

    def processes(self) -> list[tuple[int, str]]:
        """User id and command line of each process inside."""
        return processes(self.name)

    def wait_until(self, ready: Callable[[], object], seconds: float = 300) -> None:
        """Call until it returns something true; an ended container ends the waiting."""
        deadline = time.monotonic() + seconds
        while not ready():
            state = self.inspect()["State"]
            assert state["Running"], f"{self.name} ended with {state['ExitCode']}:\n{self.logs()[-2000:]}"
            assert time.monotonic() < deadline, f"{self.name} is not ready:\n{self.logs()[-2000:]}"
            time.sleep(0.2)

    def exit_code(self, seconds: float = 180) -> int:
        """Wait for its end."""
        result = subprocess.run(
            ["docker", "wait", self.name], capture_output=True, text=True, check=True, timeout=seconds
        )
        return int(result.stdout)

    def stop(self) -> tuple[int, float]:
        """SIGTERM; return the exit code and how many seconds it took."""
        started = time.monotonic()
        docker("stop", "--time", "30", self.name)
        return int(self.inspect()["State"]["ExitCode"]), time.monotonic() - started

    def kill(self) -> None:
        docker("kill", self.name)

    def start(self) -> None:
        docker("start", self.name)

    def everything_visible(self) -> str:
        """What others can see of it: configuration, log, and the command lines of its processes."""
        lines = [arguments for _, arguments in self.processes()] if self.inspect()["State"]["Running"] else []
        return json.dumps(self.inspect()) + self.logs() + "\n".join(lines)


@contextmanager
def running(
    image: str,
    *,
    environ: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    command: Sequence[str] = (),
    files: Mapping[str, SecretFile] | None = None,
) -> Iterator[Container]:
    """Start a container with files put inside; remove it and its unnamed volumes at the end."""
    container = Container(f"{PREFIX}images-{uuid4().hex[:8]}")
    settings = [argument for name, value in (environ or {}).items() for argument in ("--env", f"{name}={value}")]
    docker("create", "--name", container.name, "--label", OWNER, *settings, *options, image, *command)
    try:
        if files:
            subprocess.run(
                ["docker", "cp", "-", f"{container.name}:/"], input=_archive(files), check=True, capture_output=True
            )
        container.start()
        yield container
    finally:
        docker("rm", "--force", "--volumes", container.name, check=False)


@contextmanager
def volume() -> Iterator[str]:
    """A named volume, empty until something is written."""
    name = docker("volume", "create", "--label", OWNER, f"{PREFIX}images-{uuid4().hex[:8]}")
    try:
        yield name
    finally:
        docker("volume", "rm", "--force", name, check=False)


@contextmanager
def network() -> Iterator[str]:
    """A network of the tests' own, on which containers know each other's names."""
    name = f"{PREFIX}images-{uuid4().hex[:8]}"
    docker("network", "create", "--label", OWNER, name)
    try:
        yield name
    finally:
        docker("network", "rm", name, check=False)


def _archive(files: Mapping[str, SecretFile]) -> bytes:
    """A tar: `docker cp` takes owner and mode from it, whoever runs the tests."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, file in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            content = file.content.encode()
            entry.size, entry.uid, entry.mode = len(content), file.owner, file.mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
