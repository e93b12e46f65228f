"""The crash sweep: run migrations, end something at a packet, run them again, and look what has come of it.

Every disturbed run, simply repeated, must come to what the undisturbed one came to. For a few classes of
statements nobody can tell whether they were carried out: there the repetition may ask, and it is told the truth.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from integration.migrate import runners
from integration.migrate.cutting_proxy import Cut, CuttingProxy, Ending, Moment
from integration.migrate.sweep_reference import FILES, Action, Group, Marked, Reference
from integration.migrate.sweep_server import USER, Snapshot, SweepServer, take_snapshot
from integration.migrate.warm_process import Child, Outcome, Task, WarmProcess
from ticketctl.infra.mysql import quote_identifier

SECONDS = 60.0  # for one run, waiting for another's statement included
ANSWERS = ("--landed", "--not-landed")
Victim = Literal["runner", "server", "network"]
LOST = ("BackendUnreachableError", "BackendLoginError")
"""What a runner says whose server or network has gone: nothing about the statement itself."""


class NotConvergedError(Exception):
    """A disturbed run did not come to what the undisturbed one came to; says why."""


@dataclass(frozen=True, slots=True)
class Blow:
    """What is ended, and when.

    Attributes:
        packet: Number of the packet.
        victim: What is ended.
        moment: When, as seen from the packet.
        ending: What becomes of the connections.
    """

    packet: int
    victim: Victim = "runner"
    moment: Moment = "sent"
    ending: Ending = "close"

    def __str__(self) -> str:
        return f"{self.victim} at packet {self.packet} ({self.moment})"

    def leaves(self, marked: Marked) -> bool:
        """Whether a statement has left its traces: the server finishes whatever has reached it."""
        return self.packet > marked.packet if self.moment == "before" else self.packet >= marked.packet


@dataclass(slots=True)
class Verdict:
    """What became of a disturbed run.

    Attributes:
        blow: The last thing that was done to it.
        problem: Why it did not converge, empty if it did.
        asked: Whether somebody had to say what a statement had done.
        seconds: How long the case took.
    """

    blow: Blow
    problem: str = ""
    asked: bool = False
    seconds: float = 0.0


@dataclass
class Stage:
    """A server and a warm process, on which runs are disturbed.

    Attributes:
        server: The server.
        warm: The process that runners are forked from.
        changes: What is changed in every disturbed runner and its repetition.
    """

    server: SweepServer
    warm: WarmProcess
    changes: tuple[str, ...] = ()
    _number: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def task(self, group: Group, action: str = "apply") -> Iterator[Task]:
        """A fresh database for a run; it does not exist yet."""
        database = f"sweep_{next(self._number)}"
        with self.server.as_root() as cursor:
            for statement in group.prepare:
                cursor.execute(statement)
        try:
            yield Task(action, str(FILES), group.name, self.server.port, USER, database, self.changes)
        finally:
            self.server.drop(database)

    @contextmanager
    def prepared(self, group: Group, action: Action) -> Iterator[Task]:
        """A database in which a group can be applied, or rolled back."""
        with self.task(group) as task:
            if action == "rollback":
                outcome = self.warm.run(task, SECONDS)
                assert outcome == Outcome(changed=True), outcome
            yield replace(task, action=action)

    def reference(self, group: Group, action: Action = "apply") -> Reference:
        """Run undisturbed."""
        with self.prepared(group, action) as task:
            with CuttingProxy(self.server.port) as proxy:
                outcome = self.warm.run(replace(task, port=proxy.port), SECONDS)
            assert outcome == Outcome(changed=True), outcome
            return Reference(group, action, tuple(proxy.packets), self.snapshot(task, group))

    def snapshot(self, task: Task, group: Group) -> Snapshot:
        with self.server.as_root() as cursor:
            return take_snapshot(cursor, task.database, group.also)

    def disturb(self, reference: Reference, *blows: Blow) -> Verdict:
        """End something at a packet, repeat the run, and judge what came of it.

        Args:
            reference: The undisturbed run.
            blows: The first is for the run, each other for the next repetition.
        """
        verdict = Verdict(blows[-1])

        def run(task: Task) -> None:
            for blow in blows:
                with self.struck(task, blow):
                    pass
            self.repeat(task, reference, blows[0], verdict)

        return self._judged(reference, verdict, run)

    def late(self, reference: Reference, packet: int) -> Verdict:
        """Kill the runner, and let its last packet reach the server when the next runner is through or waits for it."""
        blow = Blow(packet, moment="before", ending="late")
        verdict = Verdict(blow)

        def run(task: Task) -> None:
            with self.struck(task, blow) as proxy, self.warm.start(task) as child:
                self._ended_or_waiting(child)
                proxy.release()
                outcome = child.outcome(SECONDS)
            self.repeat(task, reference, blow, verdict, outcome)

        return self._judged(reference, verdict, run)

    def _judged(self, reference: Reference, verdict: Verdict, run: Callable[[Task], None]) -> Verdict:
        began = time.monotonic()
        with self.prepared(reference.group, reference.action) as task:
            try:
                run(task)
                self.compare(task, reference)
            except NotConvergedError as error:
                verdict.problem = str(error)
        verdict.seconds = time.monotonic() - began
        return verdict

    @contextmanager
    def struck(self, task: Task, blow: Blow) -> Iterator[CuttingProxy]:
        """Run a task and end something at a packet.

        Raises:
            NotConvergedError: The run ended before, or otherwise than what was done to it explains.
        """
        child_is: Future[int] = Future()
        cut = Cut(blow.packet, self._end(blow.victim, child_is), blow.moment, blow.ending)
        with CuttingProxy(self.server.port, cut=cut) as proxy:
            with self.warm.start(replace(task, port=proxy.port)) as child:
                child_is.set_result(child.pid)
                outcome = child.outcome(SECONDS)
                if len(proxy.packets) < blow.packet:
                    raise NotConvergedError(f"the run ended before packet {blow.packet}: {outcome}")
                assert proxy.happened.wait(SECONDS)
            if blow.victim == "server":
                self.server.wait()
            expected = ("killed",) if blow.victim == "runner" else LOST
            if outcome.error not in expected and proxy.packets[blow.packet - 1].command != "quit":
                raise NotConvergedError(f"the run that was disturbed ended otherwise: {outcome}")
            yield proxy

    def repeat(
        self, task: Task, reference: Reference, blow: Blow, verdict: Verdict, outcome: Outcome | None = None
    ) -> None:
        """Run again to the end, and answer what the run asks.

        Raises:
            NotConvergedError: It failed, or asked what it could have told.
        """
        outcome = outcome or self.warm.run(task, SECONDS)
        unnamed: list[str] = []
        while outcome.doubtful:
            verdict.asked = True
            marked = _marked_by(outcome, reference, blow)
            commands = [f"ticketctl migrate repair {runners.KEY} {option} {marked.migration}" for option in ANSWERS]
            unnamed += [command for command in commands if command not in outcome.next_step]
            runners.settle(task, marked.migration, landed=blow.leaves(marked))
            outcome = self.warm.run(task, SECONDS)
        if outcome.error:
            raise NotConvergedError(f"repeated: {outcome.error}: {' '.join(outcome.message.split())}")
        if unnamed:
            raise NotConvergedError(f"it asks without naming {' and '.join(dict.fromkeys(unnamed))}")

    def _ended_or_waiting(self, child: Child) -> None:
        deadline = time.monotonic() + SECONDS
        with self.server.as_root() as cursor:
            while not child.has_ended() and not _lock_waits(cursor):
                assert time.monotonic() < deadline, "the next runner neither ends nor waits for a row"
                time.sleep(0.005)

    def _end(self, victim: Victim, child: Future[int]) -> Callable[[], None]:
        if victim == "runner":
            return lambda: runners.kill(child.result(SECONDS))
        return self.server.kill if victim == "server" else lambda: None

    def compare(self, task: Task, reference: Reference) -> None:
        """Hold a database against the undisturbed one.

        Raises:
            NotConvergedError: They differ, or something was left behind.
        """
        wanted = "applied" if reference.action == "apply" else "pending"
        states = {name: state for name, state in runners.states(task).items() if state != wanted}
        if states:
            raise NotConvergedError(f"not {wanted}: {states}")
        found = difference(reference.snapshot, self.snapshot(task, reference.group))
        if found:
            raise NotConvergedError(found)
        with self.server.as_root() as cursor:
            cursor.execute("SHOW DATABASES LIKE 'ticketctl\\_scratch\\_%'")
            left = [name for (name,) in cursor.fetchall()]
            for name in left:
                cursor.execute(f"DROP DATABASE {quote_identifier(name)}")
        if left:
            raise NotConvergedError(f"left behind: {left}")


def report(verdicts: Sequence[Verdict], reference: Reference) -> list[str]:
    """One line for each case that did not converge."""
    return [
        f"{reference.group.name} {reference.action}, {verdict.blow} of {len(reference.packets)}"
        f" ({reference.packets[verdict.blow.packet - 1]}): {verdict.problem}"
        for verdict in verdicts
        if verdict.problem
    ]


def difference(expected: Snapshot, found: Snapshot) -> str:
    """Say how a database differs from what it should be; empty if it does not."""
    lines = [f"{name} is missing" for name in expected if name not in found]
    lines += [f"{name} should not be" for name in found if name not in expected]
    lines += [
        f"{name} is {found[name]} instead of {expected[name]}"
        for name in expected
        if name in found and found[name] != expected[name]
    ]
    return "; ".join(lines)


def _marked_by(outcome: Outcome, reference: Reference, blow: Blow) -> Marked:
    """The marked statement that a run asks about, if it had to ask."""
    said = " ".join(outcome.message.split())
    marked = next((marked for marked in reference.marked if f"{marked.place}:" in outcome.message), None)
    if marked is None:
        raise NotConvergedError(f"it asks about what can be told: {said}")
    if not marked.after < blow.packet < marked.before:
        raise NotConvergedError(f"it asks although the blow was not between {marked.after} and {marked.before}: {said}")
    return marked


def _lock_waits(cursor: Any) -> bool:
    cursor.execute("SELECT COUNT(*) FROM performance_schema.data_lock_waits")
    return bool(cursor.fetchone()[0])
