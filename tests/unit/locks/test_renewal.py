"""When which lease is renewed, and which are lost."""

from __future__ import annotations

import math

import pytest

from ticketctl.locks._lease import DRIFT, Lease
from ticketctl.locks._renewal import PARTS, TICK, Kept, Renewals

TTL = 9.0
STEP = TTL / PARTS


class Watch:
    """The renewals of a process, and a lease from the time 0."""

    def __init__(self, *, renew: bool = True, max_hold: float = math.inf) -> None:
        self.renewals = Renewals()
        self.lease = Lease("seat", "token", 1, TTL, 0.0)
        self.kept = self.keep(self.lease, renew=renew, max_hold=max_hold)

    def keep(self, lease: Lease, *, renew: bool = True, max_hold: float = math.inf) -> Kept:
        kept = Kept(lease, lambda: None, lambda _: None, renew=renew, max_hold=max_hold)
        self.renewals.keep(kept)
        return kept

    def renew(self, at: float, *, held: bool | None = True, took: float = 0.0) -> float:
        """Have the one lease renewed, and return the seconds that it came late."""
        ((kept, seconds),) = self.renewals.due(at).renew
        return self.renewals.renewed(kept, seconds, held=held, sent=at, now=at + took)

    def lost(self, at: float) -> list[Lease]:
        return [kept.lease for kept in self.renewals.due(at).lost]


@pytest.fixture
def watch() -> Watch:
    return Watch()


# --- renewing -------------------------------------------------------------------------------------


def test_a_lease_is_renewed_after_a_third_of_it(watch: Watch) -> None:
    assert watch.renewals.next_at == STEP
    assert watch.renewals.due(STEP - 2 * TICK) == ([], [])
    assert watch.renewals.due(STEP) == ([(watch.kept, TTL)], [])


def test_deadlines_are_absolute(watch: Watch) -> None:
    """Each is counted from when the one before was due, not from when it was done."""
    for number in range(1, 50):
        lag = watch.renew(number * STEP + 0.25, took=0.5)
        assert lag == pytest.approx(0.25)
        assert watch.kept.due == pytest.approx((number + 1) * STEP)
    assert watch.lease.valid_until == pytest.approx(49 * STEP + 0.25 + TTL * (1 - DRIFT))


def test_renewals_that_were_missed_are_not_made_up_for(watch: Watch) -> None:
    assert watch.renew(2.5 * STEP) == pytest.approx(1.5 * STEP)
    assert watch.kept.due == pytest.approx(3 * STEP)


def test_renewals_due_within_a_tick_are_sent_together(watch: Watch) -> None:
    leases = [Lease("seat", "token", 1, TTL, delay) for delay in (TICK / 2, 2 * TICK)]
    soon, later = map(watch.keep, leases)
    due = watch.renewals.due(STEP).renew
    assert [kept for kept, _ in due] == [watch.kept, soon]
    assert watch.renewals.next_at == later.due


def test_a_renewal_under_way_is_not_sent_again(watch: Watch) -> None:
    assert watch.renewals.due(STEP).renew
    assert watch.renewals.due(2 * STEP) == ([], [])


def test_a_renewal_without_an_answer_is_tried_again_within_the_lease(watch: Watch) -> None:
    at, tries = STEP, 0
    while at < watch.lease.valid_until:
        watch.renew(at, held=None)
        at, tries = watch.renewals.next_at, tries + 1
    assert tries > 5
    assert watch.lost(at) == [watch.lease]
    assert watch.lease.loss == "expired"


def test_what_is_not_renewed_is_only_watched() -> None:
    watch = Watch(renew=False)
    assert watch.renewals.next_at == watch.lease.valid_until
    assert watch.renewals.due(2 * STEP) == ([], [])
    assert watch.lost(TTL) == [watch.lease]


def test_what_was_released_is_forgotten(watch: Watch) -> None:
    watch.lease.released = True
    assert watch.renewals.due(TTL) == ([], [])
    assert watch.renewals.next_at == math.inf
    assert len(watch.renewals) == 0


