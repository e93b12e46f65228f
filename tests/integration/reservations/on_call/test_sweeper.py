"""Sweepers: one of several works, and goes on over whatever happens to the servers."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from integration.conftest import REDIS_PASSWORD, root_of
from integration.eventually import eventually
from integration.reservations.on_call.house import EVENT, House
from integration.reservations.on_call.sweepers import Kind, elected, hold_that_is_over, left, running
from integration.servers import Server, wait_until
from ticketctl.infra import mysql

pytestmark = pytest.mark.integration
KINDS: tuple[Kind, ...] = ("threads", "asyncio")
both = pytest.mark.parametrize("kind", KINDS)
LONG = 60.0  # seconds that a server may take to be there again


# --- what it does -----------------------------------------------------------------------------


@both
def test_seats_whose_holds_are_over_are_freed_and_others_are_not(house: House, kind: Kind) -> None:
    with house.reservations() as reservations:
        live = reservations.hold(EVENT, house.seats(2), "ben")
        over = hold_that_is_over(house, reservations, 3)
        with running(kind, house):
            eventually(lambda: left(house), lambda count: count == 2)
            over += hold_that_is_over(house, reservations, 2)
            eventually(lambda: left(house), lambda count: count == 2)

    assert house.seat(live.seat_ids[0]) == ("RESERVED", live.hold_id)
    assert {house.seat(seat_id) for seat_id in over} == {("AVAILABLE", None)}
    told = house.ask("SELECT reason, changed_by, COUNT(*) FROM seat_audit GROUP BY reason, changed_by ORDER BY reason")
    assert told == [("expired", "sweeper", 5), ("held", "anna", 5), ("held", "ben", 2)]


@both
def test_there_is_no_pause_while_passes_are_full(house: House, kind: Kind) -> None:
    with house.reservations() as reservations:
        for _ in range(4):
            hold_that_is_over(house, reservations, 2)
        # With a pause between two passes this would take a minute each.
        with running(kind, house, most=2, interval=60.0):
            eventually(lambda: left(house), lambda count: count == 0)


@both
def test_whoever_stops_it_waits_for_no_pause_and_the_office_is_free(house: House, kind: Kind) -> None:
    with running(kind, house, interval=600.0) as (sweeper,):
        eventually(lambda: sweeper.leads, bool)
        sweeper.stop()
        assert sweeper.ended()
        assert elected(house) is None
        assert not sweeper.leads


def test_one_that_was_stopped_before_does_not_begin(house: House) -> None:
    with running("threads", house) as (sweeper,):
        sweeper.stop()
        assert sweeper.ended()


@pytest.mark.parametrize(
    "options", [{"interval": 0}, {"interval": -1.0}, {"most": 0}, {"most": 10_001}, {"ttl": 0.0}], ids=str
)
def test_what_cannot_be_is_refused_at_once(house: House, options: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(options))), running("threads", house, **options):
        pass


# --- one of several ---------------------------------------------------------------------------


@both
def test_of_several_one_works_and_another_one_follows(house: House, kind: Kind) -> None:
    with house.reservations() as reservations, running(kind, house, ("one", "two", "three")) as sweepers:
        eventually(lambda: [each.leads for each in sweepers].count(True), lambda count: count == 1)
        hold_that_is_over(house, reservations)
        eventually(lambda: left(house), lambda count: count == 0)
        (first,) = [each for each in sweepers if each.leads]

        first.stop()
        assert first.ended()

        eventually(lambda: [each.leads for each in sweepers].count(True), lambda count: count == 1)
        assert not first.leads
        hold_that_is_over(house, reservations)
        eventually(lambda: left(house), lambda count: count == 0)


@both
def test_offices_are_apart(house: House, kind: Kind) -> None:
    with (
        running(kind, house, office="sweeper:first") as (one,),
        running(kind, house, office="sweeper:second") as (two,),
    ):
        eventually(lambda: one.leads and two.leads, bool)
        assert elected(house) is None


@contextmanager
def process(house: House, redis: Server) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that sweeps; it is ended after."""
    environ = {
        **os.environ,
        "MYSQL_PORT": str(house.inventory.port),
        "MYSQL_USER": house.inventory.user,
        "MYSQL_PASSWORD": house.inventory.password,
        "MYSQL_DATABASE": house.inventory.name,
        "REDIS_PORT": str(redis.port),
        "REDIS_PASSWORD": REDIS_PASSWORD.reveal(),
    }
    script = Path(__file__).with_name("sweeper_process.py")
    with subprocess.Popen([sys.executable, script, house.namespace], env=environ) as started:
        try:
            yield started
        finally:
            started.kill()


