"""Nothing to do: all is applied already."""

from __future__ import annotations

from pathlib import Path

from migrations.bench import Bench
from migrations.peer_tools import Yoyo, YoyoList
from migrations.report import Claim, Table
from migrations.tools import Action, TicketctlCommand, TicketctlLibrary
from migrations.workload import tables
from ticketctl.infra.mysql import connect
from ticketctl.settings.endpoints import MysqlEndpoint

MANY = 5000
OVER_YOYO_LIST = 0.8
IN_PROCESS = {200: 30.0, MANY: 250.0}
FROM_START = 500.0
READING = "only reading files and history"


def measure(bench: Bench) -> list[Table]:
    """First all tools with the usual number of migrations, then ticketctl alone with very many."""
    return [_beside_peers(bench), _with_many(bench)]


def _beside_peers(bench: Bench) -> Table:
    migrations = tables(bench.count)
    tools = bench.all_tools((TicketctlLibrary, TicketctlCommand), "noop")
    with bench.server.relaxed():
        actions = {}
        for number, tool in enumerate(tools):
            endpoint = bench.server.fresh(f"noop_{number}")
            tool.write(migrations)
            actions[tool.title] = tool.bind(endpoint)
            actions[tool.title]()
            bench.require_tables(endpoint, migrations)
            if isinstance(tool, Yoyo):
                assert bench.peers is not None
                actions[YoyoList.title] = YoyoList(tool.folder, bench.peers).bind(endpoint)
    found = bench.milliseconds(actions)
    bench.server.remove_databases()
    claims = [Claim(TicketctlCommand.title, OVER_YOYO_LIST, YoyoList.title)]
    if bench.count in IN_PROCESS:
        claims.append(Claim(TicketctlLibrary.title, IN_PROCESS[bench.count]))
    title = f"nothing to do, {bench.count} applied, {bench.rounds} interleaved rounds"
    return Table(title, found, (YoyoList.title, "goose up"), tuple(claims))


def _with_many(bench: Bench) -> Table:
    migrations = tables(MANY)
    library = TicketctlLibrary(bench.folder(TicketctlLibrary.title, "many"))
    command = TicketctlCommand(library.folder)
    endpoint = bench.server.fresh("many")
    library.write(migrations)
    actions: dict[str, Action] = {
        READING: _reading(library.folder / "migrations", endpoint),
        library.title: library.bind(endpoint),
        command.title: command.bind(endpoint),
    }
    with bench.server.relaxed():
        actions[library.title]()
    bench.require_tables(endpoint, migrations)
    found = bench.milliseconds(actions)
    bench.server.remove_databases()
    claims = (Claim(library.title, IN_PROCESS[MANY]), Claim(command.title, FROM_START))
    title = f"nothing to do, {MANY:,} applied, {bench.rounds} interleaved rounds"
    return Table(title, found, (READING,), claims)


def _reading(folder: Path, endpoint: MysqlEndpoint) -> Action:
    """Read every byte of the files, and which were applied with which bytes; make nothing of it."""

    def act() -> None:
        for path in folder.iterdir():
            path.read_bytes()
        with connect(endpoint) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT migration, file_sha256 FROM ticketctl_migration")
            cursor.fetchall()

    return act
