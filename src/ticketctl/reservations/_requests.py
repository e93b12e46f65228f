"""What is asked for, checked before anything is sent."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ticketctl.errors import LimitExceededError
from ticketctl.reservations._model import Limits
from ticketctl.reservations._moments import microseconds

LONGEST_USER = 50
MOST_SEATS = 500
LEAST_TTL, MOST_TTL = 0.1, 30 * 86_400.0
SEAT_TYPES = ("REGULAR", "VIP", "PREMIUM")
_HOLD_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")


class Wish(NamedTuple):
    """Seats that are wanted without being named.

    Attributes:
        number: How many.
        section: Of which section; None is any.
        seat_type: Of which type; None is any.
        max_price: What each may cost at most; None is any price.
        together: Whether they shall be neighbours where that is possible.
        split: Whether seats apart will do where it is not.
    """

    number: int
    section: str | None
    seat_type: str | None
    max_price: Decimal | None
    together: bool
    split: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A hold that is wanted.

    Attributes:
        hold_id: Its id.
        event_id: The event.
        user_id: For whom.
        actor: Who asks, as it stands in the audit.
        seat_ids: The seats, ascending; empty where there is a wish.
        wish: What is wanted instead.
        ttl: Microseconds.
        longest: Microseconds after which it is extended no more.
        own_id: Whether the id was made here, so that nobody else knows it.
    """

    hold_id: str
    event_id: int
    user_id: str
    actor: str
    seat_ids: tuple[int, ...]
    wish: Wish | None
    ttl: int
    longest: int
    own_id: bool

    @property
    def count(self) -> int:
        """How many seats are wanted."""
        return self.wish.number if self.wish else len(self.seat_ids)

    @property
    def digest(self) -> str:
        """What tells this request from others with the same id, in hexadecimal digits."""
        wish = self.wish and tuple(map(str, self.wish))
        words = repr((self.event_id, self.user_id, self.seat_ids, wish, self.ttl))
        return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()

    @property
    def kind(self) -> tuple[object, ...]:
        """What requests have in common that can be granted in one transaction."""
        return (self.event_id, self.wish.section, self.wish.seat_type, self.wish.max_price) if self.wish else ()


def request(
    event_id: int,
    user_id: str,
    *,
    seat_ids: Iterable[int] = (),
    wish: Wish | None = None,
    ttl: float,
    longest: float,
    hold_id: str | None,
    actor: str | None,
    limits: Limits,
) -> Request:
    """Return a request.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value cannot be.
        LimitExceededError: More seats are wanted than one hold may have.
    """
    ids = () if wish else seat_numbers(seat_ids)
    whole_number("event_id", event_id)
    checked_user("user_id", user_id)
    time_to_live = microseconds(checked_ttl(ttl))
    count = wish.number if wish else len(ids)
    if limits.per_hold is not None and count > limits.per_hold:
        raise LimitExceededError("per_hold", most=limits.per_hold, has=0, wanted=count)
    return Request(
        hold_id=new_hold_id() if hold_id is None else checked_hold_id(hold_id),
        event_id=event_id,
        user_id=user_id,
        actor=user_id if actor is None else checked_user("actor", actor),
        seat_ids=ids,
        wish=wish,
        ttl=time_to_live,
        longest=max(time_to_live, microseconds(longest)),
        own_id=hold_id is None,
    )


def wish(
    count: int,
    *,
    section: str | None,
    seat_type: str | None,
    max_price: Decimal | float | None,
    together: bool,
    split: bool,
) -> Wish:
    """Return a wish.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value cannot be.
    """
    whole_number("count", count, most=MOST_SEATS)
    if seat_type is not None and seat_type not in SEAT_TYPES:
        raise ValueError(f"seat_type is one of {', '.join(SEAT_TYPES)}, not {seat_type!r}")
    if section is not None:
        _checked_text("section", section)
    price = None if max_price is None else _checked_price(max_price)
    return Wish(count, section, seat_type, price, together, split)


def new_hold_id() -> str:
    """Return an id that no other has: 32 hexadecimal digits that begin with the time, so that new rows stand together.

    Source: the layout of UUID version 7 (RFC 9562), 48 bits of milliseconds before random ones. A clock that is wrong
    costs locality and nothing else.
    """
    return f"{time.time_ns() // 1_000_000 & 0xFFFFFFFFFFFF:012x}{os.urandom(10).hex()}"


def checked_hold_id(hold_id: str) -> str:
    """Return the id of a hold.

    Raises:
        TypeError: It is no text.
        ValueError: It cannot be one.
    """
    if not isinstance(hold_id, str):
        raise TypeError(f"a hold id is a text, not {type(hold_id).__name__}")
    if not _HOLD_ID.fullmatch(hold_id):
        raise ValueError(f"a hold id has 1 to 36 letters, digits, - and _, not {hold_id!r}")
    return hold_id


def checked_user(name: str, value: str) -> str:
    """Return a user or whoever acts.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty or too long, or no server can be told of it.
    """
    _checked_text(name, value)
    if not 0 < len(value) <= LONGEST_USER:
        raise ValueError(f"{name} has 1 to {LONGEST_USER} characters, not {len(value)}")
    return value


def checked_ttl(ttl: float) -> float:
    """Return the seconds of a hold.

    Raises:
        TypeError: It is no number.
        ValueError: It is too short or too long.
    """
    if isinstance(ttl, bool) or not isinstance(ttl, (int, float)):
        raise TypeError(f"ttl is a number of seconds, not {type(ttl).__name__}")
    if not LEAST_TTL <= ttl <= MOST_TTL:
        raise ValueError(f"ttl must be from {LEAST_TTL} s to 30 days, not {ttl!r}")
    return ttl


def seat_numbers(seat_ids: Iterable[int]) -> tuple[int, ...]:
    """Return the ids of seats, ascending: the order in which everybody locks them.

    Raises:
        TypeError: They are no whole numbers.
        ValueError: There are none, too many, or one comes twice.
    """
    ids = tuple(seat_ids)
    for seat_id in ids:
        whole_number("a seat's id", seat_id)
    if not 0 < len(ids) <= MOST_SEATS:
        raise ValueError(f"1 to {MOST_SEATS} seats can be named at once, not {len(ids)}")
    if len(set(ids)) < len(ids):
        raise ValueError("a seat is named twice")
    return tuple(sorted(ids))


def whole_number(name: str, value: int, most: int = 2**63 - 1) -> int:
    """Return a number of 1 or more.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is too small or too large.
    """
    if type(value) is not int:
        raise TypeError(f"{name} is a whole number, not {type(value).__name__}")
    if not 1 <= value <= most:
        raise ValueError(f"{name} must be from 1 to {most}, not {value}")
    return value


def _checked_text(name: str, value: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} is a text, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} has half a character in it: {value!a}") from None


def _checked_price(price: Decimal | float) -> Decimal:
    if isinstance(price, bool) or not isinstance(price, (Decimal, int, float)):
        raise TypeError(f"max_price is a number, not {type(price).__name__}")
    exact = Decimal(str(price))
    if not exact.is_finite():
        raise ValueError(f"max_price is a number, not {price!r}")
    return exact
