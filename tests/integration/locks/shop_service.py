"""The service of `docs/howto/locks-fastapi.md`: made from the page, and run under uvicorn."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import redis

from integration.eventually import eventually
from integration.locks.shop_payments import Payments

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "locks-fastapi.md"
ORDER = 17
_LISTENS = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def statements() -> list[str]:
    """The tables of the page."""
    return [text for text in "".join(blocks("sql")).split(";\n") if text.strip()]


def source(changes: Mapping[str, str] | None = None) -> str:
    """The page's service; `changes` says what a test has otherwise, and by what it is replaced."""
    code = "\n\n".join(blocks("python"))
    for text, other in (changes or {}).items():
        assert code.count(text) == 1, f"{text!r} does not stand on the page once"
        code = code.replace(text, other)
    return code


def arguments() -> list[str]:
    """What the page runs it with, behind the program's name."""
    (line,) = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("uvicorn ")]
    return line.split()[1:]


class Shop:
    """One process of the service."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._log = folder / f"{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", *arguments(), "--port", "0"],
                cwd=folder,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._clients = ThreadPoolExecutor(8)
        self.url = ""

    def __enter__(self) -> Shop:
        found = eventually(
            lambda: (self._process.poll(), _LISTENS.search(self.log)), lambda seen: seen[0] or seen[1], 60
        )
        assert found[1] is not None, self.log
        self.url = found[1][1]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._clients.shutdown()
        sys.stdout.write(self.log)  # pytest shows it of a test that failed

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def pid(self) -> int:
        return self._process.pid

    def checkout(self, order: int, timeout: float = 60) -> Future[httpx.Response]:
        return self._clients.submit(httpx.post, f"{self.url}/orders/{order}/checkout", timeout=timeout)

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric with these labels, 0 when there is none."""
        for line in httpx.get(f"{self.url}/metrics", timeout=60).text.splitlines():
            if line.startswith(f"{name}{{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
                return float(line.rpartition(" ")[2])
        return 0.0

    def stop(self) -> None:
        """Stop it in the middle of whatever it does."""
        self._process.send_signal(signal.SIGSTOP)
        state = Path(f"/proc/{self.pid}/stat")
        eventually(lambda: state.read_text().rpartition(")")[2].split()[0], lambda letter: letter == "T")

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to end, as who runs services does."""
        self._process.send_signal(signal.SIGTERM)

    def ended(self) -> None:
        """Wait until it has ended in good order; uvicorn then ends by the signal that it was asked by."""
        assert self._process.wait(30) in (0, -signal.SIGTERM), self.log
        assert "Application shutdown complete." in self.log
        assert "Traceback" not in self.log


def environment(payments: str, redis_url: str, mysql: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTEST"))}
    database = {f"MYSQL_{name.upper()}": value for name, value in mysql.items()}
    return {**inherited, **database, "PAYMENTS_URL": payments, "REDIS_URL": redis_url}


class World:
    """The page's service and what it works with.

    Attributes:
        keys: A client of its Redis database.
        rows: A cursor of its MySQL database that commits by itself.
        payments: Its payment provider.
    """

    def __init__(self, keys: redis.Redis, rows: Any, payments: Payments, start: Callable[[str], Shop]) -> None:
        self.keys = keys
        self.rows = rows
        self.payments = payments
        self._start = start

    def start(self, changes: dict[str, str] | None = None) -> Shop:
        """Start a process of it; `changes` says what a test has otherwise."""
        return self._start(source(changes))

    def busy_shop(self, changes: dict[str, str] | None = None) -> tuple[Shop, Future[httpx.Response]]:
        """Start a process, and a checkout in it; return when the provider was asked and takes its time."""
        shop = self.start(changes)
        first = shop.checkout(ORDER)
        eventually(lambda: self.payments.busy or first.done(), bool)
        assert not first.done(), first.result().text
        return shop, first

    def order(self) -> tuple[str, str | None]:
        """Status and payment."""
        self.rows.execute("SELECT status, payment FROM orders WHERE id = %s", (ORDER,))
        status, payment = self.rows.fetchone()
        return status, payment

    @property
    def leader(self) -> str:
        """The lease of who leads the sweeping."""
        return str(self.keys.get("lock:{leader:sweeper}"))
