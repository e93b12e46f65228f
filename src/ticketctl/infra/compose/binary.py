"""Run the Compose binary."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketctl.errors import ComposeError
from ticketctl.infra.compose.process import die_with_parent

# Seconds that Compose has to end by itself once it was told to.
_GRACE = 10.0
_KEPT_LINES = 200
# `Container shop-mysql-1  Created`: says nothing about a failure.
_PROGRESS = re.compile(
    r"(?:Container|Network|Volume|Image|Config|Secret) \S+\s+(?:[A-Z][a-z]+ing|[A-Z][a-z]+ed|Healthy|Recreate)"
)


@dataclass(frozen=True, slots=True)
class Compose:
    """A Compose v2 binary.

    Attributes:
        path: The binary.
        source: Where it was found, for people.
        version: Its version.
    """

    path: Path
    source: str
    version: tuple[int, int, int]

    def start(
        self,
        arguments: Sequence[str],
        *,
        project: str,
        file: Path | None,
        env: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
    ) -> ComposeProcess:
        """Start a Compose command and return while it runs.

        Call it from a thread that outlives the process: the kernel ends the process with that thread.

        Args:
            arguments: The command and its options. They show in `ps`: no secrets.
            project: Compose project name.
            file: The Compose file; `.env` beside it is read as well. None works on the project's containers alone,
                as their labels describe it.
            env: Environment of the process, whole.
            on_line: Called with each line of output, from another thread.
        """
        command = [str(self.path), "--ansi", "never", "--progress", "plain", "--project-name", project]
        if file is not None:
            command += ["--file", str(file)]
        # Without a file Compose looks for one in the working folder and above.
        folder = file.parent if file is not None else Path("/")
        return ComposeProcess([*command, *arguments], arguments[0], env, folder, on_line)

    def run(
        self,
        arguments: Sequence[str],
        *,
        project: str,
        file: Path | None,
        env: Mapping[str, str],
        on_line: Callable[[str], None] | None = None,
    ) -> tuple[str, ...]:
        """Run a Compose command to its end and return its last 200 lines of output, both streams in order.

        Ctrl-C ends the command first and then goes on as KeyboardInterrupt.

        Args:
            arguments: See `start`.
            project: See `start`.
            file: See `start`.
            env: See `start`.
            on_line: See `start`.

        Raises:
            ComposeError: It failed; the error has its last lines.
        """
        with self.start(arguments, project=project, file=file, env=env, on_line=on_line) as process:
            if process.wait() != 0:
                raise process.error()
            return process.lines

    def config(self, *, file: Path, env: Mapping[str, str]) -> dict[str, Any]:
        """Return the Compose file as Compose itself understands it, variables filled in.

        The document holds what variables hold, secrets too.

        Args:
            file: The Compose file.
            env: Environment of the process, whole.

        Raises:
            ComposeError: It is not valid.
        """
        answer = subprocess.run(
            [self.path, "-f", file, "config", "--format", "json"],
            env=dict(env),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise _failure("config", answer.returncode, answer.stderr.splitlines())
        document: dict[str, Any] = json.loads(answer.stdout)
        return document


class ComposeProcess:
    """A Compose command while it runs. Leaving its `with` block ends it.

    It runs in a process group of its own, so that Ctrl-C in the terminal reaches it through us, once.
    """

    def __init__(
        self,
        command: Sequence[str],
        name: str,
        env: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str], None] | None,
    ) -> None:
        self._name = name
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509  # one system call, prepared before the fork
        )
        self._reader = threading.Thread(target=self._read, name=f"compose {name}", daemon=True)
        self._reader.start()

    def __enter__(self) -> ComposeProcess:
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def lines(self) -> tuple[str, ...]:
        """Its last 200 lines of output so far."""
        return tuple(self._lines)

    def poll(self) -> int | None:
        """Return its exit status, None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its end, and for the last line of its output, and return its exit status."""
        status = self._process.wait()
        self._reader.join(_GRACE)
        return status

    def stop(self) -> None:
        """End it: SIGINT as Ctrl-C would, and SIGKILL when it takes more than 10 seconds or on another Ctrl-C."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_GRACE)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                self._process.kill()
        self.wait()

    def error(self) -> ComposeError:
        """Return the error for its exit status, with its last lines."""
        return _failure(self._name, self._process.returncode or 0, self.lines)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # asked for above
        with self._process.stdout as stream:
            for raw in stream:
                line = raw.rstrip()
                if line:
                    self._lines.append(line.strip())
                    if self._on_line is not None:
                        self._on_line(line.strip())


def _failure(name: str, status: int, lines: Sequence[str]) -> ComposeError:
    telling = [line for line in lines if not _PROGRESS.fullmatch(line)] or lines
    return ComposeError(
        f"`docker compose {name}` failed with exit status {status}",
        returncode=status,
        why="\n".join(telling[-20:]) or "it printed nothing",
        next_step="correct the cause in the last line and run the same command again; it goes on where it stopped",
    )
