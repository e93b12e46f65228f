"""Processes of one contender that are started together, run one job and are gone at the end."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from locks.contenders import Contender
from locks.history import History
from locks.jobs.order import Order
from locks.server import Counters, Server

HEAD_START = 0.1
"""Seconds between the word to begin and the beginning, so that all have heard it."""
HEAD_START_ALONE = 0.005
PATIENCE = 120.0
"""Seconds after which processes that hang are ended."""


class WorkerFailedError(Exception):
    """A worker ended without a result; its own message is on the standard error."""


@dataclass(frozen=True, slots=True)
class Window:
    """What happened between two moments, while all were running.

    Attributes:
        start: Of the window, on the monotonic clock.
        stop: Of the window.
        added: What the server counted in it.
        results: Of each process.
    """

    start: float
    stop: float
    added: Counters
    results: Sequence[dict[str, Any]]

    @property
    def seconds(self) -> float:
        return self.stop - self.start

    def history(self) -> History:
        """Return who was inside and when, from the first entry to the last."""
        return History.of([[(enter, leave, fence) for enter, leave, fence in one["notes"]] for one in self.results])


@dataclass(frozen=True, slots=True)
class Session:
    """Processes that are warm.

    Attributes:
        server: What they work on.
        workers: The processes.
    """

    server: Server
    workers: Sequence[subprocess.Popen[str]]

    def results(self) -> list[dict[str, Any]]:
        """Let them begin together a job that ends by itself."""
        begin = time.monotonic() + HEAD_START
        _begin(self.workers, begin, begin)
        return [_line(worker) for worker in self.workers]

    def window(self, *, lead_in: float, seconds: float) -> Window:
        """Let them work for a while, and look at a part of the time.

        Args:
            lead_in: Seconds that they work before the window.
            seconds: Its length.
        """
        begin = time.monotonic() + (HEAD_START if len(self.workers) > 1 else HEAD_START_ALONE)
        start, stop = begin + lead_in, begin + lead_in + seconds
        _begin(self.workers, begin, stop)
        _sleep_until(start)
        before = self.server.counters()
        _sleep_until(stop)
        added = self.server.counters().since(before)
        return Window(start, stop, added, [_line(worker) for worker in self.workers])


@dataclass(frozen=True, slots=True)
class Runner:
    """Starts workers.

    Attributes:
        server: What they work on.
        peers: The prepared peers, None for none.
    """

    server: Server
    peers: Path | None

    def order(self, contender: Contender, job: str, count: int = 1, inside: float = 0, seconds: float = 0) -> Order:
        """Return an order for a lock that nobody has used; the numbers are those of `Order`."""
        server = self.server
        return Order(job, contender.adapter, server.host, server.port, server.fresh_name(), count, inside, seconds)

    def once(self, contender: Contender, order: Order, patience: float = PATIENCE) -> dict[str, Any]:
        """Run a job that ends by itself in one process."""
        return self.together(contender, order, 1, patience)[0]

    def together(
        self, contender: Contender, order: Order, count: int, patience: float = PATIENCE
    ) -> list[dict[str, Any]]:
        """Run a job that ends by itself in several processes that begin at the same time."""
        with self.session(contender, order, count, patience) as session:
            return session.results()

    @contextmanager
    def session(
        self, contender: Contender, order: Order, count: int = 1, patience: float = PATIENCE
    ) -> Iterator[Session]:
        """Start processes, let them get warm, and end them at the end of the block.

        Args:
            contender: Whose processes.
            order: What each does.
            count: How many processes.
            patience: Seconds after which they are ended in any case.
        """
        program = [*contender.program(self.peers), json.dumps(asdict(order))]
        workers: list[subprocess.Popen[str]] = []
        guard = threading.Timer(patience, _kill, [workers])
        guard.start()
        try:
            workers.extend(_start(program) for _ in range(count))
            for worker in workers:
                _line(worker)
            yield Session(self.server, workers)
        finally:
            guard.cancel()
            _end(workers)


def _start(program: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _begin(workers: Sequence[subprocess.Popen[str]], begin: float, stop: float) -> None:
    for worker in workers:
        assert worker.stdin is not None
        # One that has ended is found out by its missing answer.
        with suppress(BrokenPipeError):
            worker.stdin.write(json.dumps({"begin": begin, "stop": stop}) + "\n")
            worker.stdin.flush()


def _line(worker: subprocess.Popen[str]) -> dict[str, Any]:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise WorkerFailedError(f"{Path(worker.args[0]).name} ended with {worker.wait()}")  # type: ignore[index,arg-type]
    found: dict[str, Any] = json.loads(line)
    return found


def _kill(workers: Sequence[subprocess.Popen[str]]) -> None:
    for worker in workers:
        if worker.poll() is None:
            worker.kill()


def _end(workers: Sequence[subprocess.Popen[str]]) -> None:
    _kill(workers)
    for worker in workers:
        worker.wait()
        for stream in (worker.stdin, worker.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
