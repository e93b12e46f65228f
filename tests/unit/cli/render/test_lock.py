"""How locks read: a list, one of them, the question before it is broken."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ticketctl.cli.render.lock import (
    break_question,
    break_text,
    duration,
    list_plain,
    list_text,
    ordered,
    show_plain,
    show_text,
)
from ticketctl.cli.render.plain import to_json
from ticketctl.locks.inspection import Break, HeldLock, Owner

TOKEN = "0123456789abcdef0123456789abcdef"
SINCE = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)
WEB, NEXT = Owner("web-1", 4711, "booking"), Owner("web-2", 12, "")
HELD = HeldLock(
    name="checkout:42",
    namespace="lock",
    value=f"{TOKEN} 17 1 {WEB.text}".encode(),
    foreign=False,
    token=TOKEN,
    fence=17,
    owner=WEB,
    since=SINCE,
    held=65.0,
    left=8.44,
    waiting=(NEXT, WEB),
)
FOREIGN = HeldLock(
    name="old",
    namespace="lock",
    value=b"not\x1b ours",
    foreign=True,
    token="",
    fence=None,
    owner=None,
    since=None,
    held=None,
    left=None,
    waiting=(),
)
BROKEN = Break("checkout:42", SINCE, "ops@desk", "its machine\nis gone", NEXT, 16)


def test_the_list_is_a_table_with_a_count_below() -> None:
    assert list_text([HELD, FOREIGN], more=False).splitlines() == [
        "LOCK         HELD       LEFT      WAITING  FENCE  HOLDER",
        "checkout:42  1 min 5 s  8.4 s     2        17     booking on web-1, process 4711",
        "old          ?          for ever  -        -      something that is no lock of ours ('not\ufffd our…')",
        "2 locks",
    ]
    assert list_text([], more=False) == "no lock is held"
    assert list_text([HELD], more=True).splitlines()[-1].startswith("the first 1 that were found; --limit")


def test_the_order_is_by_name_age_or_who_is_waited_for() -> None:
    young = replace(HELD, name="a", since=SINCE + timedelta(minutes=1), waiting=(NEXT,))
    locks = [FOREIGN, HELD, young, replace(FOREIGN, name="older")]

    assert [lock.name for lock in ordered(locks, "name")] == ["a", "checkout:42", "old", "older"]
    assert [lock.name for lock in ordered(locks, "age")] == ["checkout:42", "a", "old", "older"]
    assert [lock.name for lock in ordered(locks, "waiting")] == ["checkout:42", "a", "old", "older"]


def test_one_lock_is_shown_with_who_waits_in_order_and_who_broke_it() -> None:
    assert show_text("checkout:42", HELD, [BROKEN]).splitlines() == [
        "lock     checkout:42",
        "holder   booking on web-1, process 4711",
        "since    2026-12-01 20:00:00 UTC (1 min 5 s)",
        "left     8.4 s unless it is renewed",
        "fence    17",
        "token    01234567…",
        "waiting  2 processes",
        "         1. web-2, process 12",
        "         2. booking on web-1, process 4711",
        "broken   2026-12-01 20:00:00 UTC by ops@desk, held by web-2, process 12, fence 16: its machine\ufffdis gone",
    ]


def test_a_lock_that_nobody_holds_is_one_line() -> None:
    assert show_text("checkout:42", None, [BROKEN]) == "lock 'checkout:42' is not held"


def test_the_whole_token_is_shown_nowhere() -> None:
    shown = [
        show_text("checkout:42", HELD, []),
        list_text([HELD], more=False),
        to_json(show_plain("checkout:42", HELD, [])),
        to_json(list_plain([HELD], more=False)),
        repr(HELD),
        break_question(HELD),
    ]
    assert [text for text in shown if TOKEN[:9] in text] == []


def test_as_json_everything_has_a_name() -> None:
    document = json.loads(to_json(show_plain("checkout:42", HELD, [BROKEN])))

    assert document["held"] is True
    assert document["lock"]["owner"] == {"host": "web-1", "pid": 4711, "service": "booking"}
    assert document["lock"]["waiting"][0]["host"] == "web-2"
    assert document["lock"]["since"] == "2026-12-01T20:00:00+00:00"
    assert document["breaks"][0]["reason"] == "its machine\nis gone"
    assert json.loads(to_json(show_plain("x", None, []))) == {"name": "x", "held": False, "lock": None, "breaks": []}


def test_the_question_says_who_is_next_and_what_the_holder_notices() -> None:
    assert break_question(HELD).splitlines() == [
        "lock 'checkout:42' is held by booking on web-1, process 4711",
        "  since 2026-12-01 20:00:00 UTC (1 min 5 s); left: 8.4 s unless it is renewed",
        "  2 processes waiting, first web-2, process 12: the first that still listens has the lock at once",
        "  the holder is not stopped: it learns of it at its next renewal or release",
        "  its writes fail only where the fence is checked",
    ]
    assert "nobody waits: the lock is free then" in break_question(replace(HELD, waiting=()))
    assert "it has no fence" in break_question(FOREIGN)


def test_what_became_of_it_is_said() -> None:
    other = replace(HELD, owner=NEXT, token="f" * 32)

    assert break_text("x", None, None, broken=False) == "lock 'x' is not held"
    taken = "lock 'x' was taken from booking on web-1, process 4711; it is "
    assert break_text("x", HELD, None, broken=True) == f"{taken}free now"
    assert break_text("x", HELD, other, broken=True) == f"{taken}held by web-2, process 12 now"
    late = "booking on web-1, process 4711 had let go of it before, and nothing was broken"
    assert break_text("x", HELD, other, broken=False) == f"lock 'x' is held by web-2, process 12 now; {late}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10.4, "10 s"),
        (59.6, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (3_725, "1 h 2 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_times_are_in_the_units_that_matter(seconds: float, text: str) -> None:
    assert duration(seconds) == text
