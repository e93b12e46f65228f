"""`ticketctl lock list | show | break` as people and scripts use it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from redis import Redis

from integration.conftest import REDIS_PASSWORD
from integration.eventually import eventually
from integration.locks.command import Command
from integration.servers import Server
from ticketctl.errors import LockLostError, StaleHolderError
from ticketctl.locks import Lock, Locker, fenced
from ticketctl.locks.inspection import HeldLock, breaks, look

pytestmark = pytest.mark.integration
Lockers = Callable[[str], Locker]


def waiting_for(redis: Redis, name: str, space: str, count: int) -> HeldLock:
    found = eventually(
        lambda: look(redis, name, namespace=space), lambda lock: lock is not None and len(lock.waiting) == count
    )
    assert found is not None
    return found


# --- list -------------------------------------------------------------------------------------


def test_the_list_says_who_holds_what_and_how_many_wait(
    command: Command, plain_redis: Redis, space: str, lockers: Lockers
) -> None:
    with ThreadPoolExecutor() as threads, lockers("booking").acquire("checkout:1", ttl=60.0) as held:
        waiting = threads.submit(lockers("payment").acquire, "checkout:1")
        waiting_for(plain_redis, "checkout:1", space, 1)
        with lockers("reports").acquire("report:[today]", ttl=60.0):
            done = command("list")
            oldest = command("list", "--sort", "age", "--limit", "9")
            document = json.loads(command("list", "--json").stdout)
            begins = command("list", "--prefix", "report:[")
            matches = command("list", "--pattern", "*:[0-9]")
        held.release()
        waiting.result(timeout=5).release()

    assert done.returncode == 0
    heading, first, second, last = done.stdout.splitlines()
    assert heading.split() == ["LOCK", "HELD", "LEFT", "WAITING", "FENCE", "HOLDER"]
    assert first.startswith("checkout:1  ")
    assert f"  1        {held.fence}  booking on " in first
    assert second.startswith("report:[today]  ")
    assert last == "2 locks"
    assert oldest.stdout.splitlines()[1].startswith("checkout:1  ")
    assert [lock["name"] for lock in document["locks"]] == ["checkout:1", "report:[today]"]
    assert document["locks"][0]["waiting"][0]["service"] == "payment"
    assert held.token not in done.stdout + json.dumps(document)
    assert begins.stdout.splitlines()[1:][0].startswith("report:[today]")
    assert begins.stdout.splitlines()[-1] == matches.stdout.splitlines()[-1] == "1 lock"
    assert matches.stdout.splitlines()[1].startswith("checkout:1")


def test_an_empty_list_is_no_failure(command: Command) -> None:
    done = command("list")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no lock is held\n", "")
    assert json.loads(command("list", "--json").stdout) == {"locks": [], "more": False}


def test_ten_thousand_locks_are_one_list_and_fewer_if_wanted(command: Command, plain_redis: Redis, space: str) -> None:
    lease = '0123456789abcdef0123456789abcdef 17 1767225600000000 {"host":"h","pid":1,"service":"s"}'
    plain_redis.mset({f"{space}:{{name:{number}}}": lease for number in range(10_001)})

    some, all_of_them = command("list"), command("list", "--limit", "20000")

    assert some.stdout.splitlines()[-1].startswith("the first 10000 that were found; --limit")
    assert len(some.stdout.splitlines()) == 10_002
    assert all_of_them.stdout.splitlines()[-1] == "10001 locks"


# --- show -------------------------------------------------------------------------------------


def test_one_lock_is_shown_with_who_waits_in_order(
    command: Command, plain_redis: Redis, space: str, lockers: Lockers
) -> None:
    with ThreadPoolExecutor() as threads:
        held = lockers("booking").acquire("a", ttl=60.0)
        waiting = []
        for count, service in enumerate(("first", "second"), 1):
            waiting.append(threads.submit(lockers(service).acquire, "a"))
            waiting_for(plain_redis, "a", space, count)
        done, document = command("show", "a"), json.loads(command("show", "a", "--json").stdout)
        held.release()
        for one in waiting:
            one.result(timeout=5).release()

    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "lock     a"
    assert lines[1].startswith("holder   booking on ")
    assert lines[4] == f"fence    {held.fence}"
    assert lines[6] == "waiting  2 processes"
    assert lines[7].startswith("         1. first on ")
    assert lines[8].startswith("         2. second on ")
    assert held.token not in done.stdout + json.dumps(document)
    assert [owner["service"] for owner in document["lock"]["waiting"]] == ["first", "second"]
    assert document["held"] is True


def test_a_lock_that_nobody_holds_is_one_line_and_exit_1(command: Command) -> None:
    done = command("show", "a")
    assert (done.returncode, done.stdout, done.stderr) == (1, "lock 'a' is not held\n", "")
    as_json = command("show", "a", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout) == {"name": "a", "held": False, "lock": None, "breaks": []}


def test_what_others_wrote_does_not_steer_the_terminal(command: Command, plain_redis: Redis, space: str) -> None:
    lease = '{} 17 1767225600000000 {{"host":"\\u001b[2J","pid":1,"service":"\u009b1m"}}'
    plain_redis.set(f"{space}:{{a}}", lease.format("0" * 32))
    for words in (("show", "a"), ("list",), ("break", "a")):
        done = command(*words)
        assert not [sign for sign in done.stdout + done.stderr if sign in "\x1b\x9b"]
        assert "\ufffd" in done.stdout + done.stderr


# --- break ------------------------------------------------------------------------------------


def test_breaking_hands_the_lock_on_and_the_holder_learns_of_it(
    command: Command, plain_redis: Redis, space: str, lockers: Lockers
) -> None:
    lost, stock = threading.Event(), f"{space}:stock"
    told: list[Lock] = []

    def on_lost(lock: Lock) -> None:
        told.append(lock)
        lost.set()

    broken = lockers("booking").acquire("a", ttl=6.0, keep_alive=True, on_lost=on_lost)
    fenced.write(plain_redis, broken.fence, "SET", stock, "1")
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(lockers("payment").acquire, "a", 60.0, 30.0)
        waiting_for(plain_redis, "a", space, 1)
        done = command("break", "a", "--yes", "--reason", "its machine is gone")
        # The lease was renewed all the time: but for the break, nobody else would have had it.
        after = waiting.result(timeout=1)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("lock 'a' was taken from booking on ")
    assert "held by payment on " in done.stdout
    assert after.fence > broken.fence
    assert lost.wait(6.0)
    assert told == [broken]
    with pytest.raises(LockLostError):
        broken.release()
    fenced.write(plain_redis, after.fence, "SET", stock, "2")
    with pytest.raises(StaleHolderError):
        fenced.write(plain_redis, broken.fence, "SET", stock, "3")
    assert plain_redis.get(stock) == b"2"
    after.extend()

    shown = command("show", "a").stdout.splitlines()[-1]
    assert shown.startswith("broken   ")
    assert f"fence {broken.fence}: its machine is gone" in shown
    (recorded,) = breaks(plain_redis, "a", namespace=space)
    assert "@" in recorded.by
    assert recorded.by in shown
    after.release()


def test_where_nobody_can_be_asked_nothing_is_broken_without_yes(
    command: Command, plain_redis: Redis, space: str, lockers: Lockers
) -> None:
    with lockers("booking").acquire("a", ttl=60.0) as lock:
        done = command("break", "a")
        as_json = command("break", "a", "--json")
        lock.extend()

    assert (done.returncode, as_json.returncode) == (2, 2)
    assert "lock 'a' is held by booking on " in done.stderr
    assert "its writes fail only where the fence is checked" in done.stderr
    assert "give --yes" in json.loads(as_json.stdout)["error"]["next"]
    assert breaks(plain_redis, "a", namespace=space) == []


def test_at_a_terminal_it_asks_and_does_what_is_said(command: Command, lockers: Lockers) -> None:
    lock = lockers("booking").acquire("a", ttl=60.0)
    with command.at_terminal("break", "a") as terminal:
        terminal.says("it learns of it at its next renewal or release")
        terminal.says("Go on? [y/N]")
        terminal.types("n\n")
        assert terminal.ends() == 130
    lock.extend()
    with command.at_terminal("break", "a") as terminal:
        terminal.says("Go on? [y/N]")
        terminal.types("y\n")
        assert terminal.ends() == 0
    assert "is free now" in terminal.screen
    with pytest.raises(LockLostError):
        lock.extend()


def test_somebody_else_who_has_it_by_the_time_of_the_answer_keeps_it(
    command: Command, plain_redis: Redis, space: str, lockers: Lockers
) -> None:
    first = lockers("booking").acquire("a", ttl=60.0)
    with command.at_terminal("break", "a") as terminal:
        terminal.says("Go on? [y/N]")
        first.release()
        with lockers("payment").acquire("a", ttl=60.0) as second:
            terminal.types("y\n")
            assert terminal.ends() == 1
            second.extend()
    assert "held by payment on " in terminal.screen
    assert "nothing was broken" in terminal.screen
    assert breaks(plain_redis, "a", namespace=space) == []


def test_what_nobody_holds_cannot_be_broken(command: Command) -> None:
    done = command("break", "a")
    assert (done.returncode, done.stdout, done.stderr) == (1, "lock 'a' is not held\n", "")
    assert json.loads(command("break", "a", "--yes", "--json").stdout) == {
        "name": "a",
        "broken": False,
        "seen": None,
        "now": None,
    }


def test_the_result_as_json_has_both_holders(command: Command, lockers: Lockers) -> None:
    lock = lockers("booking").acquire("a", ttl=60.0)
    document = json.loads(command("break", "a", "--yes", "--json").stdout)
    assert (document["broken"], document["seen"]["fence"], document["now"]) == (True, lock.fence, None)
    with suppress(LockLostError):
        lock.release()


# --- what cannot be asked ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "a b"),
        ("break", "{a}", "--yes"),
        ("list", "--prefix", "a", "--pattern", "b"),
        ("watch", "a", "--prefix", "b"),
        ("list", "--sort", "size"),
    ],
)
def test_what_cannot_be_is_a_usage_error(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_namespace_that_cannot_be_is_a_usage_error(command: Command) -> None:
    assert replace(command, namespace="a*")("list").returncode == 2


def test_a_server_that_does_not_answer_is_exit_4_in_time(command: Command, own_redis: Server) -> None:
    own_redis.pause()
    try:
        began = time.monotonic()
        done = command("list")
    finally:
        own_redis.unpause()
    assert done.returncode == 4
    assert time.monotonic() - began < 15
    assert done.stderr.startswith("TKT-301 ")
    assert REDIS_PASSWORD.reveal() not in done.stderr
