"""A real stack for tests: its own folder, its own Compose project, torn down after.

Its Compose project begins with `ticketctl-test-`, so that what a killed test run leaves behind can be
told from a developer's own stack.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from leftovers import PREFIX, hold_test_lock
from ticketctl.provision.scaffold import scaffold
from ticketctl.settings.endpoints import Endpoints
from ticketctl.settings.loader import load_project
from ticketctl.settings.model import Project

TICKETCTL = (sys.executable, "-m", "ticketctl.cli.entry")


@dataclass(frozen=True)
class LiveStack:
    """A project folder whose stack a test may start, break and remove.

    Attributes:
        root: The project's folder.
        environ: Settings by environment, given to every command.
    """

    root: Path
    environ: Mapping[str, str]

    @classmethod
    def create(cls, folder: Path, name: str, environ: Mapping[str, str] | None = None) -> LiveStack:
        """Write a fresh project below a folder; nothing is started."""
        hold_test_lock()
        root = folder / f"{PREFIX}{name}"
        scaffold(root)
        return cls(root, environ or {})

    def start(self, *arguments: str, timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run the command in the project's folder and return what it did, whatever its exit code."""
        return subprocess.run(
            [*TICKETCTL, *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(self, *arguments: str, timeout: float = 300.0) -> str:
        """Run the command, expect success, and return its standard output."""
        done = self.start(*arguments, timeout=timeout)
        assert done.returncode == 0, (
            f"ticketctl {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def json(self, *arguments: str) -> Any:  # any document
        """Run the command with `--json`, expect success, and return the document."""
        return json.loads(self.run(*arguments, "--json"))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command: this process's without its settings, plus the stack's own."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TICKETCTL_")}
        return {**inherited, **self.environ}

    @cached_property
    def project(self) -> Project:
        """The project's settings."""
        return load_project(self.root / "ticketctl.yaml", self.environ)

    @property
    def endpoints(self) -> Endpoints:
        """Where the backends of the running stack are."""
        from ticketctl.provision.stack.endpoints import stack_endpoints

        return stack_endpoints(self.project)

    def remove(self) -> None:
        """Remove containers, networks and volumes."""
        self.run("reset", "--yes")
