"""A process that uses locks as it is told, one line of JSON for each thing to do.

Its arguments are the kind, the server's port, the history, and the options of its locker as JSON. A line holds the
number that its answer carries, what to do, and with what: `{"id": 1, "do": "acquire", "name": "seat"}`. Things are done
at the same time, each in a thread or task of its own. The process ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import redis

from conformance.locks.either import AnyLock, AnyLocker, Kind, inside, new_locker, pause, run_here, settled
from conformance.locks.history import Recorder
from ticketctl.errors import LockError
from ticketctl.locks import fenced

Job = Callable[..., Coroutine[Any, Any, Any]]


class Worker:
    """What a process does with locks."""

    def __init__(self, kind: Kind, port: int, history: Path, options: dict[str, Any]) -> None:
        self.kind = kind
        self._locker: AnyLocker = new_locker(kind, port, **options)
        self._port = port
        self._recorder = Recorder(history)
        self._locks: dict[str, AnyLock] = {}
        self._lost: list[str] = []

    def job(self, name: str) -> Job:
        found: Job = getattr(self, f"do_{name}")
        return found

    # --- single steps -----------------------------------------------------------------------------

    async def do_ping(self) -> None:
        """Say that it runs."""

    async def do_acquire(self, name: str, **terms: Any) -> dict[str, Any]:
        """Acquire, enter, and stay inside."""
        began = time.monotonic()
        lock = await settled(self._locker.acquire(name, on_lost=self._note_loss, **terms))
        return self._enter(name, lock, began)

    async def do_try_acquire(self, name: str, **terms: Any) -> dict[str, Any] | None:
        """Acquire if it is free."""
        began = time.monotonic()
        lock = await settled(self._locker.try_acquire(name, on_lost=self._note_loss, **terms))
        return None if lock is None else self._enter(name, lock, began)

    async def do_release(self, name: str) -> None:
        """Leave, and let go."""
        lock = self._locks[name]
        self._recorder.write("left", "steps", lock)
        await settled(lock.release())

    async def do_extend(self, name: str, ttl: float | None = None) -> float:
        """Extend, and return for how long it is held."""
        lock = self._locks[name]
        await settled(lock.extend(ttl))
        self._recorder.write("renewed", "steps", lock)
        return lock.remaining()

    async def do_check(self, name: str) -> None:
        """Ask the handle whether it is held."""
        self._locks[name].check()

    async def do_state(self, name: str) -> dict[str, Any]:
        """Say what the handle says."""
        lock = self._locks[name]
        return {"lost": lock.lost, "remaining": lock.remaining(), "called": self._lost.count(name)}

    async def do_write(self, name: str, key: str, value: str) -> None:
        """Write to Redis under the fence of a lock, whether or not it is still held."""
        with redis.Redis(host="127.0.0.1", port=self._port) as client:
            fenced.write(client, self._locks[name].fence, "SET", key, value)

    async def do_close(self) -> None:
        """Close the locker."""
        await settled(self._locker.close())

    # --- longer ones ------------------------------------------------------------------------------

    async def do_body(self, name: str, seconds: float, checking: bool = False, **terms: Any) -> float:
        """Spend so many seconds in a `with`, and return how many it were; whatever ends it comes out."""
        lock = await settled(self._locker.acquire(name, **terms))
        async with inside(lock):
            self._recorder.write("entered", "body", lock)
            began = time.monotonic()
            try:
                while time.monotonic() < began + seconds:
                    await pause(self.kind, 0.05)
                    if checking:
                        lock.check()
            finally:
                self._recorder.write("left", "body", lock)
        return time.monotonic() - began

    async def do_crowd(self, names: list[str], seconds: float, tasks: int, inside: float, **terms: Any) -> Any:
        """Have many tasks or threads go in and out for so many seconds, and count what became of each try."""
        counts: Counter[str] = Counter()
        end = time.monotonic() + seconds

        async def one(number: int) -> None:
            turn = number
            while time.monotonic() < end:
                turn += 1
                counts[await self._in_and_out(names[turn % len(names)], f"crowd {number}", inside, terms)] += 1

        if self.kind == "asyncio":
            await asyncio.gather(*(one(number) for number in range(tasks)))
        else:
            threads = [threading.Thread(target=run_here, args=(one(number),), daemon=True) for number in range(tasks)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return counts

    async def _in_and_out(self, name: str, task: str, inside: float, terms: dict[str, Any]) -> str:
        try:
            lock = await settled(self._locker.acquire(name, **terms))
        except LockError as error:
            return f"acquire: {type(error).__name__}"
        self._recorder.write("entered", task, lock)
        try:
            await pause(self.kind, inside)
        finally:
            self._recorder.write("left", task, lock)
        try:
            await settled(lock.release())
        except LockError as error:
            return f"release: {type(error).__name__}"
        return "ok"

    # --- inside -----------------------------------------------------------------------------------

    def _enter(self, name: str, lock: AnyLock, began: float) -> dict[str, Any]:
        waited = time.monotonic() - began
        self._recorder.write("entered", "steps", lock)
        self._locks[name] = lock
        return {"fence": lock.fence, "token": lock.token, "remaining": lock.remaining(), "waited": waited}

    def _note_loss(self, lock: AnyLock) -> None:
        self._lost.append(lock.name)


def answer(number: int, **content: Any) -> None:
    """Write an answer; one write, as many threads do."""
    sys.stdout.write(json.dumps({"id": number, **content}) + "\n")
    sys.stdout.flush()


async def perform(worker: Worker, text: str) -> None:
    """Do what a line says, and answer."""
    order = json.loads(text)
    number, name = order.pop("id"), order.pop("do")
    try:
        result = await worker.job(name)(**order)
    except Exception as error:
        details = {name: value for name, value in vars(error).items() if isinstance(value, (str, int, float))}
        answer(number, error=type(error).__name__, text=str(error), details=details)
    else:
        answer(number, result=result)


async def serve(worker: Worker) -> None:
    """Do what the lines of standard input say, each in a task of its own."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks = set()
    while text := await lines.readline():
        tasks.add(asyncio.create_task(perform(worker, text.decode())))


def serve_in_threads(worker: Worker) -> None:
    """Do what the lines of standard input say, each in a thread of its own."""
    for text in sys.stdin:
        threading.Thread(target=run_here, args=(perform(worker, text),), daemon=True).start()


def main(kind: Kind, port: str, history: str, options: str = "{}") -> None:
    """Serve until standard input ends."""
    worker = Worker(kind, int(port), Path(history), json.loads(options))
    if kind == "asyncio":
        asyncio.run(serve(worker))
    else:
        serve_in_threads(worker)
