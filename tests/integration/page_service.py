"""A service that stands on a page of the documentation: made from its blocks, and run under uvicorn."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import httpx

from integration.eventually import eventually

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
_LISTENS = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")


class Page:
    """A page with a service on it.

    Args:
        name: Its file in `docs/howto`.
    """

    def __init__(self, name: str) -> None:
        self.path = HOWTO / name

    def blocks(self, language: str) -> list[str]:
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.DOTALL | re.MULTILINE)

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def source(self, changes: Mapping[str, str] | None = None) -> str:
        """The service; `changes` says what a test has otherwise, and by what it is replaced."""
        code = "\n\n".join(self.blocks("python"))
        for text, other in (changes or {}).items():
            assert code.count(text) == 1, f"{text!r} does not stand on the page once"
            code = code.replace(text, other)
        return code

    def arguments(self) -> list[str]:
        """What the page runs it with, behind the program's name."""
        (line,) = [line for block in self.blocks("sh") for line in block.splitlines() if line.startswith("uvicorn ")]
        return line.split()[1:]


class Service:
    """One process of a page's service.

    Args:
        page: The page.
        folder: Where its module is.
        environ: What it is told by its environment.
    """

    def __init__(self, page: Page, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._log = folder / f"{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", *page.arguments(), "--port", "0"],
                cwd=folder,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._clients = ThreadPoolExecutor(8)
        self.url = ""

    def __enter__(self) -> Self:
        found = eventually(
            lambda: (self._process.poll(), _LISTENS.search(self.log)), lambda seen: seen[0] or seen[1], 60
        )
        assert found[1] is not None, self.log
        self.url = found[1][1]
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._clients.shutdown()
        sys.stdout.write(self.log)  # pytest shows it of a test that failed

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, method: str, path: str, *, timeout: float = 60, **options: Any) -> Future[httpx.Response]:
        """Ask it for something; at most eight are on their way at a time."""
        return self._clients.submit(httpx.request, method, f"{self.url}{path}", timeout=timeout, **options)

    def stop(self) -> None:
        """Stop it in the middle of whatever it does."""
        self._process.send_signal(signal.SIGSTOP)
        state = Path(f"/proc/{self.pid}/stat")
        eventually(lambda: state.read_text().rpartition(")")[2].split()[0], lambda letter: letter == "T")

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Ask it to end, as who runs services does."""
        self._process.send_signal(signal.SIGTERM)

    def ended(self) -> None:
        """Wait until it has ended in good order; uvicorn then ends by the signal that it was asked by."""
        assert self._process.wait(30) in (0, -signal.SIGTERM), self.log
        assert "Application shutdown complete." in self.log
        assert "Traceback" not in self.log


def environment(redis_url: str, mysql: Mapping[str, str], **others: str) -> dict[str, str]:
    """What a service is told by its environment: this process' own, and where its servers are."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTEST"))}
    database = {f"MYSQL_{name.upper()}": value for name, value in mysql.items()}
    return {**inherited, **database, "REDIS_URL": redis_url, **others}
