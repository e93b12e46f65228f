"""Who holds and who waits for a lock within one process."""

from __future__ import annotations

import math
from itertools import count

import pytest

from ticketctl.locks._lease import DRIFT, Lease
from ticketctl.locks._room import MARGIN, POLL, RETRY, Room
from ticketctl.locks._scripts import Acquire, Busy, Granted, Let, Release
from ticketctl.locks._waiter import Listen, Wait, Waiter

TTL = 10.0
HELD = Let(held=True, fence=None)


class Desk:
    """A room, its waiters' alarm clocks, and the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tickets: dict[str, Room] = {}
        self.woken: list[Waiter] = []
        numbers = count(1)
        self.room = Room("seat", self.tickets, lambda: f"t{next(numbers)}", lambda: POLL)

    def join(self, ttl: float = TTL) -> Waiter:
        waiter = Waiter(ttl, 0, lambda: self.woken.append(waiter))
        self.room.join(waiter, self.now)
        return waiter

    def next(self, waiter: Waiter, *, listening: bool = True) -> object:
        return self.room.next(waiter, self.now, listening=listening)

    def asked(self, waiter: Waiter) -> Acquire:
        """Have a waiter ask."""
        ask = self.next(waiter)
        assert isinstance(ask, Acquire)
        return ask

    def answer(self, waiter: Waiter, ask: Acquire, reply: Granted | Busy | None, *, took: float = 0.0) -> None:
        sent, self.now = self.now, self.now + took
        self.room.answered(waiter, ask, reply, sent=sent, now=self.now)

    def hold(self, ttl: float = TTL) -> Lease:
        """Have somebody win the lock."""
        waiter = self.join(ttl)
        self.answer(waiter, self.asked(waiter), Granted(1))
        assert waiter.lease is not None
        return waiter.lease

    def queue(self, ttl: float = TTL) -> Waiter:
        """Have somebody stand in the queue at the server, behind somebody else."""
        waiter = self.join(ttl)
        self.answer(waiter, self.asked(waiter), Busy(TTL))
        return waiter


@pytest.fixture
def desk() -> Desk:
    return Desk()


# --- asking ---------------------------------------------------------------------------------------


def test_the_first_asks_and_the_others_wait_to_be_woken(desk: Desk) -> None:
    first, second = desk.join(), desk.join()
    assert desk.next(first) == Acquire("t1", TTL, 0, queue=True)
    assert desk.next(second) == Wait(math.inf)


def test_nobody_listens_before_it_is_known_that_somebody_else_has_the_lock(desk: Desk) -> None:
    first = desk.join()
    ask = desk.next(first, listening=False)
    assert ask == Acquire("t1", TTL, 0, queue=False)
    assert isinstance(ask, Acquire)
    desk.answer(first, ask, Busy(TTL))
    assert desk.next(first, listening=False) == Listen()
    assert desk.next(first) == Acquire("t1", TTL, 0, queue=True), "at once: it does not stand in the queue yet"


def test_who_waits_asks_again_before_a_claim_is_over(desk: Desk) -> None:
    desk.queue()
    assert desk.room.poll_at == desk.now + POLL < desk.now + 1.0


@pytest.mark.parametrize(("left", "pause"), [(0.3, 0.3 + MARGIN), (5.0, POLL), (-0.001, POLL)])
def test_who_waits_asks_again_when_the_lease_is_over(desk: Desk, left: float, pause: float) -> None:
    first = desk.join()
    desk.answer(first, desk.asked(first), Busy(left))
    assert desk.next(first) == Wait(desk.room.poll_at)
    assert desk.room.poll_at == pytest.approx(desk.now + pause)


def test_a_lost_answer_is_asked_for_again_with_the_same_token(desk: Desk) -> None:
    first = desk.join()
    desk.answer(first, desk.asked(first), None)
    assert first.unanswered
    assert desk.next(first) == Wait(desk.now + RETRY)
    desk.now += RETRY
    assert desk.asked(first).token == "t1"
    desk.answer(first, desk.asked(first), Busy(TTL))
    assert not first.unanswered


def test_a_subscription_that_failed_is_tried_again_after_a_while(desk: Desk) -> None:
    first = desk.queue()
    desk.room.unanswered(first, desk.now)
    assert desk.next(first, listening=False) == Wait(desk.now + RETRY)
    desk.now += RETRY
    assert desk.next(first, listening=False) == Listen()


# --- winning --------------------------------------------------------------------------------------


def test_validity_counts_from_before_the_question_left(desk: Desk) -> None:
    first = desk.join()
    began = desk.now
    desk.answer(first, desk.asked(first), Granted(7), took=3.0)
    assert first.lease is not None
    assert desk.next(first) is first.lease is desk.room.holder
    assert (first.lease.token, first.lease.fence) == ("t1", 7)
    assert first.lease.valid_until == pytest.approx(began + TTL * (1 - DRIFT))
    assert desk.tickets == {}


def test_a_grant_that_arrives_expired_is_refused_and_asked_for_again(desk: Desk) -> None:
    first = desk.join()
    desk.answer(first, desk.asked(first), Granted(7), took=TTL)
    assert first.lease is None
    assert first.unanswered
    assert desk.asked(first).token == "t1"


def test_the_next_speaks_for_the_room_once_the_first_has_won(desk: Desk) -> None:
    first, second = desk.join(), desk.join()
    desk.answer(first, desk.asked(first), Granted(1))
    assert desk.woken == [second]
    assert desk.next(second) == Wait(desk.now + POLL)


def test_who_joins_while_the_lock_is_held_here_does_not_ask(desk: Desk) -> None:
    desk.hold()
    assert desk.next(desk.join()) == Wait(desk.now + POLL)


def test_who_joins_when_the_lease_here_is_over_asks(desk: Desk) -> None:
    desk.hold()
    desk.now += TTL
    assert desk.asked(desk.join()).token == "t2"


# --- messages -------------------------------------------------------------------------------------


def test_who_is_told_claims(desk: Desk) -> None:
    first = desk.queue()
    desk.room.told("t1")
    assert desk.woken == [first]
    assert desk.asked(first).token == "t1"
    desk.answer(first, desk.asked(first), Granted(2))
    assert first.lease is not None
    assert not desk.room.missed


def test_a_grant_without_a_message_is_noticed(desk: Desk) -> None:
    first = desk.queue()
    desk.now += POLL
    desk.answer(first, desk.asked(first), Granted(2))
    assert desk.room.missed


def test_a_message_that_overtakes_the_busy_answer_is_not_slept_over(desk: Desk) -> None:
    first = desk.join()
    ask = desk.asked(first)
    desk.room.told("t1")
    desk.answer(first, ask, Busy(1.0))
    assert desk.asked(first).token == "t1", "at once"
    desk.answer(first, desk.asked(first), Busy(1.0))
    assert desk.next(first) == Wait(desk.now + POLL), "somebody else has it: the claim was too late"


def test_a_message_that_overtakes_the_answer_of_a_release_is_not_slept_over(desk: Desk) -> None:
    lease, first = desk.hold(), desk.join()
    handing = desk.room.release(lease)
    desk.room.told("t2")  # the process in between has let it go already
    assert desk.room.released(handing, HELD, sent=desk.now, now=desk.now) is None
    assert desk.asked(first).token == "t2"


@pytest.mark.parametrize("token", ["t1", "t3", ""])
def test_a_message_for_somebody_else_changes_nothing(desk: Desk, token: str) -> None:
    desk.hold()
    first = desk.join()
    desk.now += POLL
    desk.answer(first, desk.asked(first), Busy(TTL))
    desk.room.told(token)
    assert desk.woken == []
    assert desk.next(first) == Wait(desk.now + POLL)


def test_a_message_is_not_remembered_for_the_next_ticket(desk: Desk) -> None:
    first = desk.queue()
    desk.room.told("t1")
    desk.room.leave(first, desk.now)
    desk.queue()
    assert desk.room.poll_at == desk.now + POLL


# --- passing on within the process ----------------------------------------------------------------


def test_a_release_names_the_next_of_the_same_process(desk: Desk) -> None:
    lease, first = desk.hold(), desk.join(5.0)
    desk.join()
    handing = desk.room.release(lease)
    assert handing.let == Release("t1", leave=False, heir=Acquire("t2", 5.0, 0, queue=True))
    assert handing.heir is first
    assert desk.room.holder is None


def test_what_was_passed_on_is_valid_from_before_the_release_left(desk: Desk) -> None:
    lease, first, second = desk.hold(), desk.join(), desk.join()
    handing, sent = desk.room.release(lease), desk.now
    desk.now += 2.0
    assert desk.room.released(handing, Let(held=True, fence=9), sent=sent, now=desk.now) is None
    assert first.lease is not None
    assert (first.lease.token, first.lease.fence) == ("t2", 9)
    assert first.lease.valid_until == pytest.approx(sent + TTL * (1 - DRIFT))
    assert desk.room.holder is first.lease
    assert desk.woken == [second, first]


def test_what_was_passed_on_too_late_is_asked_for_again(desk: Desk) -> None:
    lease, first = desk.hold(), desk.join()
    handing, sent = desk.room.release(lease), desk.now
    desk.now += TTL
    assert desk.room.released(handing, Let(held=True, fence=9), sent=sent, now=desk.now) is None
    assert desk.asked(first).token == "t2"


def test_what_was_passed_on_to_somebody_who_left_is_claimed_by_the_next(desk: Desk) -> None:
    lease, first, second = desk.hold(), desk.join(), desk.join()
    handing = desk.room.release(lease)
    assert desk.room.leave(first, desk.now) is None
    assert desk.room.released(handing, Let(held=True, fence=9), sent=desk.now, now=desk.now) is None
    assert second.lease is None, "on whose terms was it given?"
    assert desk.asked(second).token == "t2"


@pytest.mark.parametrize("reply", [Let(held=True, fence=9), HELD, Let(held=False, fence=None), None])
def test_what_was_passed_on_when_nobody_is_left_is_given_back(desk: Desk, reply: Let | None) -> None:
    """The ticket may have come into the queue after it was taken out."""
    lease, first = desk.hold(), desk.join()
    handing = desk.room.release(lease)
    assert desk.room.leave(first, desk.now) == Release("t2", leave=True, heir=None)
    let = desk.room.released(handing, reply, sent=desk.now, now=desk.now)
    assert let == Release("t2", leave=True, heir=None)


def test_a_ticket_that_became_a_lease_is_not_given_back(desk: Desk) -> None:
    """The first claimed it before the answer of the release was seen."""
    lease, first = desk.hold(), desk.join()
    handing = desk.room.release(lease)
    desk.room.told("t2")
    desk.answer(first, desk.asked(first), Granted(9))
    assert desk.room.released(handing, Let(held=True, fence=9), sent=desk.now, now=desk.now) is None
    assert desk.room.holder is first.lease


def test_an_answer_that_comes_after_the_lock_was_passed_on_changes_nothing(desk: Desk) -> None:
    lease, first = desk.hold(), desk.join()
    desk.now += POLL
    ask = desk.asked(first)
    handing = desk.room.release(lease)
    desk.room.released(handing, Let(held=True, fence=9), sent=desk.now, now=desk.now)
    desk.answer(first, ask, Busy(TTL))
    assert first.lease is desk.room.holder


@pytest.mark.parametrize(
    ("reply", "listening", "pause"),
    [(HELD, True, POLL), (HELD, False, 0.0), (Let(held=False, fence=None), True, 0.0), (None, True, 0.0)],
    ids=["another process has it", "and nobody hears of it", "it was lost", "no answer"],
)
def test_after_a_release_the_room_waits_only_where_somebody_else_was_given_the_lock(
    desk: Desk, reply: Let | None, listening: bool, pause: float
) -> None:
    lease = desk.hold()
    desk.join()
    handing = desk.room.release(lease)
    desk.room.released(handing, reply, sent=desk.now, now=desk.now, listening=listening)
    assert desk.room.poll_at == desk.now + pause


def test_a_lease_that_was_lost_is_taken_out_of_the_queue_as_well(desk: Desk) -> None:
    """A question that was under way when the lock was passed on may have come after the end of the lease."""
    lease = desk.hold()
    lease.lost_at(desk.now + TTL)
    assert desk.room.release(lease).let == Release("t1", leave=True, heir=None)


# --- leaving --------------------------------------------------------------------------------------


def test_the_last_who_leaves_takes_the_ticket_along(desk: Desk) -> None:
    first = desk.queue()
    assert desk.room.leave(first, desk.now) == Release("t1", leave=True, heir=None)
    assert desk.room.idle
    assert desk.tickets == {}


def test_who_leaves_without_having_asked_leaves_nothing(desk: Desk) -> None:
    assert desk.room.leave(desk.join(), desk.now) is None


def test_when_the_first_leaves_the_next_asks_with_the_same_ticket(desk: Desk) -> None:
    first, second, third = desk.queue(), desk.join(), desk.join()
    assert desk.room.leave(first, desk.now) is None
    assert desk.woken == [second]
    assert desk.asked(second).token == "t1"
    assert desk.room.leave(third, desk.now) is None


def test_a_ticket_that_was_asked_for_less_time_with_is_not_used_for_more(desk: Desk) -> None:
    """A question of a lost connection may arrive when the lease of the next is there, and would shorten it."""
    first, second = desk.queue(1.0), desk.join(10.0)
    assert desk.room.leave(first, desk.now) == Release("t1", leave=True, heir=None)
    assert desk.woken == [second]
    assert desk.asked(second).token == "t2"
    assert list(desk.tickets) == ["t2"]
