"""Writers whose transactions cross in every way that locks allow, in memory and with a clock of microseconds.

Each transaction is a generator that stops between its statements. Changes become visible at its commit; a statement
knows the clock of its own beginning. What is left is a history that a right writer may leave, however unlikely.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from ticketctl.reservations.history import Change, History, Limits, SeatRow
from unit.reservations.histories import EVENT, NOON

SEATS = range(1, 7)
USERS = ("ann", "bob")
Key = object
Transaction = Generator[Sequence[Key], None, None]
"""Yields the locks that it wants next, none where it only stops."""


@dataclass
class Server:
    """What is committed, who has which lock, and the time.

    Attributes:
        limits: What a writer keeps to.
        guards: Whether writers lock the guards.
        seats: The rows, as committed.
        changes: The audit, as committed.
        clock: The time, as a moment.
        slowest: The longest that a transaction took.
    """

    limits: Limits
    guards: bool = True
    seats: dict[int, SeatRow] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    clock: int = NOON
    slowest: int = 0

    def history(self) -> History:
        return History(self.changes, list(self.seats.values()), [])

    def commit(self, changes: Sequence[Change]) -> None:
        for change in changes:
            taken = change.new_status in ("RESERVED", "BOOKED")
            self.seats[change.seat_id] = SeatRow(
                *(change.seat_id, EVENT, change.new_status, change.version, change.hold_id if taken else None),
                *(change.user_id, change.reserved_until, change.booking_id),
            )
        self.changes += changes

    def has(self, now: int, user_id: str | None) -> list[SeatRow]:
        """The seats that a count finds, of a user or of all."""
        return [
            row
            for row in self.seats.values()
            if user_id in (None, row.user_id)
            and (row.status == "BOOKED" or (row.status == "RESERVED" and (row.reserved_until or 0) > now))
        ]

    def of_hold(self, hold_id: str) -> list[SeatRow]:
        return [row for row in self.seats.values() if row.hold_id == hold_id]


class Counted:
    """The room that a count leaves.

    Args:
        server: The server.
        user_id: Whose limits they are.
        now: The clock of the statement that counts.
    """

    def __init__(self, server: Server, user_id: str, now: int) -> None:
        own = server.has(now, user_id)
        self._limits = server.limits
        self._seats = len(own)
        self._holds = len({row.hold_id for row in own if row.status == "RESERVED"})
        self._event = len(server.has(now, None))

    def allows(self, seats: int, *, hold: bool, of_event: bool = True) -> bool:
        wanted = (
            (self._limits.per_user, self._seats + seats, True),
            (self._limits.open_holds, self._holds + 1, hold),
            (self._limits.per_event, self._event + seats, of_event),
        )
        return all(most is None or not counts or has <= most for most, has, counts in wanted)


def hold(server: Server, hold_id: str, user_id: str, seat_ids: Sequence[int], ttl: int) -> Transaction:
    counted = yield from _count(server, user_id)
    yield seat_ids
    now = server.clock
    rows = [server.seats[seat_id] for seat_id in seat_ids]
    if any(row.status != "AVAILABLE" and not _is_over(row, now) for row in rows):
        return
    if not counted.allows(len(rows), hold=True):
        return
    yield ()
    written = server.clock
    changes: list[Change] = []
    for row in rows:
        free = row
        if row.status == "RESERVED":
            changes.append(_change(row, "expired", "AVAILABLE", at=written))
            free = row._replace(status="AVAILABLE", version=changes[-1].version)
        free = free._replace(hold_id=hold_id)
        changes.append(_change(free, "held", "RESERVED", at=written, user_id=user_id, until=now + ttl))
    yield ()
    server.commit(changes)


def confirm(server: Server, hold_id: str) -> Transaction:
    rows = server.of_hold(hold_id)
    yield ()
    if not rows or rows[0].status != "RESERVED":
        return
    late, counted = _is_over(rows[0], server.clock), None
    if late:
        counted = yield from _count(server, rows[0].user_id or "")
    yield [row.seat_id for row in rows]
    now, size = server.clock, len(rows)
    rows = server.of_hold(hold_id)
    if len(rows) < size or rows[0].status != "RESERVED" or (_is_over(rows[0], now) and counted is None):
        return
    if _is_over(rows[0], now) and counted is not None and not counted.allows(size, hold=False):
        return
    yield from _changed(server, rows, "confirmed", "BOOKED", user_id=rows[0].user_id)


def transfer(server: Server, hold_id: str, user_id: str) -> Transaction:
    counted = yield from _count(server, user_id)
    rows = server.of_hold(hold_id)
    yield [row.seat_id for row in rows]
    size, rows = len(rows), server.of_hold(hold_id)
    if not rows or len(rows) < size or _is_over(rows[0], server.clock) or rows[0].user_id == user_id:
        return
    if counted.allows(size, hold=rows[0].status == "RESERVED", of_event=False):
        yield from _changed(
            server, rows, "transferred", rows[0].status or "", user_id=user_id, until=rows[0].reserved_until
        )


def extend(server: Server, hold_id: str, ttl: int) -> Transaction:
    rows = server.of_hold(hold_id)
    yield [row.seat_id for row in rows]
    size, rows, now = len(rows), server.of_hold(hold_id), server.clock
    if rows and len(rows) == size and rows[0].status == "RESERVED" and not _is_over(rows[0], now):
        until = max(rows[0].reserved_until or 0, now + ttl)
        yield from _changed(server, rows, "extended", "RESERVED", user_id=rows[0].user_id, until=until)


def give_back(server: Server, hold_id: str) -> Transaction:
    rows = server.of_hold(hold_id)
    yield [row.seat_id for row in rows]
    size, rows = len(rows), server.of_hold(hold_id)
    if rows and len(rows) == size and not _is_over(rows[0], server.clock):
        yield from _changed(server, rows, "released" if rows[0].status == "RESERVED" else "cancelled", "AVAILABLE")


def sweep(server: Server, seat_id: int) -> Transaction:
    yield [seat_id]
    row = server.seats[seat_id]
    if _is_over(row, server.clock):
        yield from _changed(server, [row], "expired", "AVAILABLE")


def played(seed: int, server: Server, *, transactions: int = 120, at_once: int = 6) -> Server:
    """Run random transactions, some at once; what has not ended at the end is rolled back."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    server.seats = {seat_id: SeatRow(seat_id, EVENT, "AVAILABLE", 0) for seat_id in SEATS}
    going: dict[int, tuple[Transaction, int, Sequence[Key]]] = {}
    locks: dict[Key, int] = {}
    for number in range(transactions):
        if len(going) < at_once:
            going[number] = (_any(server, number, chance), server.clock, ())
        for _ in range(chance.randrange(12)):
            server.clock += chance.choice((0, 1, 1, 3, 20))
            runnable = [
                name for name, (_, _, wants) in going.items() if all(locks.get(key, name) == name for key in wants)
            ]
            if not runnable:
                break
            name = chance.choice(runnable)
            transaction, began, wants = going[name]
            locks.update(dict.fromkeys(wants, name))
            try:
                going[name] = (transaction, began, next(transaction))
            except StopIteration:
                del going[name]
                locks = {key: owner for key, owner in locks.items() if owner != name}
                server.slowest = max(server.slowest, server.clock - began)
    return server


