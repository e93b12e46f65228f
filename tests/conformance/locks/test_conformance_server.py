"""What a locker needs of the server and of the client, and what it says when that is not there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from conformance.locks.driver import World, conformance
from conformance.locks.proxy import RedisProxy
from ticketctl.errors import LockBackendError, LockNotAcquiredError

pytestmark = pytest.mark.integration
RIGHTS = (
    "~lock:*",
    "&lock:wake:*",
    *("+evalsha", "+script|load", "+subscribe", "+publish", "+info", "+ping", "+client|setinfo", "+time"),
    *("+get", "+set", "+del", "+pexpire", "+pttl", "+lpos", "+lpop", "+rpush", "+lrem"),
)
"""All that an account needs."""


@asynccontextmanager
async def account(world: World, *rights: str) -> AsyncIterator[dict[str, Any]]:
    """Make an account on the server, and return what a client logs in with."""
    command: Any = world.redis.execute_command
    await command("ACL", "SETUSER", "locks", "reset", "on", ">s3cret", *rights)
    try:
        yield {"username": "locks", "password": "s3cret"}
    finally:
        await world.redis.acl_deluser("locks")


@asynccontextmanager
async def settings(world: World, **values: str) -> AsyncIterator[None]:
    """Change settings of the server for a while."""
    names = {name.replace("_", "-"): value for name, value in values.items()}
    before: Any = await world.redis.config_get(*names)
    for name, value in names.items():
        await world.redis.config_set(name, value)
    try:
        yield
    finally:
        for name in names:
            await world.redis.config_set(name, before[name])


async def use(world: World, client: Any) -> None:
    """Win, wait, be handed over and give back."""
    mine, other = world.locks(client), world.locks()
    holder = await other.acquire("seat")
    waiting = asyncio.create_task(mine.acquire("seat", keep_alive=True))
    await world.queued("seat", 1)
    await holder.release()
    lock = await waiting
    await lock.extend()
    again = asyncio.create_task(mine.acquire("seat"))
    await asyncio.sleep(0.02)
    await lock.release()
    await (await again).release()
    assert await world.left_behind() == []
    await mine.close()


@conformance
async def test_a_client_that_decodes_is_as_good(world: World) -> None:
    await use(world, world.client(decode_responses=True))
    await use(world, world.client(protocol=3, decode_responses=True))


@conformance
async def test_an_account_needs_these_rights_and_no_more(world: World) -> None:
    async with account(world, *RIGHTS) as login:
        await use(world, world.client(**login))


@conformance
@pytest.mark.parametrize("missing", ["&lock:wake:*", "+subscribe"])
async def test_an_account_that_must_not_listen_is_told_what_it_needs(world: World, missing: str) -> None:
    holder = await world.locks().acquire("seat")
    rights = [right for right in RIGHTS if right != missing]
    async with account(world, *rights, *(["resetchannels"] if missing.startswith("&") else [])) as login:
        locks = world.locks(world.client(**login))
        began = time.monotonic()
        with pytest.raises(LockBackendError) as caught:
            await locks.acquire("seat")
        assert time.monotonic() - began < 2
        assert caught.value.outcome == "refused"
        assert caught.value.name == "seat"
        assert "channels, and EVALSHA, SCRIPT LOAD, SUBSCRIBE" in caught.value.next_step
        await world.queued("seat", 0)
        await locks.close()
    await holder.release()


@conformance
@pytest.mark.parametrize("missing", ["~lock:*", "+evalsha", "+time"])
async def test_an_account_that_must_not_lock_is_told_what_it_needs(world: World, missing: str) -> None:
    async with account(world, *[right for right in RIGHTS if right != missing]) as login:
        locks = world.locks(world.client(**login))
        for win in (locks.try_acquire, locks.acquire):
            with pytest.raises(LockBackendError) as caught:
                await win("seat")
            assert caught.value.outcome == "refused"
            assert "the account needs the lock's keys and channels" in caught.value.next_step
        await locks.close()
    assert await world.left_behind() == []


@conformance
async def test_a_wrong_password_is_refused_at_once(world: World) -> None:
    async with account(world, *RIGHTS) as login:
        locks = world.locks(world.client(username=login["username"], password="no-such-word"))
        for win in (locks.try_acquire, locks.acquire):
            began = time.monotonic()
            with pytest.raises(LockBackendError) as caught:
                await win("seat")
            assert time.monotonic() - began < 2
            assert caught.value.outcome == "refused"
            assert caught.value.next_step == "give the client the right account and password"
            assert "no-such-word" not in str(caught.value)


@conformance
@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_server_that_throws_keys_away_is_refused(world: World, policy: str) -> None:
    locks = world.locks()
    async with settings(world, maxmemory=str(200 * 2**20), maxmemory_policy=policy):
        for win in (locks.try_acquire, locks.acquire):
            with pytest.raises(LockBackendError, match=rf"throws keys away when it is full \({policy}\)") as caught:
                await win("seat")
            assert caught.value.outcome == "refused"
            assert "CONFIG SET maxmemory-policy noeviction" in caught.value.next_step
        await world.redis.config_set("maxmemory-policy", "noeviction")
        await (await locks.acquire("seat")).release()  # repaired
    async with settings(world, maxmemory_policy=policy):
        await (await world.locks().acquire("seat")).release()  # without a limit nothing is thrown away


@conformance
async def test_a_server_that_does_not_say_is_warned_of_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with account(world, *RIGHTS, "-info") as login:
        locks = world.locks(world.client(**login))
        for _ in range(2):
            await (await locks.acquire("seat")).release()
        await locks.close()
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "whether this Redis throws locks away when it is full cannot be read" in warnings[0]


@conformance
async def test_a_key_that_is_no_lock_is_said(world: World) -> None:
    await world.redis.rpush("lock:{seat}", "a list")
    for win in (world.locks().try_acquire, world.locks().acquire):
        with pytest.raises(LockBackendError) as caught:
            await win("seat")
        assert caught.value.outcome == "refused"
        assert "choose another namespace" in caught.value.next_step
    assert await world.redis.lrange("lock:{seat}", 0, -1) == ["a list"]


@conformance
@pytest.mark.parametrize("used_before", [True, False])
async def test_a_server_that_is_away_is_waited_for(world: World, proxy: RedisProxy, used_before: bool) -> None:
    locks = world.locks(port=proxy.port)
    if used_before:
        await (await locks.acquire("seat")).release()
    proxy.refuse()
    proxy.cut_all()
    with pytest.raises(LockBackendError) as caught:
        await locks.try_acquire("seat")
    assert (caught.value.name, caught.value.outcome) == ("seat", "unknown")
    began = time.monotonic()
    with pytest.raises(LockBackendError) as caught:
        await locks.acquire("seat", wait_timeout=0.6)
    assert 0.55 < time.monotonic() - began < 2
    assert (caught.value.name, caught.value.outcome) == ("seat", "unknown")
    assert "onnect" in caught.value.why  # what the driver says of the connection
    waiting = asyncio.create_task(locks.acquire("seat"))
    await asyncio.sleep(0.3)
    proxy.refuse(False)
    lock = await waiting
    assert time.monotonic() - began < 3
    await lock.release()
    assert await world.left_behind() == []


@conformance
async def test_two_namespaces_have_nothing_to_do_with_each_other(world: World) -> None:
    one, two = world.locks(namespace="shop.a"), world.locks(namespace="shop.b")
    first, second = await one.acquire("seat"), await two.acquire("seat")
    assert await world.redis.get("shop.a:{seat}") != await world.redis.get("shop.b:{seat}")
    waiting = asyncio.create_task(one.acquire("seat"))
    await asyncio.sleep(0.05)
    await second.release()
    assert not waiting.done()
    await first.release()
    await (await waiting).release()
    assert await world.left_behind() == []
    assert [key async for key in world.redis.scan_iter("lock:*")] == []


@conformance
async def test_the_callers_pool_is_left_alone(world: World, proxy: RedisProxy) -> None:
    """Two connections of its own, for as many lockers and waiters as there are."""
    client = world.client(port=proxy.port, max_connections=1)
    lockers = [world.locks(client, service="the same") for _ in range(3)]
    lock = await lockers[0].acquire("seat", keep_alive=True)
    waiting = [asyncio.create_task(lockers[n % 3].acquire("seat")) for n in range(9)]
    await asyncio.sleep(0.1)
    assert proxy.opened == 2
    await lock.release()
    for task in waiting:
        await (await task).release()
    pool: Any = client.connection_pool
    assert (len(pool._available_connections), len(pool._in_use_connections)) == (0, 0)
    assert proxy.opened == 2
    for locks in lockers:
        await locks.close()


@conformance
async def test_a_lock_that_is_held_says_so_while_the_server_answers(world: World) -> None:
    """A refusal by the server and a lock that somebody has are two things."""
    lock = await world.locks().acquire("seat")
    with pytest.raises(LockNotAcquiredError):
        await world.locks().acquire("seat", wait_timeout=0)
    await lock.release()


@conformance
async def test_a_server_that_hangs_costs_all_who_ask_one_time_out_not_one_after_the_other(
    world: World, proxy: RedisProxy
) -> None:
    locks = world.locks(port=proxy.port, timeout=0.3)
    await (await locks.acquire("first")).release()
    proxy.silence("requests")
    began = time.monotonic()
    answers = await asyncio.gather(
        *(locks.try_acquire(f"seat-{number}") for number in range(20)), return_exceptions=True
    )
    assert all(isinstance(answer, LockBackendError) for answer in answers), answers
    assert time.monotonic() - began < 20 * 0.3  # each asks twice
