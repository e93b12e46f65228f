"""Who is measured, and where each writes what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Writes(Enum):
    """What can be counted afterwards."""

    FOUR_TABLES = "seats, reservations, audit and outbox"
    SEATS = "seats alone"
    KEYS = "keys in Redis"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Contender:
    """A way to hold seats, or to ask for them.

    Attributes:
        title: Its row.
        method: Its key in `methods`.
        writes: What it writes.
        seats: The number of seats that it is for; 0 for any.
    """

    title: str
    method: str
    writes: Writes
    seats: int = 0


FOR_UPDATE = Contender("SELECT FOR UPDATE", "for-update", Writes.SEATS)
FOR_UPDATE_AFTER_BEGIN = Contender("BEGIN, SELECT FOR UPDATE", "for-update-after-begin", Writes.SEATS)
OPTIMISTIC = Contender("optimistic UPDATE", "optimistic", Writes.SEATS)
OPTIMISTIC_AUTOCOMMIT = Contender("optimistic, autocommit", "optimistic-autocommit", Writes.SEATS, seats=1)
FOUR_TABLES = Contender("optimistic, the same four tables", "four-tables", Writes.FOUR_TABLES)
ONE_UPDATE = Contender("one conditional UPDATE", "one-update", Writes.SEATS)
LUA = Contender("bare Lua in Redis", "lua", Writes.KEYS)
EXISTS = Contender("bare EXISTS, a socket each", "exists", Writes.NOTHING)
EXISTS_CLIENT = Contender("bare EXISTS, redis-py", "exists-client", Writes.NOTHING)
OURS = Contender("ticketctl", "ticketctl", Writes.FOUR_TABLES)
OURS_MYSQL = Contender("ticketctl without Redis", "ticketctl-mysql", Writes.FOUR_TABLES)

FIRST_FREE = Contender("first free, SKIP LOCKED", "first-free", Writes.SEATS)
OURS_BEST = Contender("ticketctl, hold_best", "ticketctl-best", Writes.FOUR_TABLES)

ALL_ROWS = Contender("all rows", "all-rows", Writes.NOTHING)
TAKEN_ROWS = Contender("rows of taken seats", "taken-rows", Writes.NOTHING)
OURS_MAP = Contender("ticketctl, seat_map", "ticketctl-map", Writes.NOTHING)
