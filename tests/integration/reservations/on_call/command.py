"""`ticketctl reservations` in a project whose servers run elsewhere: to its end, and at a terminal."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.conftest import REDIS_PASSWORD
from integration.locks.command import Terminal
from integration.reservations.on_call.house import House
from integration.servers import ROOT
from live_stack import TICKETCTL

_ASKS_REDIS_FOR_ENTRIES = {"status", "reconcile"}


@dataclass(frozen=True)
class Command:
    """Runs `ticketctl reservations`."""

    root: Path
    environ: Mapping[str, str]
    namespace: str

    @classmethod
    def of(cls, house: House, root: Path) -> Command:
        """Make a project that uses the servers, with the account of a service."""
        shutil.copy(ROOT / "ticketctl.yaml", root)
        environ = {
            "RUNTIME": "external",
            "MYSQL__PORT": str(house.inventory.port),
            "MYSQL__USER": house.inventory.user,
            "MYSQL__PASSWORD": house.inventory.password,
            "MYSQL__CONNECT_TIMEOUT": "2",
            "DATABASES__INVENTORY__NAME": house.inventory.name,
            "REDIS__PORT": str(house.redis.connection_pool.connection_kwargs["port"]),
            "REDIS__PASSWORD": REDIS_PASSWORD.reveal(),
            "REDIS__CONNECT_TIMEOUT": "1",
        }
        return cls(root, {f"TICKETCTL_{name}": value for name, value in environ.items()}, house.namespace)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*arguments),
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def at_terminal(self, *arguments: str) -> Iterator[Terminal]:
        """Run it at a terminal; it is ended after."""
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            self.line(*arguments), cwd=self.root, env=self.environment, stdin=follower, stdout=follower, stderr=follower
        )
        os.close(follower)
        try:
            yield Terminal(process, leader)
        finally:
            process.kill()
            process.wait()
            os.close(leader)

    def line(self, *arguments: str) -> list[str]:
        own = ("--namespace", self.namespace) if arguments[:1] and arguments[0] in _ASKS_REDIS_FOR_ENTRIES else ()
        return [*TICKETCTL, "reservations", *arguments, *own]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.environ, "TERM": "xterm", "LINES": "24", "COLUMNS": "200"}
