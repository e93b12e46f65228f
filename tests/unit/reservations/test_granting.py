"""Which requests of a transaction are granted; the answers are a server's that does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from ticketctl.errors import LimitExceededError, SeatsUnavailableError, SeatsUnknownError
from ticketctl.reservations import Limits
from ticketctl.reservations._granting import grant_alone, grant_together
from ticketctl.reservations._limits import Counted
from ticketctl.reservations._outcomes import Alone, Granted, Refused
from ticketctl.reservations._requests import Request, request
from ticketctl.reservations._steps import Again
from unit.reservations.played import NOW, Server, play, seat

SECOND = 1_000_000


def asked(*seat_ids: int, user: str = "anna", hold_id: str | None = None) -> Request:
    options: dict[str, Any] = {"ttl": 60.0, "longest": 600.0, "hold_id": hold_id, "actor": None, "limits": Limits()}
    return request(1, user, seat_ids=seat_ids, **options)


def test_seats_are_locked_and_written_in_the_order_of_their_ids() -> None:
    server = Server(*(seat(number) for number in (3, 5, 9, 12)))

    outcomes = play(grant_together([asked(12, 5), asked(9, 3)], Limits()), server)

    assert all(isinstance(outcome, Granted) for outcome in outcomes)
    assert server.sent[0].parameters == (3, 5, 9, 12)
    assert "FORCE INDEX (PRIMARY)" in server.sent[0].sql
    assert "ORDER BY seat_id FOR UPDATE SKIP LOCKED" in server.sent[0].sql


def test_a_hold_is_five_statements() -> None:
    server = Server(seat(1))
    play(grant_together([asked(1)], Limits()), server)
    assert server.words() == [
        "SELECT seat_id, event_id,",
        "UPDATE seats FORCE",
        "INSERT INTO reservations",
        "INSERT INTO seat_audit",
        "INSERT INTO outbox_events",
    ]


def test_more_holds_in_one_transaction_are_as_many_statements() -> None:
    server = Server(*(seat(number) for number in range(1, 41)))
    play(grant_together([asked(number, number + 20) for number in range(1, 21)], Limits()), server)
    assert len(server.sent) == 5


def test_the_first_of_two_requests_for_a_seat_gets_it() -> None:
    first, second = play(grant_together([asked(1, 2), asked(2, 3)], Limits()), Server(seat(1), seat(2), seat(3)))

    assert isinstance(first, Granted)
    assert isinstance(second, Refused)
    assert isinstance(second.error, SeatsUnavailableError)
    assert second.error.seat_ids == (2,)


def test_a_seat_that_another_hold_has_is_refused_and_says_for_whom_and_how_long() -> None:
    server = Server(seat(1), seat(2, status="RESERVED", hold_id="other", left=5 * SECOND))

    (outcome,) = play(grant_together([asked(1, 2)], Limits()), server)

    assert isinstance(outcome, Refused)
    assert outcome.holders == ((2, "other", 5 * SECOND),)
    assert server.words() == ["SELECT seat_id, event_id,"]


@pytest.mark.parametrize("status", ["BOOKED", "BLOCKED"])
def test_a_seat_that_is_not_for_sale_is_refused(status: str) -> None:
    (outcome,) = play(grant_together([asked(1)], Limits()), Server(seat(1, status=status)))
    assert isinstance(outcome, Refused)


def test_a_hold_over_one_that_is_over_ends_it_first() -> None:
    server = Server(seat(1, status="RESERVED", hold_id="gone", left=-1))

    (outcome,) = play(grant_together([asked(1, hold_id="new")], Limits()), server)

    assert isinstance(outcome, Granted)
    assert server.words()[1:3] == ["UPDATE reservations FORCE", "UPDATE (VALUES ROW(%s,"]
    audit = next(statement for statement in server.sent if "seat_audit" in statement.sql)
    rows = [audit.parameters[start : start + 11] for start in range(0, len(audit.parameters), 11)]
    assert [(row[2], row[3], row[4], row[6], row[7]) for row in rows] == [
        (8, "RESERVED", "AVAILABLE", "expired", "gone"),
        (9, "AVAILABLE", "RESERVED", "held", "new"),
    ]


def test_a_row_that_was_not_changed_undoes_everything() -> None:
    """Rows are locked, so this cannot be; a server or a schema that lets it be must not sell a seat twice."""
    with pytest.raises(Again):
        play(grant_together([asked(1, 2)], Limits()), Server(seat(1), seat(2), short=1))


def test_seats_that_others_have_locked_are_asked_for_again_alone() -> None:
    locked, free = asked(1, 2), asked(3)

    outcomes = play(grant_together([locked, free], Limits()), Server(seat(1), seat(3)))

    assert outcomes[0] == Alone(locked)
    assert isinstance(outcomes[1], Granted)


def test_a_request_whose_id_has_a_seat_already_looks_for_its_hold_alone() -> None:
    again = asked(1, hold_id="mine")
    server = Server(seat(1, status="RESERVED", hold_id="mine", left=SECOND))
    assert play(grant_together([again], Limits()), server) == [Alone(again)]


def test_two_requests_with_one_id_are_one_hold() -> None:
    first, second = play(
        grant_together([asked(1, hold_id="mine"), asked(1, hold_id="mine")], Limits()), Server(seat(1))
    )
    assert isinstance(first, Granted)
    assert isinstance(second, Alone)


def test_alone_it_waits_for_the_rows_and_asks_for_the_time_when_it_has_them() -> None:
    server = Server(seat(1))

    outcome = play(grant_alone(asked(1), Limits()), server)

    assert isinstance(outcome, Granted)
    assert server.words()[:3] == [
        "SELECT reservation_id, seat_id,",
        "SELECT seat_id, event_id,",
        "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01',",
    ]
    assert "SKIP LOCKED" not in server.sent[1].sql


def test_alone_a_seat_that_is_not_there_is_unknown() -> None:
    outcome = play(grant_alone(asked(1, 2), Limits()), Server(seat(1)))
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, SeatsUnknownError)
    assert outcome.error.seat_ids == (2,)


def test_alone_a_first_try_that_landed_meanwhile_is_looked_for_anew() -> None:
    with pytest.raises(Again):
        play(
            grant_alone(asked(1, hold_id="mine"), Limits()), Server(seat(1, status="RESERVED", hold_id="mine", left=1))
        )


def test_the_time_that_is_left_counts_from_before_the_question() -> None:
    (outcome,) = play(grant_together([asked(1)], Limits()), Server(seat(1)))
    assert isinstance(outcome, Granted)
    assert outcome.hold._ends == 100.0 + 60.0
    assert outcome.hold.expires_at.timestamp() == (NOW + 60 * SECOND) / SECOND


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        (Limits(per_user=4), None),
        (Limits(per_user=3), "per_user"),
        (Limits(open_holds=2), None),
        (Limits(open_holds=1), "open_holds"),
        (Limits(per_event=12), None),
        (Limits(per_event=11), "per_event"),
    ],
)
def test_limits_are_counted_with_what_there_is(limits: Limits, refused: str | None) -> None:
    counted = Counted(limits, {(1, "anna"): 2}, {(1, "anna"): 1}, {1: 10})

    error = counted.refusal((1, "anna"), 2)

    assert (error.limit if isinstance(error, LimitExceededError) else None) == refused


def test_what_a_transaction_grants_counts_for_its_later_requests() -> None:
    counted = Counted(Limits(per_user=3))
    counted.add((1, "anna"), 2)
    assert counted.refusal((1, "anna"), 2) is not None
    assert counted.refusal((1, "bert"), 2) is None
    assert counted.refusal((2, "anna"), 2) is None


def test_guards_are_locked_before_anything_is_read() -> None:
    server = Server(seat(1))
    play(grant_together([asked(1, user="b"), asked(1, user="a")], Limits(per_user=4, per_event=9)), server)
    assert server.words()[:3] == [
        "INSERT INTO reservation_guards",
        "SELECT event_id, user_id,",
        "SELECT event_id, COUNT(*)",
    ]
    assert server.sent[0].parameters == (1, "", 1, "a", 1, "b")
