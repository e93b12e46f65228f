"""Who comes, and what they do."""

from __future__ import annotations

from collections import Counter

from ticketctl.simulate.crowd import next_step, pause, person
from ticketctl.simulate.sale import LIMITS, Sale

SALE = Sale(seats=1_000, buyers=2_000, duration=60)
PEOPLE = [person(SALE, number) for number in range(SALE.buyers)]


def test_a_person_is_the_same_in_every_process() -> None:
    assert person(SALE, 17) == PEOPLE[17]
    assert [PEOPLE[17].chance(1).random() for _ in range(2)] == [person(SALE, 17).chance(1).random()] * 2
    assert [person(Sale(seats=1_000, buyers=2_000, duration=60, seed=2), number) for number in range(2_000)] != PEOPLE


def test_everybody_is_there_who_is_at_a_real_opening() -> None:
    kinds = Counter(each.kind for each in PEOPLE)
    assert kinds.keys() == {"picker", "best", "group", "bot"}
    assert all(each.party == 4 for each in PEOPLE if each.kind == "group")
    assert LIMITS.per_hold is not None
    assert all(1 <= each.party <= LIMITS.per_hold for each in PEOPLE)
    waiting = sum(each.arrives < 1 for each in PEOPLE)
    assert 0.25 * len(PEOPLE) < waiting < 0.4 * len(PEOPLE)
    assert max(each.arrives for each in PEOPLE) < SALE.duration
    assert sum(each.party for each in PEOPLE) > 3 * SALE.seats, "there is more demand than seats"


def test_most_pay_some_leave_some_give_back_and_a_few_pay_too_late() -> None:
    steps = [next_step(each, SALE, each.chance(1), is_closing=False) for each in PEOPLE if each.kind != "bot"]
    does = Counter(step.does for step in steps)
    assert does["pay"] > does["leave"] > does["release"] > 0
    late = sum(step.does == "pay" and step.thinks > SALE.ttl for step in steps)
    assert 0 < late < 0.05 * len(steps)


def test_who_is_refused_again_and_again_waits_longer_but_a_bot() -> None:
    human = next(each for each in PEOPLE if each.kind == "picker")
    bot = next(each for each in PEOPLE if each.kind == "bot")
    chance = human.chance(1)
    first = sum(pause(human, SALE, 1, chance) for _ in range(100))
    later = sum(pause(human, SALE, 6, chance) for _ in range(100))
    assert later > 3 * first
    assert {pause(bot, SALE, refusals, chance) for refusals in (1, 6, 60)} == {0.4}
