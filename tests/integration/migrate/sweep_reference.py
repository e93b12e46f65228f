"""What is swept, and what an undisturbed run of it sends and leaves."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from integration.migrate.mysql_packets import Packet
from integration.migrate.sweep_server import GRANTEE, Snapshot
from ticketctl.provision.migrate.source.files import discover

FILES = Path(__file__).parent / "sweep_files"
CANNOT_BE_TOLD = "-- cannot be told\n"  # the line above such a statement
Action = Literal["apply", "rollback"]


@dataclass(frozen=True, slots=True)
class Group:
    """A folder of migrations that are swept together.

    Attributes:
        name: Name of the folder in `sweep_files`.
        prepare: Statements that undo, before each run, what is kept outside of the database.
        also: Queries whose answers must be the same too.
        outlives_a_server: Whether what it does is still there after a restart.
    """

    name: str
    prepare: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    outlives_a_server: bool = True

    @property
    def can_be_undone(self) -> bool:
        """Whether each of its migrations has a file that undoes it."""
        return all(migration.down for migration in discover(FILES / self.name))


CERTAIN = (
    Group("tables"),
    Group("columns"),
    Group("indexes"),
    Group("partitions"),
    Group("programs"),
    Group("rows"),
    Group("numbers"),
    Group("session"),
    Group("repeatable"),
    Group("temporary"),
)
"""Whatever is killed: repeated, they converge."""
UNCERTAIN = (
    Group("calls"),
    Group("engines"),
    Group("maintenance"),
    Group(
        "global",
        ("SET GLOBAL max_connect_errors = DEFAULT",),
        ("SELECT @@GLOBAL.max_connect_errors",),
        outlives_a_server=False,
    ),
    Group(
        "grants",
        (f"DROP USER IF EXISTS {GRANTEE}", f"CREATE USER {GRANTEE}"),
        (f"SHOW GRANTS FOR {GRANTEE}",),
    ),
    Group("prepared"),
)
"""Killed inside one of their marked statements, they ask."""

PLAIN = Group("plain")
SLOW = Group("slow")
"""Its ALTER takes seconds."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A statement of whose outcome nobody can tell.

    Attributes:
        place: `FILE:LINE`, as errors name it.
        after: Number of the packet of the statement before it.
        packet: Number of its own packet.
        before: Number of the packet of the statement behind it.
    """

    place: str
    after: int
    packet: int
    before: int

    @property
    def migration(self) -> str:
        """Name of its migration."""
        return self.place.partition(".")[0]


@dataclass(frozen=True)
class Reference:
    """The undisturbed run.

    Attributes:
        group: What was run.
        action: Whether it was applied, or rolled back after that.
        packets: Everything that it sent.
        snapshot: What the database held at the end.
    """

    group: Group
    action: Action
    packets: tuple[Packet, ...]
    snapshot: Snapshot

    @cached_property
    def statements(self) -> tuple[int, ...]:
        """Numbers of the packets that carry the statements of the files."""
        numbers: list[int] = []
        for _, text in _statements(self.group, self.action):
            start = numbers[-1] if numbers else 0
            numbers.append(
                next(
                    number
                    for number, packet in enumerate(self.packets[start:], start=start + 1)
                    if packet.command == "query" and packet.text.startswith(text[:40])
                )
            )
        return tuple(numbers)

    @cached_property
    def marked(self) -> tuple[Marked, ...]:
        """The statements of which nobody can tell."""
        places = [place for place, _ in _statements(self.group, self.action)]
        numbers = (0, *self.statements, len(self.packets) + 1)
        return tuple(
            Marked(place, *numbers[index : index + 3])
            for index, place in enumerate(places)
            if _is_marked(self.group, place)
        )

    def is_journal(self, packet: int) -> bool:
        """Whether a packet is on another connection than those that hold the lock."""
        holders = {one.connection for one in self.packets if "GET_LOCK(" in one.text}
        one = self.packets[packet - 1]
        return one.command == "query" and one.connection not in holders


def packets_to_cut(reference: Reference, known: Reference | None = None) -> range:
    """Numbers of the packets of a run, without those at the beginning that another run had too."""
    same = 0
    if known is not None and known is not reference:
        pairs = zip(reference.packets, known.packets, strict=False)
        same = sum(1 for _ in itertools.takewhile(lambda pair: neutral(pair[0]) == neutral(pair[1]), pairs))
    return range(same + 1, len(reference.packets) + 1)


_NUMBER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]*[0-9][0-9a-f]*")


def neutral(packet: Packet) -> Packet:
    """A packet without what differs from run to run: numbers, and names made of them."""
    return replace(packet, text=_NUMBER.sub("#", packet.text))


def _statements(group: Group, action: Action) -> list[tuple[str, str]]:
    """`FILE:LINE` and text of the statements of a run, in order."""
    migrations = discover(FILES / group.name)
    files = [migration.up for migration in migrations]
    if action == "rollback":
        files = [migration.down for migration in reversed(migrations) if migration.down is not None]
    return [(f"{file.path.name}:{statement.line}", statement.text) for file in files for statement in file.statements]


def _is_marked(group: Group, place: str) -> bool:
    name, _, line = place.partition(":")
    lines = (FILES / group.name / name).read_text().splitlines(keepends=True)
    return lines[int(line) - 2 : int(line) - 1] == [CANNOT_BE_TOLD]
