"""Locks that are held for a block or a function."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import partial

import pytest

from conformance.locks.driver import World, conformance, within
from conformance.locks.proxy import RedisProxy
from ticketctl.errors import LockBackendError, LockLostError, LockNotAcquiredError
from ticketctl.locks import AsyncLocker, Locker

pytestmark = pytest.mark.integration


class BodyError(Exception):
    """What a body raises."""


@conformance
async def test_it_is_released_where_the_block_ends(world: World) -> None:
    locks = world.locks()
    async with await locks.acquire("seat") as lock:
        lock.check()
        assert await locks.try_acquire("seat") is None
    assert await world.left_behind() == []
    with pytest.raises(BodyError) as caught:
        async with await locks.acquire("seat"):
            raise BodyError
    assert not hasattr(caught.value, "__notes__")
    assert await world.left_behind() == []


@conformance
async def test_one_that_was_released_in_the_block_is_not_released_again(world: World) -> None:
    locks = world.locks()
    async with await locks.acquire("seat") as lock:
        await lock.release()
        other = await world.locks().acquire("seat")
    other.check()
    await other.extend()
    await other.release()


@conformance
async def test_loss_is_raised_where_the_block_ends(world: World) -> None:
    async def body() -> None:
        await world.redis.set("lock:{seat}", "somebody else's")

    with pytest.raises(LockLostError) as caught:
        await within(await world.locks().acquire("seat"), body)
    assert caught.value.reason == "taken"
    assert await world.lease("seat") == "somebody else's"


@conformance
async def test_the_bodys_own_error_comes_out_with_a_note_of_the_loss(world: World) -> None:
    async def body() -> None:
        await world.redis.delete("lock:{seat}")
        raise BodyError

    with pytest.raises(BodyError) as caught:
        await within(await world.locks().acquire("seat"), body)
    assert "TKT-603 the lock 'seat' was lost" in caught.value.__notes__[0]


@conformance
async def test_a_server_that_is_gone_masks_nothing(world: World, proxy: RedisProxy) -> None:
    lock = await world.locks(port=proxy.port).acquire("seat")

    async def body() -> None:
        proxy.refuse()
        proxy.cut_all()
        raise BodyError

    with pytest.raises(BodyError) as caught:
        await within(lock, body)
    assert "TKT-605 Redis did not answer" in caught.value.__notes__[0]


@conformance
async def test_a_release_that_nobody_answered_is_said(world: World, proxy: RedisProxy) -> None:
    lock = await world.locks(port=proxy.port).acquire("seat")

    async def body() -> None:
        proxy.refuse()
        proxy.cut_all()

    with pytest.raises(LockBackendError) as caught:
        await within(lock, body)
    assert caught.value.outcome == "unknown"


@conformance
async def test_loss_is_said_even_when_the_server_is_gone_too(world: World, proxy: RedisProxy) -> None:
    """Its time ran out: that is known without being told."""
    lock = await world.locks(port=proxy.port).acquire("seat", ttl=0.3)

    async def body() -> None:
        proxy.refuse()
        proxy.cut_all()
        await asyncio.sleep(0.5)

    with pytest.raises(LockLostError) as caught:
        await within(lock, body)
    assert caught.value.reason == "expired"


@conformance
async def test_a_decorated_function_holds_the_lock_that_its_arguments_name(world: World) -> None:
    locks = world.locks()

    @locks.locked("report:{day}:{shop.number}", ttl=5, wait_timeout=0.1)
    def report(shop: Shop, day: str = "today") -> str:
        """Make a report."""
        return f"{shop.number} of {day}"

    assert await report(Shop(7)) == "7 of today"
    calls = (
        (partial(report, Shop(7)), "report:today:7", world.locks()),
        (partial(report, Shop(7), "monday"), "report:monday:7", locks),
        (partial(report, day="sunday", shop=Shop(8)), "report:sunday:8", locks),
    )
    for call, named, holder in calls:
        async with await holder.acquire(named):
            with pytest.raises(LockNotAcquiredError, match=named):
                await call()
        await call()
    assert await world.left_behind() == []


class Shop:
    """An argument with attributes."""

    def __init__(self, number: int) -> None:
        self.number = number


@conformance
async def test_decorated_functions_wait_for_each_other(world: World) -> None:
    inside, most = 0, 0

    @world.locks().locked("seat", keep_alive=True, max_hold=20)
    def work() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert most == 1


@conformance
async def test_a_name_that_mentions_what_the_function_does_not_take_is_refused(world: World) -> None:
    locks = world.locks()

    def report(day: str) -> None:
        """Make a report."""

    for wrong, said in (("report:{shop}", "shop"), ("{a.b}{c[0]}", "a, c"), ("report:{}", "")):
        with pytest.raises(ValueError, match=f"the lock's name mentions {said}, which .*report does not take"):
            locks.locked(wrong)(report)


@conformance
async def test_a_name_that_cannot_be_is_found_when_it_is_known(world: World) -> None:
    @world.locks().locked("report:{day}")
    def report(day: str) -> None:
        pytest.fail(f"it holds nothing on {day}")

    with pytest.raises(ValueError, match="'report:a day' cannot name a lock"):
        await report("a day")
    with pytest.raises(TypeError, match="missing a required argument: 'day'"):
        await report()  # type: ignore[call-arg]  # that is the point


@conformance
async def test_what_the_body_raises_comes_out_of_a_decorated_function(world: World) -> None:
    @world.locks().locked("seat")
    def work() -> None:
        raise BodyError

    with pytest.raises(BodyError):
        await work()
    assert await world.left_behind() == []


@conformance
async def test_a_decorated_function_keeps_its_face(world: World) -> None:
    locker = world.locks().locker

    def work(day: str) -> str:
        """Work for a day."""
        return day

    async def awaited(day: str) -> str:
        """Work for a day."""
        return day

    if isinstance(locker, AsyncLocker):
        decorated: Callable[..., object] = locker.locked("seat")(awaited)
        assert decorated.__name__ == "awaited"
        assert inspect.iscoroutinefunction(decorated)
    else:
        decorated = locker.locked("seat")(work)
        assert decorated.__name__ == "work"
    assert decorated.__doc__ == "Work for a day."
    assert list(inspect.signature(decorated).parameters) == ["day"]


@conformance
async def test_what_returns_before_its_body_has_run_is_refused(world: World) -> None:
    """The lock would be let go before."""
    locker = world.locks().locker

    async def coroutine_function() -> None: ...

    async def async_generator():  # type: ignore[no-untyped-def]
        yield

    def generator():  # type: ignore[no-untyped-def]
        yield

    wrong = [async_generator, generator]
    if isinstance(locker, Locker):
        wrong.append(coroutine_function)
    for function in wrong:
        with pytest.raises(TypeError, match=function.__name__):
            locker.locked("seat")(function)
