"""Which wishes of a transaction are granted, refused, or looked at again; the answers are no server's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ticketctl.reservations import Limits
from ticketctl.reservations._best import ROUNDS, best_together
from ticketctl.reservations._filter import INTENT, Filter
from ticketctl.reservations._outcomes import Alone, Granted, Outcome, Refused
from ticketctl.reservations._requests import Request, request, wish
from ticketctl.reservations._steps import Answer, Statement
from unit.reservations.played import Server, play, seat

FRONT = Filter("seat", INTENT)


def wants(count: int, user: str = "anna", hold_id: str | None = None) -> Request:
    options: dict[str, Any] = {"ttl": 60.0, "longest": 600.0, "hold_id": hold_id, "actor": None, "limits": Limits()}
    wanted = wish(count, section=None, seat_type=None, max_price=None, together=True, split=True)
    return request(1, user, wish=wanted, **options)


class House(Server):
    """Shows seats of one row that look free; when they are to be locked, those that others are at are left out.

    Args:
        seats: How many there are.
        others: Seats that others have locked.
        known: The ids of holds that there are.
    """

    def __init__(self, seats: int, *, others: Sequence[int] = (), known: Sequence[str] = ()) -> None:
        super().__init__(*(seat(number) for number in range(1, seats + 1)), holds=[(each,) for each in known])
        self.shown = [(number, "A", "1", number, f"A-{number}") for number in range(1, seats + 1)]
        for number in others:
            del self.seats[number]

    def __call__(self, effect: Any) -> Any:
        if isinstance(effect, Statement) and "FOR UPDATE" not in effect.sql and "section" in effect.sql:
            self.sent.append(effect)
            rows = self.shown if "'AVAILABLE'" in effect.sql else []
            return Answer(len(rows), 100.0, rows)
        if isinstance(effect, Statement) and effect.sql.startswith("SELECT DISTINCT hold_id"):
            return Answer(len(self.holds), 100.0, list(self.holds))
        return super().__call__(effect)

    def locked(self) -> list[set[object]]:
        """Which seats were asked for, each time."""
        return [set(statement.parameters) for statement in self.sent if "FOR UPDATE" in statement.sql]


def granted(house: House, *requests: Request, limits: Limits | None = None) -> list[Outcome]:
    return play(best_together(requests, limits or Limits(), FRONT), house)


def test_nobody_gets_a_seat_that_another_one_of_them_gets() -> None:
    outcomes = granted(House(10), wants(3), wants(3), wants(4))
    seats = [seat_id for outcome in outcomes if isinstance(outcome, Granted) for seat_id in outcome.hold.seat_ids]
    assert sorted(seats) == list(range(1, 11))


def test_where_others_were_quicker_other_seats_are_chosen_in_the_same_transaction() -> None:
    house = House(6, others=[1, 2, 5, 6])

    (outcome,) = granted(house, wants(2))

    assert isinstance(outcome, Granted)
    assert outcome.hold.seat_ids == (3, 4)
    assert len(house.locked()) <= ROUNDS


def test_a_rush_at_the_best_is_passed_over_in_a_few_looks() -> None:
    house = House(1_000, others=range(1, 501))

    outcomes = granted(house, wants(2), wants(3))

    assert all(isinstance(outcome, Granted) for outcome in outcomes)
    assert len(house.locked()) <= ROUNDS


def test_who_finds_none_but_those_that_others_are_at_is_not_refused() -> None:
    (outcome,) = granted(House(2, others=[1, 2]), wants(1))
    assert isinstance(outcome, Alone)


def test_who_finds_too_few_is_refused() -> None:
    assert [type(outcome) for outcome in granted(House(2), wants(2), wants(1))] == [Granted, Refused]
    house = House(1)
    (outcome,) = granted(house, wants(2))
    assert isinstance(outcome, Refused)
    assert house.locked() == []


def test_an_id_that_its_caller_made_is_refused_with_the_others_unless_it_is_a_holds_already() -> None:
    """In a house that is sold out nobody needs a transaction of his own to be told so."""
    assert [type(outcome) for outcome in granted(House(0), wants(1, hold_id="new"), wants(1))] == [Refused, Refused]
    house = House(0, known=["old"])
    assert [type(outcome) for outcome in granted(house, wants(1, hold_id="old"), wants(1))] == [Alone, Refused]


def test_who_reaches_a_limit_with_another_request_of_the_batch_is_looked_at_again() -> None:
    """It is not sure yet that the other one is granted; who has reached it before is refused at once."""
    limits = Limits(per_user=2)
    house = House(6)
    outcomes = granted(house, wants(2), wants(1), wants(3, user="bert"), limits=limits)
    assert [type(outcome) for outcome in outcomes] == [Granted, Alone, Refused]
