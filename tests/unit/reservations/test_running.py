"""What is repeated, when it is given up, and what is said then; drivers that fail as told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ticketctl.errors import ReservationBackendError, ReservationBusyError, SeatsUnavailableError
from ticketctl.reservations._faults import Fault, fault_of
from ticketctl.reservations._running import Patience, transaction
from ticketctl.reservations._statements import COMMIT, ROLLBACK
from ticketctl.reservations._steps import Again, Answer, Renew, Sleep, Statement, Steps
from unit.reservations.played import play

WORK = Statement("UPDATE seats")


class DriverError(Exception):
    """As drivers raise them: the number first."""


class OperationalError(Exception):
    """As a driver names it that has lost its connection and knows no number."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Faulty:
    """Fails at the n-th of the statements that match, by turns."""

    def __init__(self, clock: Clock, *plan: tuple[Statement, Exception]) -> None:
        self.clock = clock
        self.plan = list(plan)
        self.seen: list[str] = []

    def __call__(self, effect: Any) -> Any:
        self.seen.append(effect.sql if isinstance(effect, Statement) else type(effect).__name__)
        if isinstance(effect, Sleep):
            self.clock.now += effect.seconds
        if self.plan and effect == self.plan[0][0]:
            raise self.plan.pop(0)[1]
        return Answer(1, 0.0)


def work() -> Steps[str]:
    yield WORK
    return "done"


def run(
    clock: Clock, server: Callable[[Any], Any], steps: Callable[[], Steps[str]] = work, *, patience: float = 3
) -> str:
    return play(transaction(steps, Patience(patience, clock), what="work", hold_id="h"), server)


LOST = DriverError(2013, "Lost connection")
DEADLOCK = DriverError(1213, "Deadlock found")


def test_what_works_is_committed_once() -> None:
    server = Faulty(Clock())
    assert run(Clock(), server) == "done"
    assert server.seen == [WORK.sql, "COMMIT"]


@pytest.mark.parametrize("error", [DEADLOCK, DriverError(1205, "Lock wait"), DriverError(1062, "Duplicate")])
def test_what_others_caused_is_undone_and_begun_anew_at_once(error: Exception) -> None:
    server = Faulty(clock := Clock(), (WORK, error))
    assert run(clock, server) == "done"
    assert server.seen == [WORK.sql, "ROLLBACK", WORK.sql, "COMMIT"]


def test_a_second_failure_waits_a_little() -> None:
    server = Faulty(clock := Clock(), (WORK, DEADLOCK), (WORK, DEADLOCK))
    run(clock, server)
    assert server.seen == [WORK.sql, "ROLLBACK", WORK.sql, "ROLLBACK", "Sleep", WORK.sql, "COMMIT"]


@pytest.mark.parametrize("error", [LOST, ConnectionResetError(), EOFError(), OperationalError("not connected")])
def test_after_a_lost_connection_another_one_is_taken(error: Exception) -> None:
    server = Faulty(clock := Clock(), (WORK, error))
    assert run(clock, server) == "done"
    assert server.seen == [WORK.sql, "Renew", WORK.sql, "COMMIT"]


def test_a_commit_without_an_answer_is_settled_by_doing_it_again() -> None:
    server = Faulty(clock := Clock(), (COMMIT, LOST))
    assert run(clock, server) == "done"
    assert server.seen == [WORK.sql, "COMMIT", "Renew", WORK.sql, "COMMIT"]


def test_a_commit_that_stays_without_an_answer_is_unknown() -> None:
    def refuse(effect: Any) -> Any:
        clock.now += 1
        if effect == COMMIT:
            raise LOST
        return Answer(1, 0.0)

    clock = Clock()
    with pytest.raises(ReservationBackendError) as caught:
        run(clock, refuse)
    assert (caught.value.outcome, caught.value.hold_id) == ("unknown", "h")
    assert "lookup" in caught.value.next_step


def test_doubt_about_a_commit_outlasts_a_later_refusal() -> None:
    server = Faulty(clock := Clock(), (COMMIT, LOST), (WORK, DriverError(1142, "denied")))
    with pytest.raises(ReservationBackendError) as caught:
        run(clock, server)
    assert caught.value.outcome == "unknown"


def test_doubt_that_was_there_before_is_not_forgotten() -> None:
    def gone(effect: Any) -> Any:
        clock.now += 1
        if effect == WORK:
            raise DriverError(2003, "Can't connect")
        return None

    clock = Clock()
    with pytest.raises(ReservationBackendError) as caught:
        play(transaction(work, Patience(3, clock), what="work", hold_id="h", in_doubt=True), gone)
    assert caught.value.outcome == "unknown"


