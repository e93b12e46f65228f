"""Histories with one fault each: what a wrong writer would leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ticketctl.reservations.history import History, Kind, ReservationRow, SeatRow
from unit.reservations.histories import EVENT, NOON, SECOND, World


def changed(history: History, version: int, seat_id: int = 1, /, **values: Any) -> History:
    """The history with another value in one change."""
    changes = [
        change._replace(**values) if (change.seat_id, change.version) == (seat_id, version) else change
        for change in history.changes
    ]
    assert changes != list(history.changes)
    return History(changes, history.seats, history.reservations)


def without(history: History, version: int, seat_id: int = 1) -> History:
    changes = [change for change in history.changes if (change.seat_id, change.version) != (seat_id, version)]
    return History(changes, history.seats, history.reservations)


def row_changed(history: History, seat_id: int = 1, **values: Any) -> History:
    seats = [row._replace(**values) if row.seat_id == seat_id else row for row in history.seats]
    return History(history.changes, seats, history.reservations)


def reservation_changed(history: History, number: int = 1, **values: Any) -> History:
    rows = [row._replace(**values) if row.reservation_id == number else row for row in history.reservations]
    return History(history.changes, history.seats, rows)


def sold() -> World:
    """Seats 1 and 2 held by A and booked."""
    world = World.of(1, 2, 3)
    world.hold("A", "ann", [1, 2], ttl=60)
    world.confirm("A", 5)
    return world


def held() -> World:
    """Seats 1 and 2 held by A."""
    world = World.of(1, 2, 3)
    world.hold("A", "ann", [1, 2], ttl=60)
    return world


def expired() -> World:
    """Seat 1 held by A, which has expired, and then by B."""
    world = World.of(1)
    world.hold("A", "ann", [1], ttl=60)
    world.wait(61)
    world.hold("B", "bob", [1], ttl=60)
    return world


def live_hold_taken() -> History:
    """A writer without the condition on `reserved_until`, which thinks that the seat was free."""
    world = held()
    world.wait(1)
    seat = world.seats[1]
    world.seats[1] = seat._replace(status="AVAILABLE", hold_id=None, reserved_until=None)
    world.reservations["A", 1] = world.reservations["A", 1]._replace(status="EXPIRED")
    world.hold("B", "bob", [1])
    return world.history()


def sold_seat_taken() -> History:
    world = sold()
    world.seats[1] = SeatRow(1, EVENT, "AVAILABLE", 2)
    world.reservations["A", 1] = world.reservations["A", 1]._replace(status="CANCELLED")
    world.hold("B", "bob", [1])
    return world.history()


def taken_over_without_expiry() -> History:
    """The hold was over, but its end is not written."""
    history = without(expired().history(), 2)
    return row_changed(changed(history, 3, version=2), version=2)


def booked_again() -> History:
    """Reclaimed by a hold that had given the seat back."""
    world = held()
    world.release("A")
    world.confirm("A")
    history = world.history()
    assert len(history.changes) == 4
    world.reservations = {
        key: row._replace(status="CONFIRMED", booking_id=1) for key, row in world.reservations.items()
    }
    for seat_id in (1, 2):
        world.write(seat_id, "reclaimed", "BOOKED", "A", user_id="ann", booking_id=1)
    return world.history()


def held_again() -> History:
    """One hold id for two requests."""
    world = held()
    world.release("A")
    rows = dict(world.reservations)
    world.reservations.clear()
    world.hold("A", "ann", [1, 2])
    assert rows.keys() == world.reservations.keys()
    return world.history()


def half_confirmed() -> History:
    world = held()
    world.hold("B", "bob", [3], ttl=60)
    row = world.reservations["A", 1]
    world.reservations["A", 1] = row._replace(status="CONFIRMED", booking_id=5)
    world.write(1, "confirmed", "BOOKED", "A", user_id="ann", booking_id=5)
    return world.history()


def two_reservations() -> History:
    history = held().history()
    other = ReservationRow(9, 1, EVENT, "ACTIVE", None, None, "bob", NOON + 60 * SECOND)
    return History(history.changes, history.seats, (*history.reservations, other))


def reserved_twice() -> History:
    history = released().history()
    other = history.reservations[0]._replace(reservation_id=9, position=2)
    return History(history.changes, history.seats, (*history.reservations, other))


def in_two_events() -> History:
    world = World.of(1, 2)
    world.seats[2] = world.seats[2]._replace(event_id=8)
    world.hold("A", "ann", [1, 2])
    world.reservations["A", 2] = world.reservations["A", 2]._replace(event_id=8)
    return world.history()


def one_removed(history: History) -> History:
    return History(history.changes, history.seats[1:], history.reservations)


def released() -> World:
    world = held()
    world.release("A")
    return world


def extended() -> World:
    world = held()
    world.extend("A", 90)
    return world


def transferred() -> World:
    world = held()
    world.transfer("A", "bob")
    return world


def cancelled() -> World:
    world = sold()
    world.cancel("A")
    return world


def sold_rows() -> tuple[Any, Any]:
    return sold().history().seats, sold().history().reservations


def unheld(history: History) -> History:
    """Seat 1 was never touched, and has a reservation that is over."""
    history = reservation_changed(without(history, 1), status="EXPIRED")
    return row_changed(history, status="AVAILABLE", version=0, hold_id=None, user_id=None, reserved_until=None)


def unreserved(history: History) -> History:
    return History(history.changes, history.seats, [row for row in history.reservations if row.seat_id != 2])


# Each: how it is made, what is told first, and words that must be told.
CASES: dict[str, tuple[Callable[[], History], list[Kind], list[str]]] = {
    "a live hold is taken": (
        live_hold_taken,
        ["live-hold-taken"],
        [
            "seat 1: version 2, held by hold B for user bob",
            "hold A had it until 2026-05-28 20:27:40.000000 UTC (version 1)",
        ],
    ),
    "a booked seat is taken": (
        sold_seat_taken,
        ["sold-seat-taken"],
        ["seat 1: version 3, held by hold B", "hold A has booked it (version 2)"],
    ),
    "a hold is expired before its end": (
        lambda: changed(changed(expired().history(), 2, at=NOON + 59 * SECOND), 3, at=NOON + 62 * SECOND),
        ["expired-early"],
        ["version 2, expired by hold A", "until 2026-05-28 20:27:40.000000 UTC (version 1)"],
    ),
    "a hold is taken over and its end is not written": (
        taken_over_without_expiry,
        ["chain"],
        ["version 2, held by hold B", "says that it was AVAILABLE before, but version 1 left it RESERVED with hold A"],
    ),
    "the first change is missing": (
        lambda: without(sold().history(), 1),
        ["start"],
        ["seat 1: its history does not begin with version 1, but with version 2, confirmed by hold A"],
    ),
    "a change is missing in between": (
        lambda: without(expired().history(), 2),
        ["gap"],
        ["version 2 is missing between version 1, held by hold A", "and version 3, held by hold B"],
    ),
    "the last change is missing": (
        lambda: without(sold().history(), 2),
        ["end", "all-or-nothing"],
        ["status BOOKED and not RESERVED", "version 2 and not 1"],
    ),
    "two changes have one version": (
        lambda: changed(expired().history(), 3, version=2),
        ["repeated", "end"],
        ["version 2 is there twice: version 2, expired by hold A", "and version 2, held by hold B"],
    ),
    "a row is there twice": (
        lambda: History((*sold().history().changes, sold().history().changes[0]), *sold_rows()),
        ["repeated"],
        ["version 1 is there twice: version 1, held by hold A"],
    ),
    "a word does not fit its statuses": (
        lambda: changed(sold().history(), 2, reason="reclaimed"),
        ["word"],
        ["version 2, reclaimed by hold A", "goes from RESERVED to BOOKED: no such transition"],
    ),
    "a word is not known": (lambda: changed(sold().history(), 1, reason="grabbed"), ["word"], ["grabbed by hold A"]),
    "a change begins where none ended": (
        lambda: changed(sold().history(), 2, old_status="AVAILABLE", reason="reclaimed"),
        ["chain"],
        ["says that it was AVAILABLE before, but version 1 left it RESERVED with hold A"],
    ),
    "another hold gives the seat back": (
        lambda: changed(released().history(), 2, hold_id="B"),
        ["wrong-hold"],
        ["version 2, released by hold B", "but hold A has it (version 1)"],
    ),
    "another hold confirms the seat": (
        lambda: changed(sold().history(), 2, hold_id="B"),
        ["live-hold-taken"],
        ["version 2, confirmed by hold B", "but hold A had it until"],
    ),
    "another user confirms": (
        lambda: changed(sold().history(), 2, user_id="bob"),
        ["wrong-user"],
        ["confirmed by hold A for user bob", "but it is of user ann (version 1)"],
    ),
    "one hold gets a seat twice": (held_again, ["held-twice", "held-twice"], ["version 3, held by hold A"]),
    "a hold that was given back is claimed again": (
        booked_again,
        ["not-expired", "not-expired"],
        ["version 3, reclaimed by hold A", "did not expire: released"],
    ),
    "a hold claims what it never had": (
        lambda: changed(sold().history(), 1, old_status="AVAILABLE", new_status="BOOKED", reason="reclaimed"),
        ["not-expired"],
        ["version 1, reclaimed by hold A", "never had it"],
    ),
    "a hold has no end": (lambda: changed(held().history(), 1, reserved_until=None), ["values"], ["reserved_until"]),
    "a free seat has a user": (lambda: changed(released().history(), 2, user_id="ann"), ["values"], ["user_id"]),
    "an extension comes to an earlier end": (
        lambda: changed(extended().history(), 2, reserved_until=NOON + 59 * SECOND),
        ["values"],
        ["the end moved from 2026-05-28 20:27:40.000000 UTC to 2026-05-28 20:27:39.000000 UTC"],
    ),
    "a hold ends later because it was handed on": (
        lambda: changed(transferred().history(), 2, reserved_until=NOON + 61 * SECOND),
        ["values"],
        ["transferred by hold A for user bob", "the end moved from 2026-05-28 20:27:40.000000 UTC to"],
    ),
    "another booking is cancelled": (
        lambda: changed(cancelled().history(), 3, booking_id=6),
        ["values"],
        ["cancelled by hold A", "booking 6, but it was booked by 5"],
    ),
    "a change is of another event": (
        lambda: changed(sold().history(), 2, event_id=8),
        ["event", "event"],
        ["version 2, confirmed by hold A", "is of event 8"],
    ),
    "time goes back": (
        lambda: changed(sold().history(), 2, at=NOON - 1),
        ["clock"],
        [
            "version 1, held by hold A",
            "comes before version 2, confirmed by hold A",
            "the database's clock was set back",
        ],
    ),
    "the row says another hold": (
        lambda: row_changed(held().history(), hold_id="B"),
        ["end", "reservation"],
        ["its row is not as version 1 left it (RESERVED by hold A): hold_id B and not A"],
    ),
    "the row says another end": (
        lambda: row_changed(held().history(), reserved_until=NOON),
        ["end", "reservation"],
        ["reserved_until 2026-05-28 20:26:40.000000 UTC and not 2026-05-28 20:27:40.000000 UTC"],
    ),
    "the row says another booking": (lambda: row_changed(sold().history(), booking_id=6), ["end", "reservation"], []),
    "the row says another user": (lambda: row_changed(sold().history(), user_id="bob"), ["end", "reservation"], []),
    "a free seat keeps its hold": (
        lambda: row_changed(released().history(), hold_id="A"),
        ["end"],
        ["hold_id A and not None"],
    ),
    "a seat has changed and nothing is written of it": (
        lambda: row_changed(World.of(1).history(), status="BOOKED", version=4, hold_id="A"),
        ["end", "reservation"],
        ["its row has version 4 and is BOOKED by hold A, but no change of it is recorded"],
    ),
    "a seat is gone": (
        lambda: one_removed(held().history()),
        ["end", "reservation"],
        ["version 1 left it RESERVED, but it has no row"],
    ),
    "a held seat has no reservation": (
        lambda: reservation_changed(held().history(), status="EXPIRED"),
        ["reservation"],
        ["it is RESERVED by hold A for user ann, but no reservation of it is live"],
    ),
    "a free seat has a live reservation": (
        lambda: reservation_changed(released().history(), status="ACTIVE"),
        ["reservation"],
        ["it is AVAILABLE, but reservation 1 of hold A for user ann is ACTIVE"],
    ),
    "a booked seat has an active reservation": (
        lambda: reservation_changed(sold().history(), status="ACTIVE"),
        ["reservation"],
        ["they differ in status"],
    ),
    "the reservation ends at another time": (
        lambda: reservation_changed(held().history(), expires_at=NOON + SECOND),
        ["reservation"],
        ["they differ in expires_at"],
    ),
    "a seat has two live reservations": (
        two_reservations,
        ["two-reservations"],
        ["it has 2 live reservations: reservation 1 of hold A", "reservation 9 of hold None for user bob is ACTIVE"],
    ),
    "a seat is in no status": (
        lambda: row_changed(World.of(1, 2).history(), status="GONE"),
        ["end", "count"],
        ["1 of its 2 seats are GONE"],
    ),
    "a seat of a hold was never held": (
        lambda: unheld(held().history()),
        ["all-or-nothing"],
        ["hold A: it has reservations of seats 1, 2, but never held seat 1"],
    ),
    "a seat is held outside of the hold's reservations": (
        lambda: unreserved(released().history()),
        ["all-or-nothing"],
        ["hold A: it held seats 1, 2, but has no reservation of seat 2"],
    ),
    "half of a hold is confirmed": (
        half_confirmed,
        ["all-or-nothing"],
        ["hold A: seat 1 was held, booked, but seat 2 was held"],
    ),
    "the seats of a hold end at different times": (
        lambda: reservation_changed(
            row_changed(
                changed(held().history(), 1, reserved_until=NOON + 61 * SECOND), reserved_until=NOON + 61 * SECOND
            ),
            expires_at=NOON + 61 * SECOND,
        ),
        ["all-or-nothing"],
        ["seat 1 had it until 2026-05-28 20:27:41.000000 UTC, but seat 2 had it until 2026-05-28 20:27:40.000000 UTC"],
    ),
    "a position is missing": (
        lambda: reservation_changed(held().history(), position=3),
        ["positions"],
        ["hold A: its reservations have the positions 1, 3"],
    ),
    "a hold has two reservations of one seat": (
        reserved_twice,
        ["positions"],
        ["hold A: it has two reservations of one seat"],
    ),
    "a hold is in two events": (
        in_two_events,
        ["all-or-nothing"],
        ["hold A: seat 1 is of user ann in event 7, but seat 2 is of user ann in event 8"],
    ),
    "a reservation is of another user than its hold": (
        lambda: reservation_changed(released().history(), user_id="bob"),
        ["wrong-user"],
        ["seat 1 was for user ann, but its reservation is of user bob"],
    ),
    "a hold goes on beyond its deadline": (
        lambda: reservation_changed(extended().history(), deadline=NOON + 61 * SECOND),
        ["deadline"],
        ["hold A: it had seat 1 until", "but its deadline was 2026-05-28 20:27:41.000000 UTC"],
    ),
}
