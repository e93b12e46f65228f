"""The rooms of a process."""

from __future__ import annotations

import re

import pytest

from ticketctl.locks._lease import Lease
from ticketctl.locks._process import _SWEEP_FROM, Process, new_token
from ticketctl.locks._room import POLL
from ticketctl.locks._scripts import Acquire, Busy, Let
from ticketctl.locks._waiter import Waiter

NOW, TTL = 100.0, 10.0


@pytest.fixture
def process() -> Process:
    return Process("lock", "checkout")


def waiter() -> Waiter:
    return Waiter(TTL, 0, lambda: None)


def test_a_token_is_128_random_bits() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens)


def test_each_process_listens_at_a_place_of_its_own(process: Process) -> None:
    assert re.fullmatch("lock:wake:[0-9a-f]{16}", process.channel)
    assert Process("lock", "checkout").channel != process.channel


def test_there_is_one_room_for_a_lock_until_nobody_is_in_it(process: Process) -> None:
    room = process.room("seat", NOW)
    first = waiter()
    room.join(first, NOW)
    process.tidy(room)
    assert process.room("seat", NOW) is room
    room.leave(first, NOW)
    process.tidy(room)
    assert process.rooms == {}


def test_a_room_is_not_forgotten_in_the_place_of_another(process: Process) -> None:
    """The answer of a release comes when its room was left, and another one made."""
    room, lease = process.room("seat", NOW), Lease("seat", "t", 1, TTL, NOW)
    process.hold(lease, NOW)
    handing = room.release(lease)
    process.tidy(room)
    another = process.room("seat", NOW)
    another.join(waiter(), NOW)
    assert another is not room
    room.released(handing, Let(held=True, fence=None), sent=NOW, now=NOW)
    process.tidy(room)
    assert process.room("seat", NOW) is another


def test_a_message_reaches_the_room_whose_ticket_it_names(process: Process) -> None:
    room, first = process.room("seat", NOW), waiter()
    room.join(first, NOW)
    ask = room.next(first, NOW, listening=True)
    assert isinstance(ask, Acquire)
    room.answered(first, ask, Busy(TTL), sent=NOW, now=NOW)
    process.told("of another one")
    assert room.poll_at > NOW + POLL / 2
    process.told(ask.token)
    assert room.poll_at <= NOW


def test_locks_that_ran_out_are_forgotten_in_time(process: Process) -> None:
    for number in range(_SWEEP_FROM):
        process.hold(Lease(f"seat:{number}", "t", 1, TTL, NOW if number else NOW + TTL), NOW)
    process.room("another", NOW + TTL)
    assert set(process.rooms) == {"seat:0", "another"}
