"""`ticketctl seed` in a project whose MySQL runs elsewhere: to its end, and in the background."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.seed.house import House
from integration.servers import ROOT
from live_stack import TICKETCTL


@dataclass(frozen=True)
class Command:
    """Runs `ticketctl seed`."""

    root: Path
    environ: Mapping[str, str]

    @classmethod
    def of(cls, house: House, root: Path) -> Command:
        """Make a project that uses the databases."""
        shutil.copy(ROOT / "ticketctl.yaml", root)
        endpoint = house.endpoints["events"]
        settings = {
            "RUNTIME": "external",
            "MYSQL__PORT": str(endpoint.port),
            "MYSQL__USER": endpoint.user,
            "MYSQL__PASSWORD": endpoint.password.reveal(),
            "DATABASES__EVENTS__NAME": house.name("events"),
            "DATABASES__INVENTORY__NAME": house.name("inventory"),
        }
        return cls(root, {f"TICKETCTL_{name}": value for name, value in settings.items()})

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.started(*arguments) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run it while the test goes on; it is ended after."""
        with subprocess.Popen(
            [*TICKETCTL, "seed", *arguments],
            cwd=self.root,
            env={**os.environ, **self.environ, "CI": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()
