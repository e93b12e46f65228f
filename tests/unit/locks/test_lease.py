"""Until when a process may believe that it holds a lock."""

from __future__ import annotations

import pytest

from ticketctl.locks._lease import DRIFT, Lease

SENT, TTL = 100.0, 10.0
END = SENT + TTL * (1 - DRIFT)


@pytest.fixture
def lease() -> Lease:
    return Lease("seat", "token", 7, TTL, SENT)


def test_it_is_valid_from_before_it_was_asked_for_and_a_little_shorter_than_at_the_server(lease: Lease) -> None:
    assert lease.valid(SENT)
    assert lease.valid(END - 0.001)
    assert not lease.valid(END)
    assert END < SENT + TTL


def test_it_is_lost_when_its_time_is_over(lease: Lease) -> None:
    assert lease.lost_at(END - 0.001) is None
    assert lease.lost_at(END) == "expired"
    assert lease.lost_at(SENT) == "expired", "and stays so, whatever the clock says"
    assert not lease.valid(SENT)


def test_what_was_released_is_neither_valid_nor_lost(lease: Lease) -> None:
    lease.released = True
    assert not lease.valid(SENT)
    assert lease.lost_at(END) is None


def test_the_first_loss_counts(lease: Lease) -> None:
    lease.loss = "taken"
    assert lease.lost_at(END) == "taken"


# --- more time ------------------------------------------------------------------------------------


def test_more_time_counts_from_before_it_was_asked_for(lease: Lease) -> None:
    lease.asking(TTL, SENT + 5)
    assert lease.valid_until == pytest.approx(END), "not before the answer"
    lease.extended(TTL, SENT + 5)
    assert lease.valid_until == pytest.approx(END + 5)


def test_less_time_counts_before_the_answer(lease: Lease) -> None:
    """The server may have made it shorter, though its answer was lost."""
    lease.asking(1.0, SENT + 5)
    assert lease.valid_until == pytest.approx(SENT + 5 + 1 - DRIFT)


def test_time_that_was_given_may_be_less(lease: Lease) -> None:
    lease.asking(1.0, SENT + 5)
    lease.extended(1.0, SENT + 5)
    assert lease.valid_until == pytest.approx(SENT + 5 + 1 - DRIFT)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_questions_at_once_the_shorter_counts_whichever_is_answered_first(
    lease: Lease, order: tuple[int, int]
) -> None:
    """Their answers are seen in any order, and so the server may have carried them out in the other one."""
    questions = [(60.0, SENT + 5), (TTL, SENT + 5.1)]
    for ttl, sent in questions:
        lease.asking(ttl, sent)
    for number in order:
        lease.extended(*questions[number])
    assert lease.valid_until == pytest.approx(END + 5.1)


def test_a_lease_that_a_limit_ends_says_so(lease: Lease) -> None:
    lease.extended(2.0, SENT + 5, "max_hold")
    assert lease.lost_at(SENT + 7) == "max_hold"
