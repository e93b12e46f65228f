"""Real processes that use locks, and that tests stop, continue and kill."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import threading
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from conformance.locks.either import Kind
from conformance.locks.history import Holding, read, violations
from conformance.locks.warm_process import WarmProcess
from integration.eventually import eventually

PATIENCE = 30.0  # seconds that nothing here takes, unless something hangs


class WorkerError(Exception):
    """What a worker was told to do raised an exception.

    Attributes:
        kind: Name of the exception's class.
        details: Its plain attributes.
    """

    def __init__(self, kind: str, text: str, details: dict[str, Any]) -> None:
        self.kind = kind
        self.details = details
        super().__init__(f"{kind}: {text}")


@dataclass(frozen=True)
class Pending:
    """Something that a worker is doing."""

    future: Future[Any]

    def result(self, seconds: float = PATIENCE) -> Any:
        return self.future.result(seconds)

    @property
    def done(self) -> bool:
        return self.future.done()

    def error(self, seconds: float = PATIENCE) -> WorkerError:
        """Return what it failed with."""
        error = self.future.exception(seconds)
        assert isinstance(error, WorkerError), f"no failure, but {error or self.future.result()!r}"
        return error


class Worker:
    """One process; ends with its block.

    Args:
        warm: What it is forked of.
        kind: Whether it uses threads or asyncio.
        port: Where Redis is, or a proxy before it.
        history: The file that it appends to when it enters and leaves.
        options: Options of its locker.
    """

    def __init__(self, warm: WarmProcess, kind: Kind, port: int, history: Path, **options: Any) -> None:
        self.kind = kind
        self._numbers = itertools.count(1)
        self._pending: dict[int, Future[Any]] = {}
        self.killed = False
        self._process = warm.start([kind, str(port), str(history), json.dumps(options)])
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cont()
        with contextlib.suppress(BrokenPipeError):  # killed
            self._process.stdin.close()
        ended = self._process.wait(PATIENCE / 3)
        if not ended:
            self.kill()
        self._reader.join()
        self._process.close()
        assert ended or error is not None, "the process went on when its input ended"

    # --- what it does -----------------------------------------------------------------------------

    def begin(self, do: str, **what: Any) -> Pending:
        """Have it do something, and return at once."""
        number = next(self._numbers)
        future = self._pending[number] = Future[Any]()
        self._process.stdin.write(json.dumps({"id": number, "do": do, **what}) + "\n")
        self._process.stdin.flush()
        return Pending(future)

    def ask(self, do: str, **what: Any) -> Any:
        """Have it do something, and return what came of it."""
        return self.begin(do, **what).result()

    # --- what becomes of it -----------------------------------------------------------------------

    def stop(self) -> None:
        """Have it stand still, and return when it does."""
        self._process.send(signal.SIGSTOP)
        eventually(lambda: Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0], "T".__eq__)

    def cont(self) -> None:
        """Let it go on."""
        self._process.send(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, stopped or not."""
        self.killed = True
        self._process.send(signal.SIGKILL)
        assert self._process.wait(PATIENCE)

    def _read(self) -> None:
        for text in self._process.stdout:
            content = json.loads(text)
            future = self._pending.pop(content["id"])
            if "error" in content:
                future.set_exception(WorkerError(content["error"], content["text"], content["details"]))
            else:
                future.set_result(content["result"])
        for future in self._pending.values():
            future.set_exception(EOFError("the process has ended"))


class Crew:
    """The workers of a test, and what they wrote down; they end with its block."""

    def __init__(self, warm: WarmProcess, history: Path) -> None:
        self._warm = warm
        self._history = history
        self._workers = ExitStack()
        self._all: list[Worker] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.__exit__(kind, error, trace)

    def start(self, kind: Kind, port: int, **options: Any) -> Worker:
        """Start one more; it may take a moment until it does what it is told."""
        worker = self._workers.enter_context(Worker(self._warm, kind, port, self._history, **options))
        self._all.append(worker)
        return worker

    def holdings(self) -> list[Holding]:
        """What they did so far."""
        return read(self._history)

    def violations(self) -> list[str]:
        """What they did that must not be."""
        killed = {worker.pid for worker in self._all if worker.killed}
        return [str(violation) for violation in violations(self.holdings(), ended=killed)]
