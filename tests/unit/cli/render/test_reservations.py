"""How reservations read: counts, holds, the history of a seat, what differs, what a sweep did."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ticketctl.cli.render.plain import to_json
from ticketctl.cli.render.reservations import (
    _MEANINGS,
    Elected,
    Swept,
    audit_text,
    holds_text,
    reconcile_plain,
    reconcile_text,
    repair_question,
    status_text,
    swept_text,
)
from ticketctl.locks.inspection import Owner
from ticketctl.reservations.inspection import (
    EventStatus,
    Example,
    Finding,
    Kind,
    LiveHold,
    Reconciliation,
    SeatChange,
    SeatHistory,
    SeatNow,
)

AT = datetime(2026, 12, 1, 20, 0, 4, 123456, tzinfo=UTC)
HOLD = LiveHold("0192-a", 42, "anna", (7, 8, 9), 65.0, 8.44)
STATUS = EventStatus(42, 2000, 1190, 14, 310, 480, 6, 122, 118, 9, 815, 35, 2)
SEAT = SeatNow(
    1001, 42, "A-7", "RESERVED", over=True, version=5, hold_id="h", user_id="anna", until=AT, booking_id=None
)
CHANGE = SeatChange(5, AT, "held", "AVAILABLE", "RESERVED", "box\noffice", "h", "anna", AT, None)
WRONG = Finding(Kind.FREE, 3, 0, 0, (Example(42, 7, None, "Redis: \x1b for 9 s; MySQL: AVAILABLE of event 42"),))
HARMLESS = Finding(Kind.MISSING, 9, 0, 0, (Example(42, 8, "h", "Redis: nothing"),))
WITHIN = Finding(Kind.INCOMPLETE, 1, 0, 0, (Example(42, None, "h", "of 3 reservations 2 are there"),))


def seen(*findings: Finding, event: int | None = 42, seats: int = 10) -> Reconciliation:
    return Reconciliation(event, seats, 4, 1, findings)


# --- status -----------------------------------------------------------------------------------


def test_the_status_is_a_line_for_each_state() -> None:
    assert status_text(STATUS).splitlines() == [
        "event      42",
        "seats      2000",
        "available  1190",
        "over       14, free as well: not swept yet",
        "reserved   310 in 122 holds of 118 users; 9 of them end within a minute",
        "booked     480",
        "blocked    6",
        "in Redis   815 entries, 35 intents, 2 leaving",
    ]


def test_where_nobody_holds_anything_it_is_short() -> None:
    empty = replace(STATUS, over=0, reserved=0, holds=0, users=0, ending=0)
    assert status_text(empty).splitlines()[3:5] == ["over       0", "reserved   0"]


def test_an_event_without_seats_is_one_line() -> None:
    assert status_text(replace(STATUS, seats=0, entries=0)) == "event 42 has no seats"
    assert status_text(replace(STATUS, seats=0, entries=2)) == "event 42 has no seats; Redis has 2 entries of it"


# --- holds ------------------------------------------------------------------------------------


def test_the_holds_are_a_table_with_a_count_below() -> None:
    many = LiveHold("0192-b", 7, "be\x1bn", tuple(range(1, 12)), 3.0, 600.0)
    assert holds_text([HOLD, many], more=False).splitlines() == [
        "HOLD    EVENT  USER  AGE        ENDS IN     SEATS",
        "0192-a  42     anna  1 min 5 s  8.4 s       7, 8, 9",
        "0192-b  7      be\ufffdn  3.0 s      10 min 0 s  1, 2, 3, 4, 5, 6 and 5 more",
        "2 holds",
    ]


def test_a_list_that_was_cut_says_so() -> None:
    assert holds_text([HOLD], more=True).splitlines()[-1].startswith("the 1 that end first; --limit")
    assert holds_text([], more=False) == "no hold is live"


# --- audit ------------------------------------------------------------------------------------


def test_a_seat_is_told_with_its_changes() -> None:
    removed = replace(CHANGE, version=6, new=None, reason=None, actor=None, hold_id=None, user_id=None, until=None)
    assert audit_text(SeatHistory(1001, SEAT, (CHANGE, removed), more=True)).splitlines() == [
        "seat 1001 is A-7 of event 42: RESERVED by anna until 2026-12-01 20:00:04 UTC, over, version 5",
        "VERSION  AT                          REASON  STATUS    BY          HOLD  USER  UNTIL                BOOKING",
        "5        2026-12-01 20:00:04.123456  held    RESERVED  box\ufffdoffice  h     anna  2026-12-01 20:00:04  -",
        "6        2026-12-01 20:00:04.123456  -       removed   -           -     -     -                    -",
        "the last 2 changes; --limit shows earlier ones",
    ]


def test_a_seat_without_changes_and_changes_without_a_seat() -> None:
    free = replace(SEAT, status="AVAILABLE", over=False, version=0, hold_id=None, user_id=None, until=None)
    assert audit_text(SeatHistory(1001, free, (), more=False)).splitlines() == [
        "seat 1001 is A-7 of event 42: AVAILABLE, version 0",
        "nothing has happened to it",
    ]
    assert audit_text(SeatHistory(1001, None, (CHANGE,), more=False)).startswith("seat 1001 is not there any more\n")
    assert audit_text(SeatHistory(1001, None, (), more=False)) == "there is no seat 1001"


# --- reconcile --------------------------------------------------------------------------------


def test_what_differs_is_a_table_with_examples_below() -> None:
    assert reconcile_text(seen(WRONG, HARMLESS, WITHIN), repair=False).splitlines() == [
        "10 seats and 4 entries of Redis were compared; 1 of these end within seconds anyway",
        "",
        "CLASS               WHERE  FOUND  WHAT IT IS",
        "entry_of_free_seat  Redis  3      seats that are free and are refused",
        "no_entry            Redis  9      taken seats that Redis does not know; harmless",
        "incomplete_hold     MySQL  1      holds without all of their reservations",
        "",
        "entry_of_free_seat:",
        "  seat 7 of event 42: Redis: \ufffd for 9 s; MySQL: AVAILABLE of event 42",
        "  and 2 more",
        "",
        "incomplete_hold:",
        "  hold h of event 42: of 3 reservations 2 are there",
        "",
        "4 differences; --repair corrects 3 of them; 1 within MySQL, where nothing repairs them: `audit SEAT` shows"
        " what happened to a seat",
    ]


def test_a_repair_says_how_many_were_found_and_are_left() -> None:
    mended = replace(WRONG, repaired=2, gone=1)
    lines = reconcile_text(seen(mended), repair=True).splitlines()
    assert lines[2:4] == [
        "CLASS               WHERE  FOUND  REPAIRED  LEFT  WHAT IT IS",
        "entry_of_free_seat  Redis  3      2         0     seats that are free and are refused",
    ]
    assert lines[-1] == "nothing differs any more"


@pytest.mark.parametrize("findings", [(), (HARMLESS,)])
def test_where_nothing_is_wrong_that_is_the_last_word(findings: tuple[Finding, ...]) -> None:
    assert reconcile_text(seen(*findings), repair=False).splitlines()[-1] == "nothing differs"


def test_an_event_that_is_not_there_has_no_seats() -> None:
    assert reconcile_text(seen(event=99, seats=0), repair=False) == "event 99 has no seats"
    assert reconcile_text(seen(event=None, seats=0), repair=False).endswith("nothing differs")


def test_the_question_names_what_would_be_repaired_and_nothing_else() -> None:
    assert repair_question(seen(WRONG, HARMLESS, WITHIN)).splitlines() == [
        "3 entries of Redis that MySQL contradicts:",
        "  seats that are free and are refused: 3",
        "Each is removed or corrected if it still is what was found. MySQL is not changed.",
    ]


def test_the_same_as_data() -> None:
    document = json.loads(to_json(reconcile_plain(seen(replace(WRONG, repaired=1), HARMLESS))))
    assert (document["event_id"], document["differences"], document["intents"]) == (42, 2, 1)
    wrong, harmless = document["findings"]
    assert (wrong["kind"], wrong["where"], wrong["left"], wrong["harmless"]) == (
        "entry_of_free_seat",
        "redis",
        2,
        False,
    )
    assert wrong["examples"][0]["seat_id"] == 7
    assert harmless["harmless"] is True


def test_every_class_has_words() -> None:
    assert list(_MEANINGS) == [kind.value for kind in Kind]


# --- sweep ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("swept", "lines"),
    [
        pytest.param(
            Swept(500, 1, more=True, elected=Elected(known=True, owner=Owner("web-1", 4711, "booking"))),
            [
                "500 seats freed whose holds were over; there may be more: --all goes on until there are none",
                "booking on web-1, process 4711 is the elected sweeper",
            ],
            id="more",
        ),
        pytest.param(
            Swept(1, 1, more=False, elected=Elected(known=True, owner=None)),
            [
                "1 seat freed whose holds were over",
                "no process is elected to sweep: services that run a Sweeper elect one",
            ],
            id="nobody",
        ),
        pytest.param(
            Swept(0, 1, more=False, elected=Elected(known=False, owner=None)),
            ["no hold is over", "Redis does not answer: who the elected sweeper is, is not known"],
            id="unknown",
        ),
    ],
)
def test_a_sweep_says_what_it_did_and_who_else_does_it(swept: Swept, lines: list[str]) -> None:
    assert swept_text(swept).splitlines() == lines