def test_a_process_that_is_killed_is_followed_by_another_one(house: House, own_redis: Server) -> None:
    with house.reservations() as reservations, process(house, own_redis) as one, process(house, own_redis) as two:
        by_pid = {one.pid: one, two.pid: two}
        first = eventually(lambda: elected(house), bool, LONG)
        assert first is not None
        hold_that_is_over(house, reservations)
        eventually(lambda: left(house), lambda count: count == 0)
        (other,) = by_pid.keys() - {first.pid}

        os.kill(first.pid, signal.SIGKILL)
        by_pid[first.pid].wait()
        hold_that_is_over(house, reservations)

        eventually(lambda: left(house), lambda count: count == 0)
        seen = elected(house)
        assert seen is not None
        assert (seen.pid, seen.service) == (other, "tidy")


@both
def test_one_that_cannot_reach_mysql_lets_another_one_work(
    house: House, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "ticketctl.reservations")

    def refused() -> None:
        raise pymysql.err.OperationalError(2003, "no way to the server from here")

    with house.reservations() as reservations, running(kind, house, ("lost",), connect=refused) as (lost,):
        eventually(lambda: [each for each in caplog.messages if each.startswith("the sweeper tries again in ")], bool)
        hold_that_is_over(house, reservations)
        with running("threads", house, ("well",)):
            eventually(lambda: left(house), lambda count: count == 0, LONG)
        assert not lost.ended(0.0)


def test_what_is_wrong_with_the_program_itself_comes_out(house: House) -> None:
    from ticketctl.locks import Locker
    from ticketctl.reservations import Reservations, Sweeper

    def broken() -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        raise RuntimeError("a mistake")

    with (
        Reservations(broken) as reservations,
        Locker(house.redis, namespace=house.namespace) as locker,
        pytest.raises(RuntimeError, match="a mistake"),
    ):
        Sweeper(reservations, locker).run()
    assert elected(house) is None


# --- servers that go away ---------------------------------------------------------------------


@both
def test_it_goes_on_after_redis_has_forgotten_everything(house: House, kind: Kind) -> None:
    with house.reservations() as reservations, running(kind, house, ("one", "two")) as sweepers:
        eventually(lambda: any(each.leads for each in sweepers), bool)
        for _ in range(2):
            house.redis.flushall()
            hold_that_is_over(house, reservations)
            eventually(lambda: left(house), lambda count: count == 0)
        eventually(lambda: [each.leads for each in sweepers].count(True), lambda count: count == 1)
        eventually(lambda: elected(house), bool)


@both
def test_it_goes_on_after_redis_did_not_answer(
    house: House, kind: Kind, own_redis: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "ticketctl.reservations")
    with house.reservations() as reservations, running(kind, house) as (sweeper,):
        eventually(lambda: sweeper.leads, bool)
        own_redis.pause()
        try:
            eventually(lambda: [line for line in caplog.messages if "the sweeper tries again in" in line], bool, LONG)
        finally:
            own_redis.unpause()
        hold_that_is_over(house, reservations)
        eventually(lambda: left(house), lambda count: count == 0, LONG)


@both
def test_it_goes_on_after_mysql_was_restarted(
    house: House, kind: Kind, own_mysql: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "ticketctl.reservations")
    with house.reservations() as reservations, running(kind, house) as (sweeper,):
        eventually(lambda: sweeper.leads, bool)
        hold_that_is_over(house, reservations)
        eventually(lambda: left(house), lambda count: count == 0)
        own_mysql.stop()
        try:
            eventually(lambda: [line for line in caplog.messages if "the sweeper tries again in" in line], bool, LONG)
        finally:
            own_mysql.start()
            wait_until(lambda: mysql.connect(root_of(own_mysql)).close(), own_mysql)
        with mysql.connect(house.inventory.root) as house.root:
            hold_that_is_over(house, reservations)
            eventually(lambda: left(house), lambda count: count == 0, LONG)