def _any(server: Server, number: int, chance: random.Random) -> Transaction:
    # The holds that there are, and ends that come while transactions go on.
    hold_id = chance.choice([row.hold_id for row in server.seats.values() if row.hold_id] or ["H"])
    user_id = chance.choice(USERS)
    seat_ids, ttl = sorted(chance.sample(SEATS, chance.choice((1, 1, 2)))), chance.choice((10, 30, 100))
    kinds: list[Callable[[], Transaction]] = [
        *[lambda: hold(server, f"H{number}", user_id, seat_ids, ttl)] * 4,
        lambda: confirm(server, hold_id),
        lambda: confirm(server, hold_id),
        lambda: extend(server, hold_id, ttl),
        lambda: transfer(server, hold_id, user_id),
        lambda: give_back(server, hold_id),
        lambda: sweep(server, seat_ids[0]),
    ]
    return chance.choice(kinds)()


def _count(server: Server, user_id: str) -> Generator[Sequence[Key], None, Counted]:
    guards = [f"guard {user_id}", *(["guard"] if server.limits.per_event is not None else [])]
    yield guards if server.guards else ()
    now = server.clock
    yield ()  # a statement's clock stands from its beginning, what it reads is committed by now
    return Counted(server, user_id, now)


def _changed(
    server: Server,
    rows: Sequence[SeatRow],
    word: str,
    status: str,
    *,
    user_id: str | None = None,
    until: int | None = None,
) -> Transaction:
    yield ()
    changes = [_change(row, word, status, at=server.clock, user_id=user_id, until=until) for row in rows]
    yield ()
    server.commit(changes)


def _change(
    row: SeatRow, word: str, status: str, *, at: int, user_id: str | None = None, until: int | None = None
) -> Change:
    booking_id, version = (1 if status == "BOOKED" else None), (row.version or 0) + 1
    return Change(
        *(0, row.seat_id, EVENT, version, row.status, status, word, "x", row.hold_id, user_id, until, booking_id, at)
    )


def _is_over(row: SeatRow, now: int) -> bool:
    return row.status == "RESERVED" and (row.reserved_until or 0) <= now
