"""A process whose clock is wrong by an hour holds no longer and no shorter than others, and takes nothing from them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.locks.servers import HOST
from conformance.reservations.driver import SHORT, World, fronted
from ticketctl.errors import SeatsUnavailableError

pytestmark = pytest.mark.integration
TESTS = Path(__file__).parents[2]
HOUR = 3600.0
SLACK = 60.0  # seconds that a busy machine may take for anything


async def run(world: World, wrong_by: float, *calls: tuple[str, list[Any], dict[str, Any]]) -> list[Any]:
    """Have a process whose clock is wrong do something; return its answers."""
    order = {
        "kind": world.kind,
        "wrong_by": wrong_by,
        "mysql": world.inventory.arguments(),
        "redis": {"host": HOST, "port": world.server.port},
        "calls": calls,
    }
    command = [sys.executable, "-m", "conformance.reservations.wrong_clock_process"]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        input=json.dumps(order) + "\n",
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("wrong_by", [HOUR, -HOUR], ids=["fast", "slow"])
@fronted
async def test_it_is_told_the_truth_and_takes_no_hold_that_lives(world: World, wrong_by: float) -> None:
    desk, venue = world.desk(), world.venue(seats=5)
    await desk.hold(venue.id, [venue[0]], "anna", ttl=600)
    over = await desk.hold(venue.id, [venue[1]], "anna", ttl=SHORT)
    await world.over(over)
    before = world.now()
    live, free, held, found, refused = await run(
        world,
        wrong_by,
        ("hold", [venue.id, [venue[0]], "bert"], {"ttl": 60}),
        ("hold", [venue.id, [venue[1]], "bert"], {"ttl": 60}),
        ("hold_best", [venue.id, 3, "carl"], {"ttl": 600, "hold_id": f"of-{venue.id}"}),
        ("lookup", [f"of-{venue.id}"], {}),
        ("hold_best", [venue.id, 1, "dora"], {"ttl": 60}),
    )
    after = world.now()

    assert abs(held["clock"] - time.time() - wrong_by) < SLACK  # its clock was wrong, indeed
    until = datetime.fromisoformat(held["expires_at"]).timestamp()
    assert before.timestamp() + 600 <= until <= after.timestamp() + 600
    for answer in (held, found):
        assert answer["status"] == "ACTIVE"
        assert until - after.timestamp() - SLACK <= answer["remaining"] <= 600
    assert live == refused == {"error": "SeatsUnavailableError"}
    assert free["status"] == "ACTIVE"
    # And nobody takes from it what lives.
    assert (await desk.seat_map(venue.id)).letters == "RRRRR"
    with pytest.raises(SeatsUnavailableError):
        await desk.hold(venue.id, [venue[1]], "emil")
    assert 240 < (await desk.extend(free["hold"], 300)).remaining() <= 300
