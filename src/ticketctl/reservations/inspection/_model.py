"""What people who look after reservations are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal


@dataclass(frozen=True, slots=True)
class EventStatus:
    """The seats of an event at one moment, and what Redis says of them a moment later.

    Attributes:
        event_id: The event.
        seats: How many it has; 0 if it is not known here.
        available: That are free.
        over: That are free as well, because their hold is over, but still say RESERVED: nobody has swept them yet.
        reserved: That live holds have.
        booked: That are sold.
        blocked: That are kept from sale.
        holds: Live holds.
        users: Who have them.
        ending: Live holds that end within a minute unless they are confirmed or extended.
        entries: Of the event in Redis, of every kind.
        intents: Entries that end within an intent's life: holds that were just announced, and whatever is about to end.
        leaving: Entries of holds that are giving seats back.
    """

    event_id: int
    seats: int
    available: int
    over: int
    reserved: int
    booked: int
    blocked: int
    holds: int
    users: int
    ending: int
    entries: int
    intents: int
    leaving: int


@dataclass(frozen=True, slots=True)
class LiveHold:
    """A hold that has its seats and is not confirmed.

    Attributes:
        hold_id: Its id.
        event_id: The event.
        user_id: Whose it is.
        seat_ids: Its seats, ascending.
        age: Seconds since it was made.
        ends_in: Seconds until it ends unless it is confirmed or extended.
    """

    hold_id: str
    event_id: int
    user_id: str
    seat_ids: tuple[int, ...]
    age: float
    ends_in: float


@dataclass(frozen=True, slots=True)
class SeatNow:
    """A seat as it is.

    Attributes:
        seat_id: Its number in the database.
        event_id: Its event.
        seat_number: What stands on it.
        status: As it is written: `RESERVED` also when its hold is over.
        over: Whether its hold is over.
        version: Its version.
        hold_id: The hold that has it.
        user_id: Whose it is.
        until: Until when, UTC.
        booking_id: The booking.
    """

    seat_id: int
    event_id: int
    seat_number: str
    status: str
    over: bool
    version: int
    hold_id: str | None
    user_id: str | None
    until: datetime | None
    booking_id: int | None


@dataclass(frozen=True, slots=True)
class SeatChange:
    """A change of a seat, as the audit has it.

    Attributes:
        version: The seat's version after it.
        at: When it was written, UTC.
        reason: What happened, in a word of the audit.
        old: The status before, None for a seat that was made.
        new: The status after, None for one that was removed.
        actor: Who did it.
        hold_id: The hold it belongs to.
        user_id: Whose the seat is afterwards.
        until: Until when, UTC.
        booking_id: The booking.
    """

    version: int
    at: datetime
    reason: str | None
    old: str | None
    new: str | None
    actor: str | None
    hold_id: str | None
    user_id: str | None
    until: datetime | None
    booking_id: int | None


@dataclass(frozen=True, slots=True)
class SeatHistory:
    """What happened to a seat.

    Attributes:
        seat_id: The seat.
        seat: As it is now; None if there is none.
        changes: Its last changes, in the order of their versions.
        more: Whether there are earlier ones.
    """

    seat_id: int
    seat: SeatNow | None
    changes: tuple[SeatChange, ...]
    more: bool


class Kind(Enum):
    """A class of differences. Those of Redis can be repaired; those within MySQL are for people to look at."""

    FREE = "entry_of_free_seat"
    """Redis has an entry for a seat that is free: it is refused until the entry ends."""
    OVER = "entry_of_hold_that_is_over"
    """The entry's hold was over before the entry is."""
    OTHER_HOLD = "entry_of_another_hold"
    """MySQL gave the seat to another hold than the entry's."""
    LEAVING = "entry_left_behind"
    """A hold was giving the seat back, and its entry stayed for longer than that takes."""
    ENDLESS = "entry_without_end"
    """Nothing will ever take the entry away."""
    NO_SEAT = "entry_without_seat"
    """The event has no such seat."""
    MISSING = "no_entry"
    """A seat is taken, and Redis does not know. Harmless: whoever asks for it is refused by MySQL, and Redis told."""
    NO_RESERVATION = "seat_without_reservation"
    """A seat is reserved or booked, and no live reservation says for whom."""
    OTHER_RESERVATION = "seat_of_another_hold"
    """The live reservation of a seat is another hold's than the seat's own."""
    UNEQUAL = "seat_and_reservation_differ"
    """A seat and its reservation name the same hold, but not the same state, event, user, end or booking."""
    NO_TAKEN_SEAT = "reservation_without_seat"
    """A reservation is live while its seat is free, blocked, or not there."""
    INCOMPLETE = "incomplete_hold"
    """Some of a hold's reservations are not there."""

    @property
    def where(self) -> Literal["redis", "mysql"]:
        """Between Redis and MySQL, or within MySQL."""
        return "redis" if self in _OF_REDIS else "mysql"

    @property
    def harmless(self) -> bool:
        """Whether nothing is wrong with it."""
        return self is Kind.MISSING

    @property
    def repairable(self) -> bool:
        """Whether `reconcile` can put it right."""
        return self in _OF_REDIS and not self.harmless


_OF_REDIS = {Kind.FREE, Kind.OVER, Kind.OTHER_HOLD, Kind.LEAVING, Kind.ENDLESS, Kind.NO_SEAT, Kind.MISSING}


@dataclass(frozen=True, slots=True)
class Example:
    """One difference.

    Attributes:
        event_id: The event, as far as it is known.
        seat_id: The seat, None where a hold as a whole is concerned.
        hold_id: The hold that MySQL knows of.
        says: What both sides say.
    """

    event_id: int | None
    seat_id: int | None
    hold_id: str | None
    says: str


@dataclass(frozen=True, slots=True)
class Finding:
    """All differences of a class.

    Attributes:
        kind: The class.
        count: How many there were.
        repaired: How many of them were put right.
        gone: How many had changed by themselves when they were to be put right.
        examples: The first of them.
    """

    kind: Kind
    count: int
    repaired: int
    gone: int
    examples: tuple[Example, ...]

    @property
    def left(self) -> int:
        """How many there still are."""
        return self.count - self.repaired - self.gone


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What differs.

    Attributes:
        event_id: The event; None if it was all of them.
        seats: Seats that were looked at.
        entries: Entries of Redis that were looked at; one that Redis handed out twice counts twice.
        intents: Those of them that end within an intent's life: no differences, whatever they say.
        findings: The classes that were found, in the order of `Kind`.
    """

    event_id: int | None
    seats: int
    entries: int
    intents: int
    findings: tuple[Finding, ...]

    @property
    def differences(self) -> int:
        """How many there still are that are not harmless."""
        return sum(finding.left for finding in self.findings if not finding.kind.harmless)

    @property
    def repairable(self) -> int:
        """How many of these can be repaired."""
        return sum(finding.left for finding in self.findings if finding.kind.repairable)
