"""What callers pass is checked before anything is sent: no server is needed to be told."""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal
from typing import Any, NoReturn

import pytest
import redis
import redis.asyncio

from conformance.locks.either import KINDS, Kind
from conformance.reservations.driver import Desk
from ticketctl.errors import LimitExceededError
from ticketctl.reservations import AsyncReservations, Limits, Reservations

Wrong = tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]
SURROGATE = "\ud800"  # half a character: no server can be told of it


def connect() -> NoReturn:
    raise AssertionError("MySQL was asked")


class Unreachable(redis.Connection):
    """Fails whoever would send something to Redis."""

    def __init__(self, **_: Any) -> None:
        raise AssertionError("Redis was asked")


def new_desk(kind: Kind, **options: Any) -> Desk:
    """Return reservations that must not ask any server."""
    if kind == "threads":
        pool = redis.ConnectionPool(connection_class=Unreachable)
        return Desk(Reservations(connect, redis.Redis(connection_pool=pool), **options))
    unreachable: Any = Unreachable
    aio_pool: Any = redis.asyncio.ConnectionPool(connection_class=unreachable)
    return Desk(AsyncReservations(connect, redis.asyncio.Redis(connection_pool=aio_pool), **options))


def whole_number(name: str, method: str, place: int, *rest: Any, **options: Any) -> list[Wrong]:
    """Return what cannot be a number of something that a method takes at a place."""

    def call(value: object, error: type[Exception], said: str) -> Wrong:
        arguments = list(rest)
        arguments.insert(place, value)
        return (method, tuple(arguments), options, error, said)

    types = [call(value, TypeError, f"{name} is a whole number") for value in (True, 1.0, "1", None, Decimal(1))]
    return types + [call(value, ValueError, f"{name} must be from 1 to") for value in (0, -1, 2**63)]


USERS: list[tuple[object, type[Exception], str]] = [
    (None, TypeError, "is a text, not NoneType"),
    (b"anna", TypeError, "is a text, not bytes"),
    (7, TypeError, "is a text, not int"),
    ("", ValueError, "has 1 to 50 characters, not 0"),
    ("x" * 51, ValueError, "has 1 to 50 characters, not 51"),
    (SURROGATE, ValueError, "."),
]
HOLD_IDS: list[tuple[object, type[Exception], str]] = [
    (7, TypeError, "a hold id is a text, not int"),
    (b"h", TypeError, "a hold id is a text, not bytes"),
    *((value, ValueError, "a hold id has 1 to 36") for value in ("", "x" * 37, "a b", "ä", "h\n", "h{1}", "h!", "#B")),
]
TTLS: list[tuple[object, type[Exception], str]] = [
    *((value, TypeError, "ttl is a number of seconds") for value in (None, "60", True, Decimal(60))),
    *(
        (value, ValueError, r"ttl must be from 0\.1 s to 30 days")
        for value in (0, -1, 0.0999, 30 * 86_400 + 1, math.nan, math.inf, -math.inf)
    ),
]
SEAT_IDS: list[tuple[object, type[Exception], str]] = [
    (7, TypeError, "not iterable"),
    ("12", TypeError, "a seat's id is a whole number, not str"),
    ([1, None], TypeError, "a seat's id is a whole number, not NoneType"),
    ([1.0], TypeError, "a seat's id is a whole number, not float"),
    ([True], TypeError, "a seat's id is a whole number, not bool"),
    ([], ValueError, "1 to 500 seats can be named at once, not 0"),
    (range(1, 502), ValueError, "1 to 500 seats can be named at once, not 501"),
    ([5, 6, 5], ValueError, "a seat is named twice"),
    ([0], ValueError, "a seat's id must be from 1"),
    ([-5], ValueError, "a seat's id must be from 1"),
    ([2**63], ValueError, "a seat's id must be from 1"),
]
PRICES: list[tuple[object, type[Exception], str]] = [
    ("cheap", TypeError, "."),
    (True, TypeError, "."),
    *((value, ValueError, ".") for value in (math.nan, math.inf, Decimal("NaN"), Decimal("sNaN"))),
]
WRONG: list[Wrong] = [
    *whole_number("event_id", "hold", 0, [1], "anna"),
    *whole_number("event_id", "hold_best", 0, 1, "anna"),
    *whole_number("event_id", "block", 0, [1], actor="office"),
    *whole_number("event_id", "unblock", 0, [1], actor="office"),
    *whole_number("event_id", "seat_map", 0),
    *whole_number("count", "hold_best", 1, 1, "anna"),
    *whole_number("booking_id", "confirm", 1, "h"),
    *whole_number("most", "sweep", 0),
    ("hold_best", (1, 501, "anna"), {}, ValueError, "count must be from 1 to 500"),
    ("sweep", (10_001,), {}, ValueError, "most must be from 1 to 10000"),
    *(("hold", (1, value, "anna"), {}, error, said) for value, error, said in SEAT_IDS),
    *(("block", (1, value), {"actor": "office"}, error, said) for value, error, said in SEAT_IDS),
    *(("unblock", (1, value), {"actor": "office"}, error, said) for value, error, said in SEAT_IDS),
    *(("hold", (1, [1], value), {}, error, said) for value, error, said in USERS),
    *(("hold_best", (1, 1, value), {}, error, said) for value, error, said in USERS),
    *(("transfer", ("h", value), {}, error, said) for value, error, said in USERS),
    *(("hold", (1, [1], "anna"), {"actor": value}, error, said) for value, error, said in USERS[1:]),
    *(("block", (1, [1]), {"actor": value}, error, said) for value, error, said in USERS),
    *(("release", ("h",), {"actor": value}, error, said) for value, error, said in USERS[1:]),
    *(("cancel", ("h",), {"actor": value}, error, said) for value, error, said in USERS[1:]),
    *(("extend", ("h", 5), {"actor": value}, error, said) for value, error, said in USERS[1:]),
    *(("confirm", ("h", 5), {"actor": value}, error, said) for value, error, said in USERS[1:]),
    *(("sweep", (5,), {"actor": value}, error, said) for value, error, said in USERS),
    *(("hold", (1, [1], "anna"), {"hold_id": value}, error, said) for value, error, said in HOLD_IDS),
    *(("hold_best", (1, 1, "anna"), {"hold_id": value}, error, said) for value, error, said in HOLD_IDS),
    *((way, (value,), {}, error, said) for way in ("release", "cancel", "seats") for value, error, said in HOLD_IDS),
    *(("lookup", (value,), {}, error, said) for value, error, said in HOLD_IDS),
    ("lookup", (None,), {}, TypeError, "is a text"),
    *(("hold", (1, [1], "anna"), {"ttl": value}, error, said) for value, error, said in TTLS),
    *(("hold_best", (1, 1, "anna"), {"ttl": value}, error, said) for value, error, said in TTLS),
    *(("extend", ("h", value), {}, error, said) for value, error, said in TTLS),
    ("hold_best", (1, 1, "anna"), {"seat_type": "BOX"}, ValueError, "seat_type is one of REGULAR, VIP, PREMIUM"),
    ("hold_best", (1, 1, "anna"), {"section": 7}, TypeError, "."),
    ("hold_best", (1, 1, "anna"), {"section": SURROGATE}, ValueError, "."),
    *(("hold_best", (1, 1, "anna"), {"max_price": value}, error, said) for value, error, said in PRICES),
]


