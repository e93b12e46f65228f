"""How others hold seats in MySQL, each written once: what is sent, in which order, and what the answers mean.

A recipe yields statements and is given their answers, so threads and tasks run the same one. The statements' text is
made once for a number of seats. Each locks or changes its seats in the order of their primary key, which is forced, and
each takes a hold that is over for free, as ticketctl does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

TTL = 600


class Ask(NamedTuple):
    """A statement.

    Attributes:
        sql: Its text.
        values: Its parameters.
        reads: Whether its rows are wanted, not their number.
    """

    sql: str
    values: Sequence[object] = ()
    reads: bool = False


class Token(NamedTuple):
    """What a recipe needs to give back what it holds.

    Attributes:
        event_id: The event.
        seats: Ids and the versions that they have now, 0 where no version is looked at.
        user: Who has them.
        hold_id: The hold, where there are such.
    """

    event_id: int
    seats: tuple[tuple[int, int], ...]
    user: str
    hold_id: str = ""


Steps = Generator[Ask, Any, Token | None]

BEGIN, COMMIT, ROLLBACK = Ask("BEGIN"), Ask("COMMIT"), Ask("ROLLBACK")
FREE = "(status = 'AVAILABLE' OR (status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6)))"
UNTIL = f"UTC_TIMESTAMP(6) + INTERVAL {TTL} SECOND"
HELD = f"version = version + 1, status = 'RESERVED', reserved_by = %s, reserved_until = {UNTIL}"
GIVEN_BACK = "version = version + 1, status = 'AVAILABLE', reserved_by = NULL, reserved_until = NULL"
SEATS = "seats FORCE INDEX (PRIMARY)"


class Recipe(Protocol):
    """A way to hold seats, all or none, and to give them back."""

    autocommit: bool

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps: ...

    def release(self, token: Token) -> Steps: ...


class _OneUser:
    """Gives back by one conditional UPDATE."""

    autocommit = False

    def __init__(self, count: int) -> None:
        self.among = f"seat_id IN ({', '.join(['%s'] * count)})"
        self._give_back = (
            f"UPDATE {SEATS} SET {GIVEN_BACK} WHERE {self.among} AND status = 'RESERVED' AND reserved_by = %s"
        )

    def release(self, token: Token) -> Steps:
        yield Ask(self._give_back, (*(seat_id for seat_id, _ in token.seats), token.user))
        yield COMMIT
        return None


class ForUpdate(_OneUser):
    """`SELECT … FOR UPDATE`, look, `UPDATE`, `COMMIT`; `ROLLBACK` if one is taken."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._lock = f"SELECT seat_id, {FREE} FROM {SEATS} WHERE {self.among} ORDER BY seat_id FOR UPDATE"
        self._write = f"UPDATE {SEATS} SET {HELD} WHERE {self.among}"

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:
        rows = yield Ask(self._lock, seat_ids, reads=True)
        if not all(free for _, free in rows):
            yield ROLLBACK
            return None
        yield Ask(self._write, (user, *seat_ids))
        yield COMMIT
        return Token(event_id, tuple((seat_id, 0) for seat_id in seat_ids), user)


class ForUpdateAfterBegin(ForUpdate):
    """The same with a `BEGIN` of its own, as many frameworks send it: one round trip more."""

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:
        yield BEGIN
        return (yield from super().hold(event_id, seat_ids, user))


class OneUpdate(_OneUser):
    """One conditional `UPDATE`, its row count compared, `COMMIT` or `ROLLBACK`."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._write = f"UPDATE {SEATS} SET {HELD} WHERE {self.among} AND {FREE}"

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:
        changed = yield Ask(self._write, (user, *seat_ids))
        if changed != len(seat_ids):
            yield ROLLBACK
            return None
        yield COMMIT
        return Token(event_id, tuple((seat_id, 0) for seat_id in seat_ids), user)


class Optimistic(_OneUser):
    """`SELECT` without a lock, one `UPDATE` with the version for each seat, `COMMIT`; `ROLLBACK` if one was changed."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._look = f"SELECT seat_id, version, {FREE} FROM {SEATS} WHERE {self.among} ORDER BY seat_id"
        self._write = f"UPDATE {SEATS} SET {HELD} WHERE seat_id = %s AND version = %s"

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:
        rows = yield Ask(self._look, seat_ids, reads=True)
        if not all(free for _, _, free in rows):
            yield ROLLBACK
            return None
        for seat_id, version, _ in rows:
            if not (yield Ask(self._write, (user, seat_id, version))):
                yield ROLLBACK
                return None
        yield COMMIT
        return Token(event_id, tuple((seat_id, version + 1) for seat_id, version, _ in rows), user)


class OptimisticAutocommit(Optimistic):
    """The same for one seat alone, which needs no transaction: two round trips instead of three."""

    autocommit = True

    def __init__(self, count: int) -> None:
        assert count == 1, "several seats are all or none only in a transaction"
        super().__init__(count)

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:
        rows = yield Ask(self._look, seat_ids, reads=True)
        ((seat_id, version, free),) = rows
        if not free or not (yield Ask(self._write, (user, seat_id, version))):
            return None
        return Token(event_id, ((seat_id, version + 1),), user)