def test_more_time_by_hand_is_known(watch: Watch) -> None:
    watch.lease.extended(60.0, 1.0)
    watch.lease.ttl = 60.0
    watch.renewals.keep(watch.kept)
    assert watch.renew(STEP) == 0.0
    assert watch.lease.valid_until == pytest.approx(STEP + 60 * (1 - DRIFT))
    assert watch.kept.due == pytest.approx(STEP + 60 / PARTS)


def test_less_time_by_hand_is_renewed_in_time(watch: Watch) -> None:
    watch.lease.extended(0.9, 1.0)
    watch.lease.ttl = 0.9
    watch.renewals.keep(watch.kept)
    assert watch.renewals.next_at == pytest.approx(1.3)


# --- losing ---------------------------------------------------------------------------------------


def test_a_lease_that_the_server_does_not_know_is_lost_at_once(watch: Watch) -> None:
    watch.renew(STEP, held=False)
    assert watch.renewals.next_at < STEP
    assert watch.lost(STEP) == [watch.lease]
    assert watch.lease.loss == "taken"


def test_a_refusal_that_comes_when_the_time_is_over_does_not_blame_others(watch: Watch) -> None:
    """The answer took so long that the lease had ended before, and somebody else may have won it rightly."""
    watch.renew(STEP, held=False, took=TTL - STEP)
    assert watch.lost(TTL) == [watch.lease]
    assert watch.lease.loss == "expired"


def test_a_lease_is_lost_once(watch: Watch) -> None:
    """However often it was looked at before: renewals that failed, a renewal that is still under way, a hand."""
    for _ in range(5):
        watch.renew(watch.renewals.next_at, held=None)
    ((kept, seconds),) = watch.renewals.due(watch.renewals.next_at).renew
    watch.renewals.keep(kept)
    assert watch.lost(TTL) == [watch.lease]
    watch.renewals.renewed(kept, seconds, held=True, sent=TTL - 1, now=TTL + 1)
    assert watch.lost(10 * TTL) == []
    assert len(watch.renewals) == 0
    assert watch.lease.loss == "expired"


def test_a_loss_that_was_seen_elsewhere_is_told_all_the_same(watch: Watch) -> None:
    assert watch.lease.lost_at(TTL) == "expired"
    assert watch.lost(TTL) == [watch.lease]


# --- a limit --------------------------------------------------------------------------------------


def test_nothing_is_renewed_beyond_the_limit() -> None:
    limit = 2.5 * TTL
    watch = Watch(max_hold=limit)
    at = watch.renewals.next_at
    while not (due := watch.renewals.due(at)).lost:
        for kept, seconds in due.renew:
            assert at + seconds <= limit + TICK
            watch.renewals.renewed(kept, seconds, held=True, sent=at, now=at)
        at = watch.renewals.next_at
    assert limit - TTL * DRIFT <= at <= limit
    assert watch.lease.loss == "max_hold"


def test_a_limit_of_one_lease_needs_no_renewal() -> None:
    watch = Watch(max_hold=TTL)
    ends = watch.lease.valid_until
    while not (due := watch.renewals.due(watch.renewals.next_at)).lost:
        for kept, seconds in due.renew:
            watch.renewals.renewed(kept, seconds, held=True, sent=kept.due, now=kept.due)
    assert ends <= watch.lease.valid_until <= TTL
    assert watch.lease.loss == "max_hold"


def test_a_refusal_behind_the_limit_is_the_end_by_the_limit() -> None:
    watch = Watch(max_hold=4 * STEP)
    for number in (1, 2):
        watch.renew(number * STEP)
    watch.renew(3 * STEP, held=False, took=STEP)
    assert watch.lost(4 * STEP) == [watch.lease]
    assert watch.lease.loss == "max_hold"


def test_a_lease_that_was_lost_before_its_limit_does_not_blame_it() -> None:
    watch = Watch(max_hold=10 * TTL)
    watch.renew(STEP)
    assert watch.lost(STEP + TTL) == [watch.lease]
    assert watch.lease.loss == "expired"
