"""Looking at locks and breaking them, on a real server."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from integration.eventually import eventually
from ticketctl.errors import LockLostError, StaleHolderError
from ticketctl.locks import Lock, Locker, fenced
from ticketctl.locks.inspection import BREAKS_KEPT, HeldLock, break_lock, breaks, find, literal, look, look_at

pytestmark = pytest.mark.integration
LISTED_AT_MOST = 4.0
"""Seconds for 10,000 locks on a machine that does other things as well; without them it is 0.7 s."""


def seen(redis: Redis, name: str, space: str) -> HeldLock:
    found = look(redis, name, namespace=space)
    assert found is not None
    return found


# --- looking ----------------------------------------------------------------------------------


def test_a_held_lock_is_seen_with_its_holder_and_its_time(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    with lockers("booking").acquire("seat:ü:7", ttl=5.0) as lock:
        found = seen(redis, "seat:ü:7", space)

    assert (found.token, found.fence, found.foreign) == (lock.token, lock.fence, False)
    assert found.owner is not None
    assert found.owner.service == "booking"
    assert found.since is not None
    assert abs(found.since - datetime.now(UTC)) < timedelta(seconds=10)
    assert found.held is not None
    assert found.left is not None
    assert 0 <= found.held < 3
    assert 2 < found.left <= 5
    assert look(redis, "seat:ü:7", namespace=space) is None


def test_processes_that_wait_are_seen_in_their_order(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    with ThreadPoolExecutor() as threads:
        lock = lockers("holder").acquire("a")
        waiting = []
        for place, service in enumerate(("first", "second"), 1):
            waiting.append(threads.submit(lockers(service).acquire, "a"))
            eventually(lambda: len(seen(redis, "a", space).waiting), place.__eq__)
        assert [owner.service for owner in seen(redis, "a", space).waiting] == ["first", "second"]
        lock.release()
        for one in waiting:
            one.result(timeout=5).release()


def test_what_others_put_there_counts_as_held_and_foreign(redis: Redis, plain_redis: Redis, space: str) -> None:
    plain_redis.set(f"{space}:{{binary}}", b"\xff\xfe")
    plain_redis.set(f"{space}:{{text}}", "1", px=5000)
    plain_redis.rpush(f"{space}:{{list}}", "1")
    plain_redis.set(f"{space}:{{with space}}".encode(), "no lock can have this name")
    plain_redis.set(f"{space}:{{".encode() + b"\xff}", "nor this")

    locks = {lock.name: lock for lock in find(redis, namespace=space)}

    assert set(locks) == {"binary", "text"}
    assert all(lock.foreign and lock.owner is None and lock.fence is None for lock in locks.values())
    assert locks["binary"].left is None
    assert locks["text"].left is not None
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        look(redis, "list", namespace=space)


def test_only_leases_of_the_namespace_are_found(redis: Redis, space: str, lockers: Callable[[str], Locker]) -> None:
    names = ["a", "ab", "a*", "a:[b]", "b"]
    held = [lockers("x").acquire(name) for name in names]
    other = f"{space}:more"
    with closing(Locker(redis, namespace=other)) as elsewhere, elsewhere.acquire("a-elsewhere"):

        def found(pattern: str) -> set[str]:
            return {lock.name for lock in find(redis, namespace=space, pattern=pattern)}

        assert found("*") == set(names)
        assert found("a*") == set(names) - {"b"}
        assert found(literal("a*")) == {"a*"}
        assert found(literal("a:[") + "*") == {"a:[b]"}
        assert found("nothing") == set()
        assert {lock.name for lock in find(redis, namespace=other)} == {"a-elsewhere"}
    for lock in held:
        lock.release()


def test_several_are_looked_at_in_the_order_of_their_names(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    with lockers("x").acquire("one"), lockers("x").acquire("two"):
        assert [lock.name for lock in look_at(redis, ["two", "free", "one"], namespace=space)] == ["two", "one"]
    assert look_at(redis, [], namespace=space) == []


def test_names_that_no_lock_has_are_refused_at_once(redis: Redis) -> None:
    with pytest.raises(ValueError, match="cannot name a lock"):
        look(redis, "a b")
    with pytest.raises(ValueError, match="cannot be a namespace"):
        find(redis, namespace="*")


def test_ten_thousand_locks_are_listed_in_seconds_and_never_by_keys(
    redis: Redis, plain_redis: Redis, space: str
) -> None:
    lease = '0123456789abcdef0123456789abcdef 17 1767225600000000 {"host":"h","pid":1,"service":"s"}'
    entry = '0123456789abcdef0123456789abcdef x:wake:1 {"host":"w","pid":2,"service":"s"}'
    with plain_redis.pipeline(transaction=False) as pipeline:
        for number in range(10_000):
            pipeline.set(f"{space}:{{name:{number}}}", lease, px=60_000)
            pipeline.set(f"{space}:{{name:{number}}}:fence", 17, px=60_000)
            pipeline.rpush(f"{space}:{{name:{number}}}:queue", entry)
        pipeline.execute()
    plain_redis.config_resetstat()

    began = time.monotonic()
    locks = list(find(redis, namespace=space))
    took = time.monotonic() - began

    assert len(locks) == len({lock.name for lock in locks}) == 10_000
    assert all(len(lock.waiting) == 1 for lock in locks)
    assert took < LISTED_AT_MOST
    used = plain_redis.info("commandstats")
    assert isinstance(used, dict)
    assert "cmdstat_scan" in used
    assert "cmdstat_keys" not in used


def test_a_list_that_is_not_read_to_its_end_asks_for_no_more(redis: Redis, plain_redis: Redis, space: str) -> None:
    with plain_redis.pipeline(transaction=False) as pipeline:
        for number in range(5_000):
            pipeline.set(f"{space}:{{name:{number}}}", "foreign", px=60_000)
        pipeline.execute()
    plain_redis.config_resetstat()

    assert next(find(redis, namespace=space)).foreign

    used = plain_redis.info("commandstats")
    assert isinstance(used, dict)
    assert used["cmdstat_get"]["calls"] < 3_000


# --- breaking ---------------------------------------------------------------------------------


def test_the_next_in_the_queue_has_it_at_once_and_the_holder_learns_of_it(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    told: list[Lock] = []
    holder = lockers("holder").acquire("a", ttl=3.0, keep_alive=True, on_lost=told.append)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(lockers("next").acquire, "a", 30.0, 20.0)
        before = eventually(lambda: seen(redis, "a", space), lambda lock: len(lock.waiting) == 1)
        began = time.monotonic()
        assert break_lock(redis, before, by="ops@desk", reason="stuck")
        after = waiting.result(timeout=5)
        took = time.monotonic() - began

    assert took < 0.5  # its next look by itself would be at most 0.7 s away, the end of the lease 3 s
    assert after.fence > holder.fence
    assert eventually(lambda: told, bool, 3.0) == [holder]
    assert holder.lost
    with pytest.raises(LockLostError):
        holder.check()
    with pytest.raises(LockLostError):
        holder.release()
    now = seen(redis, "a", space)
    assert (now.fence, now.owner and now.owner.service) == (after.fence, "next")
    after.release()


def test_others_of_the_same_process_have_it_soon(redis: Redis, space: str, lockers: Callable[[str], Locker]) -> None:
    """They wait within the process, which the server knows as the holder: it is their next look that gets it."""
    lockers("one").acquire("a", ttl=30.0)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(lockers("one").acquire, "a", 30.0, 20.0)
        eventually(waiting.running, bool)
        began = time.monotonic()
        assert break_lock(redis, seen(redis, "a", space), by="ops@desk")
        waiting.result(timeout=5).release()
    assert time.monotonic() - began < 1.5


def test_a_holder_that_does_not_renew_learns_of_it_at_its_release(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    def work() -> None:
        with lockers("holder").acquire("a", ttl=30.0):
            assert break_lock(redis, seen(redis, "a", space), by="ops@desk")
            assert look(redis, "a", namespace=space) is None

    with pytest.raises(LockLostError):
        work()


def test_what_the_broken_holder_writes_fails_once_the_next_one_has_written(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    stock = f"{space}:stock"
    broken = lockers("holder").acquire("a", ttl=30.0)
    fenced.write(redis, broken.fence, "SET", stock, "1")
    assert break_lock(redis, seen(redis, "a", space), by="ops@desk")
    with lockers("next").acquire("a") as after:
        # Until then nothing keeps it from writing: that is what the question says.
        fenced.write(redis, broken.fence, "SET", stock, "2")
        fenced.write(redis, after.fence, "SET", stock, "3")
        with pytest.raises(StaleHolderError):
            fenced.write(redis, broken.fence, "SET", stock, "4")
    assert redis.get(stock) in ("3", b"3")
    with suppress(LockLostError):
        broken.release()


def test_a_lock_that_went_on_is_left_alone_and_nothing_is_recorded(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    with lockers("one").acquire("a"):
        before = seen(redis, "a", space)
    with lockers("two").acquire("a") as other:
        assert not break_lock(redis, before, by="ops@desk")
        assert not other.lost
        other.extend()
    assert not break_lock(redis, before, by="ops@desk")
    assert breaks(redis, "a", namespace=space) == []


def test_renewing_does_not_keep_a_lock_from_being_broken(
    redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    lock = lockers("one").acquire("a", ttl=30.0)
    before = seen(redis, "a", space)
    lock.extend(60.0)
    assert break_lock(redis, before, by="ops@desk")


def test_waiters_that_are_gone_are_skipped(
    redis: Redis, plain_redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    lockers("one").acquire("a", ttl=30.0)
    plain_redis.rpush(f"{space}:{{a}}:queue", f'{"0" * 32} {space}:wake:none {{"host":"gone","pid":1,"service":""}}')
    before = seen(redis, "a", space)
    assert [owner.host for owner in before.waiting] == ["gone"]
    assert break_lock(redis, before, by="ops@desk")
    assert look(redis, "a", namespace=space) is None


def test_a_foreign_value_without_end_can_be_broken(redis: Redis, plain_redis: Redis, space: str) -> None:
    plain_redis.set(f"{space}:{{old}}", b"\xff 1")
    assert break_lock(redis, seen(redis, "old", space), by="ops@desk")
    assert plain_redis.exists(f"{space}:{{old}}") == 0
    (one,) = breaks(redis, "old", namespace=space)
    assert (one.owner, one.fence) == (None, None)


def test_breaks_are_recorded_the_latest_first(redis: Redis, space: str, lockers: Callable[[str], Locker]) -> None:
    fences = []
    for reason in ("first", "zweite, mit ü", ""):
        fences.append(lockers("booking").acquire("a", ttl=30.0).fence)
        assert break_lock(redis, seen(redis, "a", space), by="ops@desk", reason=reason)
    lockers("booking").acquire("b", ttl=30.0)
    assert break_lock(redis, seen(redis, "b", space), by="ops@desk")

    recorded = breaks(redis, "a", namespace=space)

    assert [one.reason for one in recorded] == ["", "zweite, mit ü", "first"]
    assert [one.fence for one in recorded] == fences[::-1]
    assert {(one.name, one.by, one.owner and one.owner.service) for one in recorded} == {("a", "ops@desk", "booking")}
    assert all(abs(one.at - datetime.now(UTC)) < timedelta(seconds=20) for one in recorded)
    assert [one.reason for one in breaks(redis, "a", namespace=space, most=1)] == [""]


def test_the_record_does_not_grow_for_ever(redis: Redis, plain_redis: Redis, space: str) -> None:
    with plain_redis.pipeline(transaction=False) as pipeline:
        for number in range(3 * BREAKS_KEPT):
            pipeline.xadd(f"{space}:breaks", {"lock": f"other-{number}"})
        pipeline.execute()
    plain_redis.set(f"{space}:{{a}}", "foreign")
    assert break_lock(redis, seen(redis, "a", space), by="ops@desk")
    # `~` lets the server drop whole blocks of entries, which hold a hundred.
    assert plain_redis.xlen(f"{space}:breaks") <= BREAKS_KEPT + 100
    assert len(breaks(redis, "a", namespace=space)) == 1
