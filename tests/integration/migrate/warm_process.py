"""Runners without the second that an interpreter takes to start: forked from a process that has everything loaded.

`python -m integration.migrate.warm_process` reads one task a line, forks a child for it, answers with the child's
process id, and when the child has ended with what became of it. It runs one child at a time.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

TESTS = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Task:
    """What a child does.

    Attributes:
        action: Name of one of `ACTIONS` in `runners`.
        root: Folder that the migrations' folder is in.
        folder: Name of the migrations' folder.
        port: Port of the server, or of a proxy before it.
        user: Account, which has no password.
        database: Name of the database.
        changes: Names of `CHANGES` in `runners`, made before the action.
        host: Address of the server.
    """

    action: str
    root: str
    folder: str
    port: int
    user: str
    database: str
    changes: Sequence[str] = ()
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a child.

    Attributes:
        error: Name of the exception's class, empty for none, `killed` if the child did not live to say.
        message: The exception's text.
        next_step: What it tells the reader to do.
        changed: Whether the action did anything.
        doubtful: Whether it says that a statement's outcome is unknown.
    """

    error: str = ""
    message: str = ""
    next_step: str = ""
    changed: bool = False
    doubtful: bool = False


KILLED = Outcome(error="killed")


class WarmProcess:
    """The process that has everything loaded; ends with its block."""

    def __enter__(self) -> WarmProcess:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "integration.migrate.warm_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), os.environ.get("PYTHONPATH", "")))},
        )
        assert self._read(60.0) == "ready"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @contextmanager
    def start(self, task: Task) -> Iterator[Child]:
        """Begin a task; the child does not outlive the block."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
        self._process.stdin.flush()
        child = Child(self, self._read(10.0))
        try:
            yield child
        finally:
            child.kill()
            child.outcome(10.0)

    def run(self, task: Task, seconds: float = 60.0) -> Outcome:
        """Do a task to its end."""
        with self.start(task) as child:
            return child.outcome(seconds)

    def _read(self, seconds: float) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            raise TimeoutError(f"no word from the child within {seconds:g} s")
        line = self._process.stdout.readline()
        assert line, "the warm process has ended"
        return json.loads(line)


class Child:
    """One running task."""

    def __init__(self, parent: WarmProcess, pid: int) -> None:
        self.pid = pid
        self._parent = parent
        self._outcome: Outcome | None = None

    def kill(self) -> None:
        """End it by SIGKILL, unless it has ended."""
        if self._outcome is None:
            # Until its outcome is read nobody has taken its exit status, so the number is still its own.
            os.kill(self.pid, 9)

    def has_ended(self) -> bool:
        """Whether its outcome can be read."""
        try:
            self.outcome(0.0)
        except TimeoutError:
            return False
        return True

    def outcome(self, seconds: float) -> Outcome:
        """Return what became of it, waiting at most so long; a TimeoutError means that it still runs."""
        if self._outcome is None:
            self._outcome = Outcome(**self._parent._read(seconds))
        return self._outcome


def main() -> None:
    """Fork a child for each line of standard input."""
    from integration.migrate import runners

    runners.load()
    _say("ready")
    ended = 0
    for line in sys.stdin:
        if ended:
            os.waitpid(ended, 0)  # only now, so that nobody kills another process by its number
        task = Task(**json.loads(line))
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _be_child(task, writing)
        os.close(writing)
        _say(pid)
        with os.fdopen(reading, "rb") as stream:
            answer = stream.read()
        _say(json.loads(answer) if answer else asdict(KILLED))
        ended = pid


def _be_child(task: Task, writing: int) -> None:
    from integration.migrate import runners

    try:
        outcome = runners.perform(task)
        os.write(writing, json.dumps(asdict(outcome)).encode())
    finally:
        os._exit(0)


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
