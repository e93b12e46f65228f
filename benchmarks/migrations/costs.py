"""What a run costs the server: commits and flushes for each migration, the journal's time for each statement."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from migrations.bench import Bench
from migrations.report import Table
from migrations.server import Server
from migrations.tools import BareDdl, TicketctlCommand, TicketctlLibrary, Tool
from migrations.workload import Migration, rows, tables
from ticketctl.infra.mysql import connect

BATCH = 20
STATEMENTS = 200
CONNECTIONS = 20  # in one timed action, as a single one is too short
STATUS = ("Questions", "Connections", "Innodb_os_log_fsyncs")
COLUMNS = ("transactions", "binary log flushes", "redo log flushes", "statements", "connections a run")


@dataclass(frozen=True, slots=True)
class Counts:
    """What the server did for a run.

    Attributes:
        title: The tool and what it was given.
        values: One for each of `COLUMNS`; all but the last are for one migration.
    """

    title: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CountTable:
    """What the server counted, tool by tool."""

    title: str
    rows: tuple[Counts, ...]

    def __str__(self) -> str:
        heads = "".join(f"{column:>20}" for column in COLUMNS)
        lines = [f"{row.title:<46}" + "".join(f"{value:>20.2f}" for value in row.values) for row in self.rows]
        return "\n".join([self.title, f"{'':<46}{heads}", *lines])

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "title": self.title,
            "rows": {row.title: dict(zip(COLUMNS, row.values, strict=True)) for row in self.rows},
        }


def measure(bench: Bench) -> list[Table | CountTable]:
    """Return the counts, the journal's time for each statement, and the time of a connection."""
    return [_counts(bench), _journal(bench), _connections(bench)]


def _counts(bench: Bench) -> CountTable:
    own = (BareDdl, TicketctlCommand)
    one = tables(BATCH, first=BATCH + 1)
    found = [_counted(bench, tool, "one CREATE TABLE", one) for tool in bench.all_tools(own, "counts")]
    for label, more in (
        ("three CREATE TABLE", tables(BATCH, each=3, first=BATCH + 1)),
        ("one INSERT", rows(BATCH, first=BATCH + 1)),
    ):
        tools = [kind(bench.folder(kind.title, f"counts {label}")) for kind in own]
        found += [_counted(bench, tool, label, more) for tool in tools]
    title = f"what the server does for one migration, the mean of {BATCH} in one run (sync_binlog=1, flush at commit)"
    return CountTable(title, tuple(found))


def _counted(bench: Bench, tool: Tool, label: str, more: list[Migration]) -> Counts:
    """Apply some migrations, so that the tool's own tables are there, then count while it applies more."""
    endpoint = bench.server.fresh("counts")
    tool.write(tables(BATCH))
    tool.bind(endpoint)()
    # bare DDL knows nothing of what is applied
    tool.write(more if isinstance(tool, BareDdl) else [*tables(BATCH), *more])
    act = tool.bind(endpoint)
    log = _new_binary_log(bench.server)
    idle = _idle(bench.server)
    before = _status(bench.server)
    act()
    after = _status(bench.server)
    events = bench.server.run(f"SHOW BINLOG EVENTS IN '{log}'")
    transactions = sum(1 for event in events if event[2] in {"Gtid", "Anonymous_Gtid"})
    spent = {name: after[name] - before[name] - idle[name] for name in after}
    each = [
        value / BATCH for value in (transactions, spent["binlog"], spent["Innodb_os_log_fsyncs"], spent["Questions"])
    ]
    return Counts(f"{tool.title}: {label}", (*each, float(spent["Connections"])))


def _idle(server: Server) -> dict[str, int]:
    """Return what counting itself adds to the counters."""
    before, after = _status(server), _status(server)
    return {name: after[name] - before[name] for name in after}


def _new_binary_log(server: Server) -> str:
    server.run("FLUSH BINARY LOGS")
    return str(server.run("SHOW BINARY LOGS")[-1][0])


def _status(server: Server) -> dict[str, int]:
    wanted = ", ".join(f"'{name}'" for name in STATUS)
    found = {
        str(name): int(value) for name, value in server.run(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({wanted})")
    }
    # A flush counts among the operations that are neither reads nor writes.
    flushes = "SELECT count_misc FROM performance_schema.file_summary_by_event_name WHERE event_name = %s"
    return found | {"binlog": int(server.run(flushes, "wait/io/file/sql/binlog")[0][0])}


def _journal(bench: Bench) -> Table:
    """One file with many statements: what differs is the journal of the statements alone."""
    tools = [kind(bench.folder(kind.title, "statements")) for kind in (BareDdl, TicketctlLibrary)]
    found = bench.apply_to_empty(tools, tables(1, each=STATEMENTS))
    bare, ours = found[BareDdl.title], found[TicketctlLibrary.title]
    each = statistics.median((b - a) / STATEMENTS for a, b in zip(bare, ours, strict=True))
    note = f"{each:.2f} ms more for each statement"
    title = f"one migration of {STATEMENTS} CREATE TABLE, {bench.rounds} interleaved rounds"
    return Table(title, found, (BareDdl.title,), notes={TicketctlLibrary.title: note})


def _connections(bench: Bench) -> Table:
    import pymysql

    endpoint = bench.server.endpoint
    password = endpoint.password.reveal()

    def plain(*, without_tls: bool) -> None:
        for _ in range(CONNECTIONS):
            pymysql.connect(
                host=endpoint.host,
                port=endpoint.port,
                user=endpoint.user,
                password=password,
                ssl_disabled=without_tls,
            ).close()

    def ours() -> None:
        for _ in range(CONNECTIONS):
            connect(endpoint).close()

    found = bench.milliseconds(
        {
            "PyMySQL as it comes": lambda: plain(without_tls=False),
            "PyMySQL without TLS": lambda: plain(without_tls=True),
            "ticketctl (TLS, one context)": ours,
        }
    )
    each = {name: [value / CONNECTIONS for value in values] for name, values in found.items()}
    return Table(f"one connection, the mean of {CONNECTIONS}, {bench.rounds} interleaved rounds", each)
