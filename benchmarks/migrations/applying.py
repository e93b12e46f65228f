"""Many small migrations on an empty database."""

from __future__ import annotations

from migrations.bench import Bench
from migrations.report import Claim, Table
from migrations.tools import BareDdl, BareDdlProcess, TicketctlCommand, TicketctlLibrary
from migrations.workload import tables

OVER_BARE = 1.4
OVER_GOOSE = 1.1
OWN = (BareDdl, TicketctlLibrary, BareDdlProcess, TicketctlCommand)


def measure(bench: Bench) -> list[Table]:
    """Each tool applies all migrations to an empty database; bare DDL only runs the statements."""
    found = bench.apply_to_empty(bench.all_tools(OWN, "apply"), tables(bench.count))
    title = f"{bench.count} migrations of one CREATE TABLE each, an empty database, {bench.rounds} interleaved rounds"
    claims = (
        Claim(TicketctlLibrary.title, OVER_BARE, BareDdl.title),
        Claim(TicketctlCommand.title, OVER_BARE, BareDdlProcess.title),
        Claim(TicketctlCommand.title, OVER_GOOSE, "goose up"),
    )
    return [Table(title, found, (BareDdl.title, BareDdlProcess.title, "goose up"), claims)]