class FourTables(Optimistic):
    """The optimistic one that writes what ticketctl writes, row by row: seats, reservations, audit, outbox."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._write = (
            f"UPDATE {SEATS} SET version = version + 1, status = 'RESERVED', hold_id = %s, reserved_by = %s,"
            f" reserved_until = {UNTIL} WHERE seat_id = %s AND version = %s"
        )
        self._free_again = (
            f"UPDATE {SEATS} SET {GIVEN_BACK}, hold_id = NULL WHERE seat_id = %s AND version = %s AND hold_id = %s"
        )
        self._reserve = (
            "INSERT INTO reservations (seat_id, event_id, user_id, expires_at, status, hold_id, hold_position,"
            f" hold_request, hold_deadline) VALUES (%s, %s, %s, {UNTIL}, 'ACTIVE', %s, %s, %s,"
            " UTC_TIMESTAMP(6) + INTERVAL 1800 SECOND)"
        )
        self._audit = (
            "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, changed_by, reason,"
            " hold_id, user_id, reserved_until)"
            f" VALUES (%s, %s, %s, 'AVAILABLE', 'RESERVED', %s, 'held', %s, %s, {UNTIL})"
        )
        self._audit_again = (
            "INSERT INTO seat_audit (seat_id, event_id, seat_version, old_status, new_status, changed_by, reason,"
            " hold_id) VALUES (%s, %s, %s, 'RESERVED', 'AVAILABLE', %s, 'released', %s)"
        )
        self._tell = (
            "INSERT INTO outbox_events (aggregate_id, aggregate_type, event_type, payload)"
            " VALUES (%s, 'event_seats', %s, %s)"
        )

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:
        rows = yield Ask(self._look, seat_ids, reads=True)
        if not all(free for _, _, free in rows):
            yield ROLLBACK
            return None
        # Begins with the time, as ticketctl's: a random one would cost its index more.
        hold_id, digest = f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}", os.urandom(16)
        for place, (seat_id, version, _) in enumerate(rows):
            if not (yield Ask(self._write, (hold_id, user, seat_id, version))):
                yield ROLLBACK
                return None
            yield Ask(self._reserve, (seat_id, event_id, user, hold_id, place, digest))
            yield Ask(self._audit, (seat_id, event_id, version + 1, user, hold_id, user))
        yield Ask(self._tell, (event_id, "seats.held", _payload(hold_id, user, seat_ids)))
        yield COMMIT
        return Token(event_id, tuple((seat_id, version + 1) for seat_id, version, _ in rows), user, hold_id)

    def release(self, token: Token) -> Steps:
        for seat_id, version in token.seats:
            if not (yield Ask(self._free_again, (seat_id, version, token.hold_id))):
                yield ROLLBACK
                return None
            yield Ask(self._audit_again, (seat_id, token.event_id, version + 1, token.user, token.hold_id))
        yield Ask("UPDATE reservations SET status = 'CANCELLED' WHERE hold_id = %s", (token.hold_id,))
        payload = _payload(token.hold_id, token.user, [seat_id for seat_id, _ in token.seats])
        yield Ask(self._tell, (token.event_id, "seats.released", payload))
        yield COMMIT
        return None


class FirstFree(_OneUser):
    """The first free seats, whatever they are: `SELECT … LIMIT … FOR UPDATE SKIP LOCKED`, `UPDATE`, `COMMIT`."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._count = count
        self._lock = (
            "SELECT seat_id FROM seats FORCE INDEX (idx_event_status) WHERE event_id = %s AND status = 'AVAILABLE'"
            " ORDER BY seat_id LIMIT %s FOR UPDATE SKIP LOCKED"
        )
        self._write = f"UPDATE {SEATS} SET {HELD} WHERE {self.among}"

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:  # noqa: ARG002  # as all recipes
        rows = yield Ask(self._lock, (event_id, self._count), reads=True)
        if len(rows) < self._count:
            yield ROLLBACK
            return None
        found = [seat_id for (seat_id,) in rows]
        yield Ask(self._write, (user, *found))
        yield COMMIT
        return Token(event_id, tuple((seat_id, 0) for seat_id in found), user)


class _Fetching:
    """Fetches rows of all seats of an event, in any order, as sorting them costs more; nothing is held."""

    autocommit = True
    where = ""

    def __init__(self, count: int) -> None:  # noqa: ARG002  # as all recipes
        self._look = f"SELECT seat_id, IF({FREE}, 'AVAILABLE', status) FROM seats WHERE event_id = %s{self.where}"

    def hold(self, event_id: int, seat_ids: Sequence[int], user: str) -> Steps:  # noqa: ARG002  # as all recipes
        rows = yield Ask(self._look, (event_id,), reads=True)
        return Token(event_id, (), user) if rows else None

    def release(self, token: Token) -> Steps:
        raise NotImplementedError("nothing was held")


class AllRows(_Fetching):
    """A row of every seat."""


class TakenRows(_Fetching):
    """A row of every seat that is not free."""

    where = f" AND NOT {FREE}"


RECIPES: Mapping[str, Callable[[int], Recipe]] = {
    "for-update": ForUpdate,
    "for-update-after-begin": ForUpdateAfterBegin,
    "optimistic": Optimistic,
    "optimistic-autocommit": OptimisticAutocommit,
    "four-tables": FourTables,
    "one-update": OneUpdate,
    "first-free": FirstFree,
    "all-rows": AllRows,
    "taken-rows": TakenRows,
}


def _payload(hold_id: str, user: str, seat_ids: Sequence[int]) -> str:
    return json.dumps({"hold_id": hold_id, "user_id": user, "seat_ids": list(seat_ids)}, separators=(",", ":"))