def _name(value: Wrong) -> str:
    method, arguments, options, _, _ = value
    return ascii(f"{method}-{arguments}-{options}")[:80]


@pytest.mark.parametrize("wrong", WRONG, ids=_name)
@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_is_refused_before_anything_is_sent(kind: Kind, wrong: Wrong) -> None:
    method, arguments, options, error, said = wrong
    with pytest.raises(error, match=said):
        asyncio.run(new_desk(kind).call(method, *arguments, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_more_seats_than_a_hold_may_have_are_refused_before_anything_is_sent(kind: Kind) -> None:
    desk = new_desk(kind, limits=Limits(per_hold=2))
    for call in (desk.hold(1, [1, 2, 3]), desk.hold_best(1, 3)):
        with pytest.raises(LimitExceededError) as refused:
            asyncio.run(call)
        error = refused.value
        assert (error.limit, error.most, error.has, error.wanted) == ("per_hold", 2, 0, 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("batches", "connections"), [(0, 4), (-1, 4), (4, 4), (5, 4)])
def test_at_least_one_connection_is_left_for_those_who_go_alone(kind: Kind, batches: int, connections: int) -> None:
    with pytest.raises(ValueError, match=r"batches \(-?\d\) must be at least 1 and fewer than connections \(4\)"):
        new_desk(kind, batches=batches, connections=connections)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, 31 * 86_400])
def test_the_longest_hold_has_limits_too(kind: Kind, value: float) -> None:
    with pytest.raises(ValueError, match="must be from"):
        new_desk(kind, max_hold=value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["", "seat{1}", "se at", "sitz\u00e4"])
def test_keys_begin_with_what_keeps_those_of_an_event_in_one_slot(kind: Kind, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be a namespace"):
        new_desk(kind, namespace=value)


@pytest.mark.parametrize("name", ["per_hold", "per_user", "open_holds", "per_event"])
@pytest.mark.parametrize("value", [0, -1, True, 1.0, "1"])
def test_a_limit_is_a_number_of_one_or_more(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} is a number of 1 or more, or None"):
        Limits(**{name: value})


def test_a_client_of_the_other_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="is wanted"):
        Reservations(connect, redis.asyncio.Redis())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="is wanted"):
        AsyncReservations(connect, redis.Redis())  # type: ignore[arg-type]
