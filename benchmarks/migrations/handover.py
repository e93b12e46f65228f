"""The lock: how soon a waiting run goes on when the run that holds it ends or is killed.

Times are the server's own, from its general log: the holder and the waiter log in by accounts of their own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from migrations.bench import Bench
from migrations.peer_tools import PeerTool
from migrations.report import Claim, Table
from migrations.server import Server
from migrations.tools import CommandTool, RefusedError, TicketctlCommand, finish
from migrations.workload import Migration
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

HOLDER, WAITER = "benchmark_holder", "benchmark_waiter"
LIMIT = 1000.0
PATIENCE = 60.0  # seconds after which something is wrong with the benchmark itself
FIRST = Migration(1, ("CREATE TABLE handover_rows (slept INT NOT NULL)",), ("DROP TABLE handover_rows",))
LAST = Migration(3, ("CREATE TABLE handover_next (id INT NOT NULL)",), ("DROP TABLE handover_next",))
LONG_STATEMENT = "INSERT INTO handover_rows SELECT SLEEP({0:.0f})"
RELEASE = "argument LIKE '%%RELEASE_LOCK%%' OR argument LIKE 'DELETE FROM yoyo_lock%%'"
STATEMENT_BEGAN = (
    "SELECT MAX(work.event_time) FROM mysql.general_log AS work WHERE work.argument LIKE 'INSERT INTO handover%%'"
)
WORK = "argument LIKE 'INSERT INTO handover%%' OR argument LIKE 'CREATE TABLE handover%%'"


def measure(bench: Bench) -> list[Table]:
    """Return a table for holders that end, and one for holders that are killed between two statements."""
    with _accounts(bench.server):
        return [_table(bench, "lets its lock go", killed=False), _table(bench, "is killed while idle", killed=True)]


def _table(bench: Bench, event: str, *, killed: bool) -> Table:
    pairs = list(zip(_tools(bench, "holder"), _tools(bench, "waiter"), strict=True))
    found: dict[str, list[float]] = {holder.title: [] for holder, _ in pairs}
    notes: dict[str, str] = {}
    for _ in range(bench.rounds):
        for holder, waiter in pairs:
            if holder.title in notes:
                continue  # it refuses to go on, and will again
            try:
                found[holder.title].append(_one(bench.server, holder, waiter, killed=killed))
            except RefusedError as error:
                notes[holder.title] = f"the waiter fails, {error}"
    for kind in bench.available():
        if not kind.locks:
            found[kind.title], notes[kind.title] = [], "has no lock"
    title = f"from the moment when the holder {event} to the waiter's first statement, {bench.rounds} rounds"
    return Table(title, found, claims=(Claim(TicketctlCommand.title, LIMIT),), notes=notes)


def _tools(bench: Bench, part: str) -> list[CommandTool]:
    own = TicketctlCommand(bench.folder(TicketctlCommand.title, part))
    return [own, *(bench.peer(kind, part) for kind in bench.available() if kind.locks)]


def _one(server: Server, holding: CommandTool, waiting: CommandTool, *, killed: bool) -> float:
    """Return the milliseconds of one hand-over.

    Raises:
        RefusedError: The waiter ended with an error.
    """
    endpoint = server.fresh("handover")
    seconds = holding.start if isinstance(holding, PeerTool) else PeerTool.start
    statement = LONG_STATEMENT.format(seconds)
    long = Migration(2, (statement,), ("DELETE FROM handover_rows",))
    _refill(holding, [FIRST])
    holding.command(_as(endpoint, HOLDER)).run()
    _refill(holding, [FIRST, long])
    _refill(waiting, [FIRST, long, LAST])
    server.run("TRUNCATE TABLE mysql.general_log")
    holder = holding.command(_as(endpoint, HOLDER)).start()
    try:
        _wait(lambda: _runs(server, HOLDER, statement))
        waiter = waiting.command(_as(endpoint, WAITER)).start()
        ended = _kill(server, holder, statement) if killed else _end(server, holder)
        finish(waiter)
    finally:
        _stop(holder)
    return _delay(server, ended) * 1000


def _end(server: Server, holder: subprocess.Popen[str]) -> float:
    """Let the holder finish and return when it gave its lock up: by a statement, else with its connection."""
    finish(holder)
    # Flyway takes its lock once more afterwards, to see that nothing is left: the first release counts.
    released = _moment(server, "MIN", HOLDER, f"({RELEASE}) AND event_time > ({STATEMENT_BEGAN})")
    ended = released or _moment(server, "MAX", HOLDER, "TRUE")
    assert ended is not None
    return ended


def _kill(server: Server, holder: subprocess.Popen[str], statement: str) -> float:
    """Stop the holder, so that it does nothing once its statement is over, then kill it; return when."""
    os.killpg(holder.pid, signal.SIGSTOP)
    _wait(lambda: not _runs(server, HOLDER, statement))
    time.sleep(0.3)
    ended = time.time()
    os.killpg(holder.pid, signal.SIGKILL)
    return ended


def _delay(server: Server, ended: float) -> float:
    """Return the seconds to the waiter's first statement, once it is sure that it did wait."""
    came, began = _moment(server, "MIN", WAITER, "TRUE"), _moment(server, "MIN", WAITER, WORK)
    assert came is not None
    assert began is not None
    if came > ended - 0.2:
        raise AssertionError(f"the waiter logged in {came - ended:.1f} s after the holder's end: it did not wait")
    return began - ended


def _moment(server: Server, which: str, account: str, condition: str) -> float | None:
    """Return the time of the first or last thing of this kind that an account sent, None when it sent none."""
    select = (
        f"SELECT UNIX_TIMESTAMP({which}(event_time)) FROM mysql.general_log"
        f" WHERE user_host LIKE %s AND command_type <> 'Connect' AND ({condition})"
    )
    value = server.run(select, f"%{account}%")[0][0]
    return None if value is None else float(value)


def _runs(server: Server, account: str, statement: str) -> bool:
    select = "SELECT COUNT(*) FROM performance_schema.processlist WHERE user = %s AND info LIKE %s"
    return bool(server.run(select, account, statement + "%")[0][0])


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > deadline:
            raise AssertionError("the holder did not come to its statement, or not to its end")
        time.sleep(0.02)


def _refill(tool: CommandTool, migrations: Sequence[Migration]) -> None:
    """Let a tool's folder hold these migrations and nothing of an earlier round."""
    shutil.rmtree(tool.folder)
    tool.folder.mkdir()
    tool.write(migrations)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _as(endpoint: MysqlEndpoint, account: str) -> MysqlEndpoint:
    return replace(endpoint, user=account, password=Secret(account))


@contextmanager
def _accounts(server: Server) -> Iterator[None]:
    """Make the two accounts and log statements to a table, within the block."""
    for account in (HOLDER, WAITER):
        server.run(f"DROP USER IF EXISTS {account}")
        server.run(f"CREATE USER {account} IDENTIFIED BY '{account}'")
        server.run(f"GRANT ALL ON *.* TO {account}")
    output = server.run("SELECT @@GLOBAL.log_output")[0][0]
    server.run("SET GLOBAL log_output = 'TABLE'")
    server.run("SET GLOBAL general_log = ON")
    try:
        yield
    finally:
        server.run("SET GLOBAL general_log = OFF")
        server.run("SET GLOBAL log_output = %s", output)
        for account in (HOLDER, WAITER):
            server.run(f"DROP USER {account}")
        server.remove_databases()
