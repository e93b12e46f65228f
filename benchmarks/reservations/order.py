"""What a worker process is told to do, and what it tells in the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Driver = Literal["threads", "asyncio"]


@dataclass(frozen=True, slots=True)
class Place:
    """Seats of one event whose ids follow each other.

    Attributes:
        event_id: The event.
        first: The first seat's id.
        count: How many.
    """

    event_id: int
    first: int
    count: int

    @property
    def seat_ids(self) -> range:
        return range(self.first, self.first + self.count)


@dataclass(frozen=True, slots=True)
class Order:
    """Many workers in one process, who do one thing by one method for a while.

    Attributes:
        method: A key of the methods that `methods.threads` or `methods.tasks` has.
        driver: Threads with PyMySQL and redis-py, or asyncio tasks with asyncmy and redis.asyncio.
        workers: How many.
        connections: To MySQL, at most, for all of them.
        seats: Of one hold.
        place: Where they are.
        warm: Where seats are for what each worker does before the beginning.
        once: Whether each seat is asked for once, in random order; else seats are drawn at random again and again.
        release: Whether what was held is given back at once.
        lead_in: Seconds that they work before anything counts.
        seconds: Seconds that count after that; fewer where no seats are left.
        most: Attempts at most, 0 for any number.
        seed: Of the random order.
        mysql: Keyword arguments of the driver's `connect`.
        redis_port: On 127.0.0.1.
    """

    method: str
    driver: Driver
    workers: int
    connections: int
    seats: int
    place: Place
    warm: Place
    once: bool
    release: bool
    lead_in: float
    seconds: float
    most: int
    seed: int
    mysql: dict[str, Any] = field(repr=False)
    redis_port: int

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Order:
        places = {name: Place(**plain[name]) for name in ("place", "warm")}
        return cls(**{**plain, **places})


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    Attributes:
        seconds: How long the window was.
        held: Holds that were granted in it.
        refused: Those that were refused in it.
        failed: Attempts that ended with an error in it.
        p50: Seconds that half of the answers took at most: of the granted where there are any, else of the refused.
        p99: The same of 99 of 100.
        all_held: Holds that were granted on the place from the first moment to the last.
        all_warm: Those on the seats for warming up.
        answers: All answers after the beginning, in the window or not.
        cpu: Seconds that this process used a core for them.
        problem: The first error of all, empty if there was none.
    """

    seconds: float
    held: int
    refused: int
    failed: int
    p50: float
    p99: float
    all_held: int
    all_warm: int
    answers: int
    cpu: float
    problem: str

    def plain(self) -> dict[str, Any]:
        return asdict(self)
