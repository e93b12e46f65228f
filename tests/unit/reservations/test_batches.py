"""Who leads, who waits, and who goes with whom."""

from __future__ import annotations

from ticketctl.reservations._batches import ENOUGH, MOST_REQUESTS, MOST_SEATS, Member, Queue
from ticketctl.reservations._model import Limits
from ticketctl.reservations._requests import request, wish


def wants(*seat_ids: int, best: int = 0) -> Member:
    """A member that wants seats of event 1, or so many of the best."""
    wanted = wish(best, section=None, seat_type=None, max_price=None, together=True, split=True) if best else None
    return Member(
        request(
            1, "anna", seat_ids=seat_ids, wish=wanted, ttl=60, longest=60, hold_id=None, actor=None, limits=Limits()
        )
    )


def joined(queue: Queue[Member], *members: Member) -> list[Member]:
    """Let members join, and return those who lead."""
    for member in members:
        queue.expect()
        queue.join(member)
    return [member for member in members if member.leads]


def test_who_comes_alone_leads_alone() -> None:
    queue: Queue[Member] = Queue(2)
    member = wants(1)
    assert joined(queue, member) == [member]
    assert queue.batch(member) == [member]
    assert queue.hand_on() is None


def test_those_who_come_before_a_leader_begins_go_with_it() -> None:
    queue: Queue[Member] = Queue(2)
    first, second = wants(1), wants(2)
    assert joined(queue, first, second) == [first]
    assert queue.batch(first) == [first, second]


def test_those_who_come_later_wait_and_the_first_of_them_leads_the_next_batch() -> None:
    queue: Queue[Member] = Queue(1)
    first, second, third = wants(1), wants(2), wants(3)
    joined(queue, first)
    queue.batch(first)
    assert joined(queue, second, third) == []
    assert queue.hand_on() is second
    assert queue.batch(second) == [second, third]
    assert queue.hand_on() is None


def test_another_lane_is_opened_when_enough_wait() -> None:
    queue: Queue[Member] = Queue(2)
    first = wants(1)
    joined(queue, first)
    queue.batch(first)
    waiting = [wants(2 + number) for number in range(ENOUGH)]
    assert joined(queue, *waiting) == [waiting[-1]]
    assert queue.batch(waiting[-1]) == [waiting[-1], *waiting[:-1]]
    more = [wants(100 + number) for number in range(2 * ENOUGH)]
    assert joined(queue, *more) == []  # there are two lanes, and both are at work


def test_a_lane_that_nobody_waits_for_is_free_again() -> None:
    queue: Queue[Member] = Queue(1)
    for _ in range(3):
        member = wants(1)
        assert joined(queue, member) == [member]
        queue.batch(member)
        assert queue.hand_on() is None


def test_named_seats_and_the_best_ones_are_two_kinds_of_batches() -> None:
    queue: Queue[Member] = Queue(1)
    first, best, named, other = wants(1), wants(best=2), wants(2), wants(best=1)
    joined(queue, first, best, named, other)
    assert queue.batch(first) == [first, named]
    assert queue.hand_on() is best
    assert queue.batch(best) == [best, other]


def test_a_batch_has_its_limits_in_requests_and_in_seats() -> None:
    many: Queue[Member] = Queue(1)
    members = [wants(number) for number in range(1, MOST_REQUESTS + 3)]
    joined(many, *members)
    assert many.batch(members[0]) == members[:MOST_REQUESTS]
    large: Queue[Member] = Queue(1)
    half = range(1, MOST_SEATS // 2 + 1)
    members = [wants(*half), wants(*half), wants(1), wants(2)]
    joined(large, *members)
    assert large.batch(members[0]) == members[:2]
    assert large.hand_on() is members[2]


def test_one_that_is_larger_than_a_batch_may_be_leads_all_the_same() -> None:
    queue: Queue[Member] = Queue(1)
    large, small = wants(*range(1, MOST_SEATS + 2)), wants(1)
    joined(queue, large, small)
    assert queue.batch(large) == [large]


def test_those_who_are_on_their_way_are_known_until_they_are_there_or_stay_away() -> None:
    queue: Queue[Member] = Queue(1)
    queue.expect()
    queue.expect()
    queue.join(wants(1))
    assert queue.more_come
    queue.miss()
    assert not queue.more_come


def test_who_leaves_while_it_waits_is_in_no_batch() -> None:
    queue: Queue[Member] = Queue(1)
    first, second, third = wants(1), wants(2), wants(3)
    joined(queue, first, second, third)
    assert queue.leave(second)
    assert queue.batch(first) == [first, third]
    assert not queue.leave(third)  # it is in one


def test_the_order_in_which_they_came_is_kept_for_those_who_are_left() -> None:
    queue: Queue[Member] = Queue(1)
    first, best, other = wants(1), wants(best=1), wants(best=1)
    joined(queue, first, best, other)
    queue.batch(first)
    assert queue.hand_on() is best
    assert queue.batch(best) == [best, other]
