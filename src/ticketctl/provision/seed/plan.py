"""What a run would add, decided before anything is changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ticketctl.provision.seed.programme import Event, Status, event

NAMED_AT_MOST = 10  # events; a run may add thousands
# Seats that one statement inserts: more of them is not faster, and the answer to Ctrl-C comes after each.
STATEMENT = 5_000


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An event that a run of `seed` began and did not finish, or is at work on now.

    Attributes:
        event_id: Its id.
        name: Its name.
        seats: How many it is to have.
        present: How many it has.
    """

    event_id: int
    name: str
    seats: int
    present: int

    def __str__(self) -> str:
        return (
            f"event {self.event_id} ({self.name}) has {self.present} of {self.seats} seats and none on sale: "
            "a run of `ticketctl seed` ended before it was done, or is at work now"
        )


@dataclass(frozen=True, slots=True)
class Observed:
    """What the databases hold before a run.

    Attributes:
        events: How many events there are.
        next_event_id: The id that the next event would get.
        next_seat_id: The id that the next seat would get.
        unfinished: Events without all of their seats.
    """

    events: int
    next_event_id: int
    next_seat_id: int
    unfinished: tuple[Unfinished, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would add. The databases give the ids: those named here are what they would give now.

    Attributes:
        seed: What everything is chosen by.
        events: The events, in order; each has equally many seats.
        event_ids: First and last id of the events.
        seat_ids: First and last id of the seats.
    """

    seed: int
    events: tuple[Event, ...]
    event_ids: tuple[int, int]
    seat_ids: tuple[int, int]

    @property
    def seats(self) -> int:
        """Seats of all events together."""
        return sum(event.seats for event in self.events)

    def groups(self) -> Iterator[tuple[Event, ...]]:
        """The events in portions that are written at a time: a large one alone, small ones together."""
        size = max(1, STATEMENT // self.events[0].seats)
        for start in range(0, len(self.events), size):
            yield self.events[start : start + size]

    def __str__(self) -> str:
        first, count = self.events[0], len(self.events)
        lines = [
            f"seed {self.seed}: add {amount(count, 'event')} with {amount(first.seats, 'seat')} each",
            f"events  ids {_range(self.event_ids)}, if nobody else adds one before",
            f"seats   ids {_range(self.seat_ids)}, if nobody else adds one before",
        ]
        lines += [
            f"  {self.event_ids[0] + place}  {moment(one.event_date)}  {one.name}, {one.venue} ({one.status})"
            for place, one in enumerate(self.events[:NAMED_AT_MOST])
        ]
        if count > NAMED_AT_MOST:
            lines.append(f"  and {count - NAMED_AT_MOST} more")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class SeededEvent:
    """An event with all its seats.

    Attributes:
        event_id: Its id.
        name: Who plays what.
        venue: Where.
        event_date: When it begins (UTC).
        status: Its status.
        seats: How many seats it has, all of them available.
    """

    event_id: int
    name: str
    venue: str
    event_date: datetime
    status: Status
    seats: int


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What a run added, or would add.

    Attributes:
        dry_run: Whether only the plan was made.
        seed: What everything was chosen by.
        events: What was added; in a dry run nothing.
        seats: How many seats that is, or would be.
        expected_event_ids: First and last id of the events by the plan; others who add events move it.
        expected_seat_ids: The same of the seats.
        seconds: How long it took.
        unfinished: Events that were there already, without all of their seats.
        plan: The plan, as text.
    """

    dry_run: bool
    seed: int
    events: tuple[SeededEvent, ...]
    seats: int
    expected_event_ids: tuple[int, int]
    expected_seat_ids: tuple[int, int]
    seconds: float
    unfinished: tuple[Unfinished, ...]
    plan: str


def plan_seed(seen: Observed, *, events: int, seats: int, seed: int, today: date) -> Plan:
    """Return what a run would add. It goes on in the programme of its seed behind the events that are there.

    Args:
        seen: What the databases hold.
        events: How many events to add, 1 or more.
        seats: How many seats each of them has, 1 or more.
        seed: Chooses names, dates, rows and prices.
        today: The day that dates count from.
    """
    added = tuple(event(seen.events + number, seats, seed=seed, today=today) for number in range(events))
    return Plan(seed, added, _ids(seen.next_event_id, events), _ids(seen.next_seat_id, events * seats))


def amount(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 event` or `1,000 seats`.

    Args:
        count: How many.
        noun: Of what, in the singular.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def moment(time: datetime) -> str:
    """Return a time as it is shown, to the minute.

    Args:
        time: It, in UTC.
    """
    return f"{time:%Y-%m-%d %H:%M}"


def _ids(first: int, count: int) -> tuple[int, int]:
    return first, first + count - 1


def _range(ids: Sequence[int]) -> str:
    return f"{ids[0]} to {ids[1]}" if ids[0] != ids[1] else f"{ids[0]}"
