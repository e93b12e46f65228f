"""What all scenarios share: the contenders in turn, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from locks.contenders import Contender, present
from locks.group import Runner, WorkerFailedError
from locks.history import BrokenLockError
from report import Table

Measure = Callable[[Contender], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmark.

    Attributes:
        runner: Starts the processes.
        rounds: How often each contender is measured.
    """

    runner: Runner
    rounds: int

    def interleave(self, table: Table, contenders: Sequence[Contender], measure: Measure, *, most: int = 0) -> Table:
        """Measure A B C, A B C, …; one that fails is noted and left out from then on.

        Args:
            table: Where to.
            contenders: Who; those that are not there are left out.
            measure: Returns the figures of one round.
            most: Largest number of rounds, for what takes long.
        """
        out: set[str] = set()
        for turn in range(min(self.rounds, most or self.rounds)):
            for contender in present(contenders, self.runner.peers):
                if contender.title in out:
                    continue
                try:
                    table.add(contender.title, measure(contender))
                except BrokenLockError as problem:
                    out.add(contender.title)
                    table.broken.append(contender.title)
                    table.notes[contender.title] = f"BROKEN in round {turn + 1}: {problem}"
                except WorkerFailedError as problem:
                    out.add(contender.title)
                    table.fail(contender.title, f"failed in round {turn + 1}: {problem}")
        return table
