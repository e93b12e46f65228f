"""`ticketctl seed`: observe, plan, and execute in a thread that no Ctrl-C interrupts."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ticketctl.errors import UnknownNameError
from ticketctl.events import Emit, Notice, Progress, step
from ticketctl.provision.seed.database import Database
from ticketctl.provision.seed.observe import observe
from ticketctl.provision.seed.plan import Plan, SeededEvent, SeedResult, amount, plan_seed
from ticketctl.provision.seed.write import Stopped, Writer
from ticketctl.settings.endpoints import MysqlEndpoint

STEP = "seed"
EVENTS, INVENTORY = "events", "inventory"
_NEWS_EVERY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        events: How many events to add, 1 or more.
        seats: How many seats each of them has, 1 or more.
        seed: Chooses names, dates, rows and prices.
    """

    events: int = 1
    seats: int = 1_000
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.events, self.seats) < 1:
            raise ValueError(f"events and seats are numbers of 1 or more, not {self.events} and {self.seats}")


def seed(
    endpoints: Mapping[str, MysqlEndpoint], wanted: Wanted, *, today: date, emit: Emit, dry_run: bool = False
) -> SeedResult:
    """Add events with all their seats; what is there already is not touched.

    Args:
        endpoints: Key of a database to where it is, with an account that may write there.
        wanted: How much of what.
        today: The day that dates count from (UTC).
        emit: Takes the progress.
        dry_run: Only plan.

    Raises:
        UnknownNameError: The project has no database `events` or none `inventory`.
        BackendOperationError: A table is missing, or has not the columns that a run writes.
        BackendError: A server cannot be reached or refuses. Events that were finished stay.
        KeyboardInterrupt: The caller was interrupted. Events that were finished stay, nothing of others does.
    """
    UnknownNameError.check("database", (EVENTS, INVENTORY), endpoints)
    began = time.monotonic()
    title = f"{amount(wanted.events, 'event')} with {amount(wanted.seats, 'seat')} each"
    with (
        step(emit, STEP, title) as answer,
        Database.opened(endpoints[EVENTS]) as events,
        Database.opened(endpoints[INVENTORY]) as inventory,
    ):
        seen = observe(events, inventory)
        for unfinished in seen.unfinished:
            emit(Notice("warn", str(unfinished)))
        plan = plan_seed(seen, events=wanted.events, seats=wanted.seats, seed=wanted.seed, today=today)
        answer.summary = "only planned"
        run = _Run(plan, events, inventory, emit)
        if not dry_run:
            try:
                run.to_the_end()
            finally:
                answer.changed, answer.summary = bool(run.done), run.summary
        return SeedResult(
            dry_run=dry_run,
            seed=plan.seed,
            events=tuple(run.done),
            seats=plan.seats,
            expected_event_ids=plan.event_ids,
            expected_seat_ids=plan.seat_ids,
            seconds=time.monotonic() - began,
            unfinished=seen.unfinished,
            plan=str(plan),
        )


class _Run:
    """Carries out a plan."""

    def __init__(self, plan: Plan, events: Database, inventory: Database, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._seats = 0
        self._began = self._told = time.monotonic()
        self._writer = Writer(events, inventory, is_stopped=self._stop.is_set, written=self._written)
        self.done: list[SeededEvent] = []

    def to_the_end(self) -> None:
        """Write every group. An interrupted caller waits for the statement that is running, and no longer."""
        # A statement that is cut off in the middle may or may not be carried out: so none is.
        threading.Thread(target=self._work, name="ticketctl-seed", daemon=True).start()
        try:
            self._ended.wait()
        except BaseException:
            self._stop.set()
            self._ended.wait()  # who cannot wait for a server that hangs presses Ctrl-C again
            raise
        if self._error is not None:
            raise self._error

    @property
    def summary(self) -> str:
        """What was done, in one line."""
        count = len(self._plan.events)
        if len(self.done) == count:
            return f"{amount(count, 'event')} with {amount(self._plan.seats, 'seat')} added"
        kept = f"{len(self.done)} of {amount(count, 'event')} added"
        left = ", ".join(map(str, self._writer.begun))
        return f"{kept}; begun and not finished: {left}" if left else f"{kept}, nothing is left of the others"

    def _work(self) -> None:
        try:
            for group in self._plan.groups():
                self.done += self._writer.write(group)
            self._tell("written")
        except Stopped:
            pass
        except BaseException as error:  # raised again in the caller's thread
            self._error = error
        finally:
            self._ended.set()

    def _written(self, seats: int) -> None:
        self._seats += seats
        now = time.monotonic()
        if now - self._told >= _NEWS_EVERY:
            self._told = now
            self._tell("inserting")

    def _tell(self, state: str) -> None:
        rate = self._seats / max(time.monotonic() - self._began, 1e-3)
        self._emit(Progress(STEP, "seats", state, f"{rate:,.0f} a second", self._seats, self._plan.seats))