def test_a_server_that_is_never_there_has_changed_nothing() -> None:
    def refuse(effect: Any) -> Any:
        clock.now += 1
        if effect == WORK:
            raise DriverError(2003, "Can't connect")
        return None

    clock = Clock()
    with pytest.raises(ReservationBackendError) as caught:
        run(clock, refuse)
    assert caught.value.outcome == "refused"


def test_rows_that_stay_locked_are_given_up_as_busy() -> None:
    def refuse(effect: Any) -> Any:
        clock.now += 1
        if effect == WORK:
            raise DriverError(1205, "Lock wait timeout exceeded")
        return None

    clock = Clock()
    with pytest.raises(ReservationBusyError) as caught:
        run(clock, refuse)
    assert caught.value.waited >= 3


@pytest.mark.parametrize(("number", "word"), [(1142, "SELECT, INSERT"), (1146, "migrate apply"), (1366, "")])
def test_what_the_server_refuses_is_said_with_what_to_do(number: int, word: str) -> None:
    server = Faulty(clock := Clock(), (WORK, DriverError(number, "no")))
    with pytest.raises(ReservationBackendError) as caught:
        run(clock, server)
    assert caught.value.outcome == "refused"
    assert word in caught.value.next_step
    assert server.seen == [WORK.sql, "ROLLBACK"]


def test_an_error_of_ours_is_undone_and_passed_on() -> None:
    def refusing() -> Steps[str]:
        yield WORK
        raise SeatsUnavailableError("no", event_id=1)

    server = Faulty(clock := Clock())
    with pytest.raises(SeatsUnavailableError):
        run(clock, server, refusing)
    assert server.seen == [WORK.sql, "ROLLBACK"]


def test_a_rollback_that_fails_costs_the_connection_and_nothing_else() -> None:
    server = Faulty(clock := Clock(), (WORK, DEADLOCK), (ROLLBACK, LOST))
    assert run(clock, server) == "done"
    assert server.seen == [WORK.sql, "ROLLBACK", "Renew", WORK.sql, "COMMIT"]


def test_steps_that_begin_anew_are_undone_first() -> None:
    tries = iter([True, False])

    def wavering() -> Steps[str]:
        yield WORK
        if next(tries):
            raise Again
        return "done"

    server = Faulty(clock := Clock())
    assert run(clock, server, wavering) == "done"
    assert server.seen == [WORK.sql, "ROLLBACK", WORK.sql, "COMMIT"]


def test_a_bug_is_passed_on_and_the_connection_is_not_used_again() -> None:
    server = Faulty(clock := Clock(), (WORK, TypeError("a bug")))
    with pytest.raises(TypeError):
        run(clock, server)
    assert server.seen == [WORK.sql, "Renew"]


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (DEADLOCK, "ROLLBACK"),
        (DriverError(1205, "Lock wait"), "ROLLBACK"),
        (DriverError(1062, "Duplicate"), "ROLLBACK"),
        (Again(), "ROLLBACK"),
        (DriverError(1142, "denied"), "ROLLBACK"),
        (LOST, "Renew"),
    ],
)
def test_what_is_given_up_is_undone_and_never_left_to_who_has_the_connection_next(error: Exception, last: str) -> None:
    server = Faulty(clock := Clock(), (WORK, error))
    with pytest.raises((ReservationBusyError, ReservationBackendError)):  # as in a batch: nothing is tried twice
        play(transaction(work, Patience(0, clock, tries=1), what="work"), server)
    assert server.seen == [WORK.sql, last]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (DriverError(1213, ""), Fault.LOCKED),
        (DriverError(1062, ""), Fault.DUPLICATE),
        (DriverError(4031, ""), Fault.LOST),
        (DriverError(1836, ""), Fault.LOST),
        (DriverError(1064, ""), Fault.REFUSED),
        (OperationalError("x"), Fault.LOST),
        (TimeoutError(), Fault.LOST),
        (KeyError("x"), Fault.BUG),
        (ValueError(), Fault.BUG),
    ],
)
def test_errors_are_told_apart_by_their_numbers(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault


def test_a_connection_is_renewed_and_never_slept_with_the_first_time() -> None:
    server = Faulty(clock := Clock(), (WORK, LOST))
    run(clock, server)
    assert "Sleep" not in server.seen
    assert isinstance(Renew(), tuple)
