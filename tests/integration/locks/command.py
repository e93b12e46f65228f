"""`ticketctl lock` in a project whose Redis runs elsewhere: to its end, in the background, and at a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.conftest import REDIS_PASSWORD
from integration.servers import ROOT, Server
from live_stack import TICKETCTL


@dataclass(frozen=True)
class Command:
    """Runs `ticketctl lock`."""

    root: Path
    environ: Mapping[str, str]
    namespace: str

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._line(arguments),
            cwd=self.root,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run it while the test goes on; it is ended after."""
        with subprocess.Popen(
            self._line(arguments),
            cwd=self.root,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def at_terminal(self, *arguments: str) -> Iterator[Terminal]:
        """Run it at a terminal; it is ended after."""
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            self._line(arguments), cwd=self.root, env=self._environ, stdin=follower, stdout=follower, stderr=follower
        )
        os.close(follower)
        try:
            yield Terminal(process, leader)
        finally:
            process.kill()
            process.wait()
            os.close(leader)

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [*TICKETCTL, "lock", *arguments, "--namespace", self.namespace]

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ, "TERM": "xterm", "LINES": "24", "COLUMNS": "200"}


class Terminal:
    """A command and the terminal that it runs at."""

    def __init__(self, process: subprocess.Popen[bytes], leader: int) -> None:
        self.process = process
        self._leader = leader
        self.screen = ""

    def says(self, words: str, *, times: int = 1, seconds: float = 20.0) -> None:
        """Read until it has said this so often."""
        deadline = time.monotonic() + seconds
        while self.screen.count(words) < times:
            assert time.monotonic() < deadline, self.screen
            if select.select([self._leader], [], [], 0.5)[0]:
                self._read()

    def types(self, words: str) -> None:
        os.write(self._leader, words.encode())

    def ends(self) -> int:
        """Read until it has ended, and return its exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=10)

    def interrupted(self) -> int:
        """Press Ctrl-C, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ends()

    def _read(self) -> bool:
        try:
            self.screen += os.read(self._leader, 65536).decode(errors="replace")
        except OSError:  # nobody has the other end open any more
            return False
        return True


def project(root: Path, server: Server, namespace: str) -> Command:
    """Make a project that uses the server."""
    shutil.copy(ROOT / "ticketctl.yaml", root)
    environ = {
        "TICKETCTL_RUNTIME": "external",
        "TICKETCTL_REDIS__PORT": str(server.port),
        "TICKETCTL_REDIS__PASSWORD": REDIS_PASSWORD.reveal(),
        "TICKETCTL_REDIS__CONNECT_TIMEOUT": "1",
    }
    return Command(root, environ, namespace)
