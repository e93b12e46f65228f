"""How far a long statement is, read from the server while another connection executes it.

InnoDB counts the pages of an ALTER, a copy counts rows; both are estimates that the server corrects as
it goes. The instruments are on by default. What InnoDB does in threads of its own (innodb_ddl_threads)
is counted only when they are done, so that the figures may stand still for a while.
https://dev.mysql.com/doc/refman/8.4/en/monitor-alter-table-performance-schema.html
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate.queries import query
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from types import TracebackType

    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

PATIENCE = 1.0  # seconds before anything is asked: most statements are over by then
INTERVAL = 0.5  # seconds between two looks
TICK = 0.05  # seconds between two looks at the clock
LINGER = 1.0  # seconds without a statement after which the clock is no longer looked at
ANSWER = 2.0  # seconds that an answer may take before the server counts as gone

_WORDS = {
    "alter table (read PK and internal sort)": "reading the table",
    "alter table (merge sort)": "sorting",
    "alter table (insert)": "building",
    "alter table (flush)": "writing to disk",
    "alter table (log apply index)": "catching up with writers",
    "alter table (log apply table)": "catching up with writers",
    "alter table (end)": "finishing",
    "copy to tmp table": "copying rows",
    "copy to tmp table on disk": "copying rows",
    "altering table": "changing the table",
    "preparing for alter table": "preparing",
    "committing alter table to storage engine": "finishing",
    "waiting for handler commit": "finishing",
    "System lock": "executing",
    "executing": "executing",
    "Waiting for table metadata lock": "waiting for other sessions to leave the table",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a statement is.

    Attributes:
        name: What the server does, in words.
        done: How much of `total` is done, None when the server gives no figures.
        total: See `done`; never less.
    """

    name: str
    done: int | None = None
    total: int | None = None


class StageReader:
    """Turns what the server says into progress that never goes back nor beyond the end."""

    def __init__(self) -> None:
        self._best = 0.0

    def read(self, event: str | None, done: int | None, total: int | None, state: str | None) -> Stage | None:
        """Return how far the statement is, None when the server says nothing.

        Args:
            event: Name of the stage's instrument, None when that is off.
            done: How much is done.
            total: How much there is, as far as the server can tell now.
            state: What the process list says.
        """
        name = (event or "").removeprefix("stage/").partition("/")[2] or (state or "")
        if not name:
            return None
        words = _WORDS.get(name, name.lower())
        # Without an estimate the server lets it grow with what is done: 100 % from the first page on.
        counted = event is not None and event.endswith(")") and done is not None and done == total
        if not total or done is None or counted:
            return Stage(words)
        self._best = max(self._best, min(done / total, 1.0))
        return Stage(words, min(max(done, round(self._best * total)), total), total)


class _Starter:
    """Starts the watches whose statements take long, from one thread for all: most never need one."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._due: dict[AlterWatch, float] = {}
        self._process = 0

    def add(self, watch: AlterWatch, due: float) -> None:
        with self._guard:
            if self._process != os.getpid():  # none is running yet, or it stayed behind at a fork
                self._process = os.getpid()
                self._due.clear()
                threading.Thread(target=self._run, name="ticketctl-alter-watch-clock", daemon=True).start()
            self._due[watch] = due

    def remove(self, watch: AlterWatch) -> bool:
        """Forget a watch, and say whether it was never started."""
        with self._guard:
            return self._due.pop(watch, None) is not None

    def _run(self) -> None:
        busy = time.monotonic()
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            with self._guard:
                busy = now if self._due else busy
                if now - busy > LINGER:
                    self._process = 0
                    return
                # Within the guard: whoever removes a watch knows whether it has begun.
                for watch in [watch for watch, due in self._due.items() if due <= now]:
                    del self._due[watch]
                    watch.start()


_STARTER = _Starter()


class AlterWatch:
    """Watches a statement while the block executes it, and says nothing when that is quick.

    It never disturbs the block: what goes wrong here ends the watching and nothing else.

    Args:
        endpoint: The server and the account; a connection of its own is opened after `patience`.
        connection_id: The connection that executes the statement.
        progress: Called from another thread, never after the block has ended.
        patience: Seconds before the first look.
        interval: Seconds between two looks.
    """

    def __init__(
        self,
        endpoint: MysqlEndpoint,
        connection_id: int,
        progress: Callable[[Stage], None],
        *,
        patience: float = PATIENCE,
        interval: float = INTERVAL,
    ) -> None:
        self._endpoint = endpoint
        self._connection_id = connection_id
        self._progress = progress
        self._patience = patience
        self._interval = interval
        self._over = threading.Event()
        self._speaking = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="ticketctl-alter-watch", daemon=True)

    def __enter__(self) -> Self:
        _STARTER.add(self, time.monotonic() + self._patience)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if _STARTER.remove(self):
            return
        # The thread may hang on a server that has gone; it is left to itself, and says nothing any more.
        with self._speaking:
            self._over.set()
        self._thread.join(timeout=0.1)

    def start(self) -> None:
        """Begin to look; called when the statement turns out to take long."""
        self._thread.start()

    def _watch(self) -> None:
        with suppress(Exception), connect(self._endpoint, read_timeout=ANSWER) as connection:
            reader = StageReader()
            while not self._over.is_set():
                row = self._look(connection)
                stage = reader.read(*row) if row else None
                with self._speaking:
                    if stage is not None and not self._over.is_set():
                        self._progress(stage)
                self._over.wait(self._interval)

    def _look(self, connection: Connection[Cursor]) -> tuple[Any, ...] | None:
        with translating(self._endpoint), connection.cursor() as cursor:
            cursor.execute(query("execution", "stages_current"), {"connection_id": self._connection_id})
            return cursor.fetchone()
