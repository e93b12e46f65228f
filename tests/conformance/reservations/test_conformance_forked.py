"""A process that forks: its child begins anew, and the parent goes on as if there were none."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.locks.servers import HOST
from conformance.reservations.driver import Venue, World, conformance
from conformance.reservations.forked_process import ROUNDS, STATEMENTS

pytestmark = pytest.mark.integration
TESTS = Path(__file__).parents[2]


async def run(world: World, venue: Venue, what: str) -> list[dict[str, Any]]:
    """Have a process fork again and again; return what its children say, and what it says itself."""
    order = {
        "what": what,
        "mysql": world.inventory.arguments(),
        "redis": {"host": HOST, "port": world.server.port} if world.front == "redis" else None,
        "event": venue.id,
        "seats": venue.seats,
    }
    # Python says since 3.12 that forking beside threads is dangerous: it is, and programs do it.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "conformance.reservations.forked_process"]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        input=json.dumps(order) + "\n",
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), os.environ.get("PYTHONPATH", "")))},
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


async def children(world: World, venue: Venue, what: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what was said by children and by their parent, when what all of them have to say is right."""
    *answers, itself, last = await run(world, venue, what)
    for answer in answers:
        assert isinstance(answer, dict), answer
        assert (answer["others"], answer["released"], answer["looked"]) == ("refused", True, 4)
        # The server knows which connections are whose.
        assert answer["used"]
        assert not set(answer["used"]) & set(last["used"])
    assert len(last["used"]) <= 2  # the parent has lost none of its own
    assert itself["extended"]
    assert itself["released"]
    return answers, itself


async def in_the_middle(world: World) -> None:
    venue = world.venue(seats=1 + 3 * STATEMENTS)
    answers, parent = await children(world, venue, "in the middle")
    assert [answer["held"] for answer in answers] == [
        list(venue.seats[2 + 3 * number : 4 + 3 * number]) for number in range(STATEMENTS)
    ]
    assert parent["held"] == list(venue.seats[1::3])
    assert world.states(venue) == ["AVAILABLE"] + ["RESERVED", "AVAILABLE", "AVAILABLE"] * STATEMENTS
    assert world.reasons(venue[0]) == ["held", "extended", "released"]
    assert {tuple(world.reasons(seat)) for seat in venue.seats[2::3]} == {("held", "released")}


test_a_child_that_is_forked_in_the_middle_of_a_hold_has_nothing_of_it = conformance(in_the_middle, kinds=("threads",))


async def at_any_moment(world: World) -> None:
    venue = world.venue(seats=6 + ROUNDS)
    answers, parent = await children(world, venue, "at any moment")
    assert [answer["held"] for answer in answers] == [
        list(venue.seats[5 + number : 7 + number]) for number in range(ROUNDS)
    ]
    assert parent["held"] == list(venue.seats[1:5])
    assert world.states(venue) == ["AVAILABLE"] * len(venue.seats)


test_no_lock_of_the_parent_is_inherited_locked = conformance(at_any_moment, kinds=("threads",))
