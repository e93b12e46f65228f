"""What holders of locks did, written down by themselves, and a checker that reads it.

Each process appends lines of JSON to the same file. Times are those of the monotonic clock, which all processes of a
machine share. A holder writes a line when it has entered, may write more while its lease is renewed, and writes that
it leaves before it lets go.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

Step = Literal["entered", "renewed", "left"]
Kind = Literal["overlap", "fence", "never left"]


class Held(Protocol):
    """What a holder has in its hands."""

    @property
    def name(self) -> str: ...
    @property
    def fence(self) -> int: ...
    def remaining(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history.

    Attributes:
        step: What was done.
        process: Its number.
        task: Which task or thread of the process.
        lock: The lock's name.
        fence: What the holder would write with.
        at: When.
        until: The end of the lease, as the holder sees it; 0 when it is over.
    """

    step: Step
    process: int
    task: str
    lock: str
    fence: int
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Holding:
    """One time inside.

    Attributes:
        process: Number of the process.
        task: Which task or thread of it.
        lock: The lock's name.
        fence: Its fence.
        entered: When the holder went in.
        until: The latest end of the lease that the holder knew of.
        left: When it said that it leaves; None if it never did.
    """

    process: int
    task: str
    lock: str
    fence: int
    entered: float
    until: float
    left: float | None = None

    @property
    def end(self) -> float:
        """Until when it was inside and sure of it."""
        return self.until if self.left is None else min(self.until, self.left)

    @property
    def sure(self) -> bool:
        """Whether its lease was valid when it entered: one who is stopped just before enters late, and finds out."""
        return self.entered < self.end


@dataclass(frozen=True, slots=True)
class Violation:
    """What must not be.

    Attributes:
        kind: Which rule.
        holdings: Who broke it.
    """

    kind: Kind
    holdings: tuple[Holding, ...]

    def __str__(self) -> str:
        return f"{self.kind}: " + " / ".join(map(str, self.holdings))


class Recorder:
    """Appends to a history; for all tasks and threads of a process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, step: Step, task: str, lock: Held) -> None:
        """Append a line; a single write, which no other process gets into."""
        at = time.monotonic()  # before `remaining`: an end that is too early accuses nobody
        remaining = lock.remaining()
        until = at + remaining if remaining else 0.0
        line = Line(step, os.getpid(), task, lock.name, lock.fence, at, until)
        os.write(self._file, json.dumps(asdict(line)).encode() + b"\n")


def read(path: Path) -> list[Holding]:
    """Return who was inside, in the order in which they entered."""
    if not path.exists():
        return []
    return assemble(Line(**json.loads(text)) for text in path.read_text().splitlines())


def assemble(lines: Iterable[Line]) -> list[Holding]:
    """Make holdings of lines."""
    open_ones: dict[tuple[int, str, str, int], Holding] = {}
    closed: list[Holding] = []
    for line in lines:
        key = (line.process, line.task, line.lock, line.fence)
        if line.step == "entered":
            assert key not in open_ones, f"entered twice: {line}"
            open_ones[key] = Holding(*key, entered=line.at, until=line.until)
            continue
        known = open_ones[key]
        # Of one that is over the end known before counts.
        open_ones[key] = replace(known, until=max(known.until, line.until))
        if line.step == "left":
            closed.append(replace(open_ones.pop(key), left=line.at))
    return sorted((*closed, *open_ones.values()), key=lambda holding: holding.entered)


def violations(holdings: Collection[Holding], *, ended: Collection[int] = ()) -> list[Violation]:
    """Return every breach of a rule.

    Args:
        holdings: The history.
        ended: Processes that were ended by force: they need not have left.
    """
    return [*overlaps(holdings), *wrong_fences(holdings), *never_left(holdings, ended)]


def overlaps(holdings: Iterable[Holding]) -> Iterator[Violation]:
    """Yield those who were inside at the same time, while each was sure to hold the lock."""
    for same_lock in _by_lock(holdings):
        inside: Holding | None = None
        for holding in same_lock:
            if not holding.sure:
                continue
            if inside is not None and holding.entered < inside.end:
                yield Violation("overlap", (inside, holding))
            if inside is None or holding.end > inside.end:
                inside = holding


def wrong_fences(holdings: Iterable[Holding]) -> Iterator[Violation]:
    """Yield those whose fence is not larger than that of all who entered the same lock before."""
    for same_lock in _by_lock(holdings):
        seen: dict[int, Holding] = {}
        largest: Holding | None = None
        for holding in same_lock:
            if holding.fence in seen:
                yield Violation("fence", (seen[holding.fence], holding))
            elif holding.sure and largest is not None and holding.fence < largest.fence:
                yield Violation("fence", (largest, holding))
            seen[holding.fence] = holding
            if holding.sure and (largest is None or holding.fence > largest.fence):
                largest = holding


def never_left(holdings: Iterable[Holding], ended: Collection[int] = ()) -> Iterator[Violation]:
    """Yield those who are still inside, although nobody ended their process."""
    for holding in holdings:
        if holding.left is None and holding.process not in ended:
            yield Violation("never left", (holding,))


def leaked(keys: Iterable[str]) -> list[str]:
    """Return which of the locks' keys should be gone when nobody holds anything: all but the fences."""
    return [key for key in keys if not key.endswith(":fence")]


def shares(holdings: Iterable[Holding]) -> Counter[int]:
    """Return how often each process was inside."""
    return Counter(holding.process for holding in holdings)


def longest_gap(holdings: Iterable[Holding], begin: float = -math.inf) -> float:
    """Return the longest time, since `begin`, in which nobody was inside between two who were, in seconds."""
    gap, end = 0.0, math.inf
    for holding in sorted(holdings, key=lambda holding: holding.entered):
        if holding.entered > begin:
            gap = max(gap, holding.entered - max(end, begin))
        end = holding.end if end == math.inf else max(end, holding.end)
    return gap


def _by_lock(holdings: Iterable[Holding]) -> Iterator[list[Holding]]:
    by_lock: dict[str, list[Holding]] = {}
    for holding in sorted(holdings, key=lambda holding: holding.entered):
        by_lock.setdefault(holding.lock, []).append(holding)
    yield from by_lock.values()
