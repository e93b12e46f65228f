"""The parts of the example booking service that need no servers."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from booking_service.catalogue import in_rows, picture
from booking_service.payments import CardDeclinedError, PretendedProvider
from booking_service.settings import InvalidSettingsError, read_settings
from booking_service.shared import Shared
from ticketctl.simulate.sale import LIMITS

STACK = {
    "SERVICE_NAME": "booking",
    "SERVICE_PORT": "8084",
    "SERVICE_USER": "booking",
    "REDIS_HOST": "redis",
    **{
        f"MYSQL_{key}_{part}": value
        for key in ("EVENTS", "INVENTORY", "BOOKINGS")
        for part, value in (("HOST", "mysql"), ("DATABASE", f"{key.lower()}_db"))
    },
}


# --- settings


def test_what_a_stack_tells_is_enough(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/word\n")
    settings = read_settings({**STACK, "SERVICE_PASSWORD_FILE": str(tmp_path / "password")})
    assert (settings.name, settings.port, settings.limits) == ("booking", 8084, LIMITS)
    assert (settings.bookings.host, settings.bookings.port, settings.bookings.database) == (
        "mysql",
        3306,
        "bookings_db",
    )
    assert settings.redis_url == "redis://booking:p%40ss%2Fword@redis:6379/0"
    assert "p@ss" not in repr(settings)
    assert "p%40ss" not in repr(settings)


def test_every_problem_is_told_at_once() -> None:
    odd = {"SERVICE_PORT": "0", "LIMIT_PER_USER": "many", "HOLD_SECONDS": "nan", "SERVICE_PASSWORD_FILE": "/nowhere"}
    with pytest.raises(InvalidSettingsError) as caught:
        read_settings({**STACK, **odd, "REDIS_HOST": "", "SERVICE_PASSWORD": "both"})
    said = "\n".join(caught.value.problems)
    for name in (*odd, "REDIS_HOST"):
        assert name in said
    assert len(caught.value.problems) == 6
    assert read_settings({**STACK, "LIMIT_PER_HOLD": "8"}).limits.per_hold == 8


# --- one answer for many


def test_who_asks_at_the_same_time_is_given_the_same_answer() -> None:
    asked: list[str] = []

    async def find(key: str) -> str:
        asked.append(key)
        await asyncio.sleep(0.01)
        return key.upper()

    async def ask() -> list[str]:
        shared: Shared[str, str] = Shared(find, 10.0)
        first = await asyncio.gather(*(shared.get("a") for _ in range(50)), shared.get("b"))
        return [*first, await shared.get("a")]

    assert asyncio.run(ask()) == ["A"] * 50 + ["B", "A"]
    assert asked == ["a", "b"]


def test_an_answer_is_good_for_a_moment_and_an_error_is_not() -> None:
    asked = 0

    async def find(_: None) -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise OSError
        return asked

    async def ask() -> list[object]:
        brief: Shared[None, int] = Shared(find, 0.0)
        failed = await asyncio.gather(brief.get(None), brief.get(None), return_exceptions=True)
        return [*map(type, failed), await brief.get(None), await brief.get(None)]

    assert asyncio.run(ask()) == [OSError, OSError, 2, 3]


def test_who_goes_away_does_not_take_the_answer_from_the_others() -> None:
    async def find(_: None) -> str:
        await asyncio.sleep(0.05)
        return "found"

    async def ask() -> str:
        shared: Shared[None, str] = Shared(find, 1.0)
        first, second = asyncio.create_task(shared.get(None)), asyncio.create_task(shared.get(None))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(ask()) == "found"


def test_not_more_keys_are_remembered_than_allowed() -> None:
    asked: list[int] = []

    async def find(key: int) -> int:
        asked.append(key)
        return key

    async def ask() -> None:
        shared: Shared[int, int] = Shared(find, 10.0, most=2)
        for key in (1, 2, 3, 1, 3):
            await shared.get(key)

    asyncio.run(ask())
    assert asked == [1, 2, 3, 1]


# --- places and maps


def test_seats_are_told_by_rows_in_the_order_of_their_ids() -> None:
    seats = [
        (1, "Stalls", "A", 1, "S-A1", "VIP", Decimal("9.50")),
        (2, "Stalls", "A", None, "S-A12", "VIP", Decimal("9.50")),
        (3, "Stalls", "A", 3, "S-A3", "REGULAR", Decimal("5.00")),
        (7, None, None, None, "box", "REGULAR", Decimal("5.00")),
    ]
    rows = in_rows(seats)
    assert [(row["section"], row["row"], row["seats"], row["positions"], row["price"]) for row in rows] == [
        ("Stalls", "A", [1, 2], [1, 12], "9.50"),
        ("Stalls", "A", [3], [3], "5.00"),
        ("", "", [7], [0], "5.00"),
    ]


def test_a_picture_is_small_and_known_by_its_tag() -> None:
    one, same, other = picture("A" * 10_000), picture("A" * 10_000), picture("R" + "A" * 9_999)
    assert json.loads(gzip.decompress(one.packed)) == json.loads(one.body) == {"letters": "A" * 10_000}
    assert len(one.packed) < 200
    assert one == same
    assert one.tag != other.tag


# --- the pretended provider


def test_a_key_is_one_movement_also_after_a_restart_and_for_another_card(tmp_path: Path) -> None:
    books = str(tmp_path / "books")

    async def charge(key: str, card: str) -> str:
        with closing(PretendedProvider(books)) as provider:
            return await provider.charge(key, Decimal("5.00"), "EUR", card)

    first = asyncio.run(charge("one", "good"))
    assert asyncio.run(charge("one", "declined")) == first
    assert asyncio.run(charge("two", "good")) != first
    with pytest.raises(CardDeclinedError, match="no money"):
        asyncio.run(charge("three", "empty"))
    with pytest.raises(CardDeclinedError):  # also if the card is good now
        asyncio.run(charge("three", "good"))
    with closing(sqlite3.connect(books)) as opened:
        assert opened.execute("SELECT key, asked FROM movements ORDER BY key").fetchall() == [
            ("one", 2),
            ("three", 2),
            ("two", 1),
        ]


def test_without_a_file_a_key_has_the_same_reference_all_the_same() -> None:
    async def charge() -> str:
        with closing(PretendedProvider()) as provider:
            assert await provider.find("one") is None
            reference = await provider.charge("one", Decimal(5), "EUR", "good")
            assert await provider.find("one") == reference
            return reference

    assert asyncio.run(charge()) == asyncio.run(charge())
