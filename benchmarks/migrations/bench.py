"""What all measures share: the server, the prepared tools, folders, and how often."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migrations.peer_tools import PEER_TOOLS, PeerTool
from migrations.server import Server
from migrations.tools import Action, Tool
from migrations.workload import Migration
from pairs import Around, interleave
from ticketctl.settings.endpoints import MysqlEndpoint


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmark.

    Attributes:
        server: The server.
        work: A folder that is removed at the end.
        peers: The prepared peers, None for none.
        rounds: Counted rounds.
        count: Migrations in a folder.
    """

    server: Server
    work: Path
    peers: Path | None
    rounds: int
    count: int

    def available(self, kinds: Sequence[type[PeerTool]] = PEER_TOOLS) -> list[type[PeerTool]]:
        """Return the peers that are there; the others were named by `missing_peers`."""
        return [kind for kind in kinds if self.peers is not None and (self.peers / kind.program).exists()]

    def peer(self, kind: type[PeerTool], label: str) -> PeerTool:
        """Return a peer with a folder of its own."""
        assert self.peers is not None
        return kind(self.folder(kind.title, label), self.peers)

    def folder(self, title: str, label: str) -> Path:
        """Return a folder for a tool's files."""
        return self.work / label / title.replace(" ", "-").replace(",", "")

    def all_tools(self, kinds: Sequence[type[Tool]], label: str) -> list[Tool]:
        """Return tools of these kinds and all available peers, each with an empty folder of its own."""
        own = [kind(self.folder(kind.title, label)) for kind in kinds]
        return [*own, *(self.peer(kind, label) for kind in self.available())]

    def milliseconds(self, actions: Mapping[str, Action], around: Around | None = None) -> dict[str, list[float]]:
        """Run actions in turn, one uncounted round first, and return the milliseconds of each."""
        found = interleave(actions, rounds=self.rounds, around=around)
        return {name: [value * 1000 for value in values] for name, values in found.items()}

    def apply_to_empty(self, tools: Sequence[Tool], migrations: Sequence[Migration]) -> dict[str, list[float]]:
        """Return the milliseconds in which each tool applies all to an empty database of its own.

        After each run, untimed, the tables are counted: a tool that did not do the work is no rival.
        """
        endpoints = {tool.title: self.server.database(_name(tool.title)) for tool in tools}
        for tool in tools:
            tool.write(migrations)

        @contextmanager
        def around(title: str) -> Iterator[None]:
            self.server.fresh(_name(title))
            yield
            self.require_tables(endpoints[title], migrations)

        found = self.milliseconds({tool.title: tool.bind(endpoints[tool.title]) for tool in tools}, around)
        self.server.remove_databases()
        return found

    def require_tables(self, endpoint: MysqlEndpoint, migrations: Sequence[Migration]) -> None:
        """End the benchmark when a database has not the tables that the migrations create."""
        wanted = sum(statement.startswith("CREATE") for migration in migrations for statement in migration.statements)
        found = self.server.count_tables(endpoint)
        if found != wanted:
            sys.exit(f"{endpoint.database} has {found} tables instead of {wanted}")


def missing_peers(peers: Path | None) -> Iterator[str]:
    """Say which peers are left out."""
    for kind in PEER_TOOLS:
        if peers is None:
            yield f"{kind.title}: left out, no folder was given with --peers"
        elif not (peers / kind.program).exists():
            yield f"{kind.title}: left out, {peers / kind.program} is missing (prepare it by peers.py {peers})"


def _name(title: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in title)
