"""Loss reaches the code: the task that is inside is cancelled, and `LockLostError` comes out; of ours alone."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from conformance.locks.driver import World, aio_only
from conformance.locks.proxy import RedisProxy
from conformance.locks.tasks import SHORT, BodyError, discover, in_task, inside, locker_of, outcome, outlive, sleep_long
from ticketctl.errors import LockLostError
from ticketctl.locks import AsyncLock

pytestmark = pytest.mark.integration


@aio_only
async def test_the_task_is_cancelled_and_loss_comes_out(world: World) -> None:
    for keep_alive, reason in ((False, "expired"), (True, "taken")):
        lock = await locker_of(world).acquire("seat", ttl=SHORT, keep_alive=keep_alive)
        if keep_alive:
            await world.redis.delete("lock:{seat}")
        began = time.monotonic()
        error = await outcome(inside(lock, sleep_long))
        assert time.monotonic() - began < SHORT + 0.2
        assert isinstance(error, LockLostError)
        assert (error.reason, error.fence) == (reason, lock.fence)


@aio_only
async def test_the_short_form_does_the_same(world: World) -> None:
    async def run() -> None:
        async with locker_of(world).acquire("seat", ttl=SHORT):
            await sleep_long()

    assert isinstance(await outcome(run()), LockLostError)

    @locker_of(world).locked("seat", ttl=SHORT)
    async def decorated() -> None:
        await sleep_long()

    assert isinstance(await outcome(decorated()), LockLostError)


@aio_only
async def test_a_server_that_is_cut_off_is_a_loss_in_time(world: World, proxy: RedisProxy) -> None:
    lock = await locker_of(world, port=proxy.port, timeout=0.2).acquire("seat", ttl=0.6, keep_alive=True)

    async def body() -> None:
        proxy.silence()
        await sleep_long()

    began = time.monotonic()
    error = await outcome(inside(lock, body))
    assert isinstance(error, LockLostError)
    assert error.reason == "expired"
    assert time.monotonic() - began < 0.6 + 2 * 0.2 + 0.3  # the exit tries to let it go all the same


@aio_only
async def test_what_others_cancel_stays_a_cancel(world: World) -> None:
    lock = await locker_of(world).acquire("seat")
    task = in_task(inside(lock, sleep_long))
    await asyncio.sleep(0.02)
    task.cancel()
    assert isinstance(await outcome(task), asyncio.CancelledError)
    assert task.cancelled()
    assert await world.left_behind() == []


@aio_only
@pytest.mark.parametrize("first", ["loss", "cancel"])
async def test_with_both_at_once_the_others_cancel_wins(world: World, first: str) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)
    task = in_task(inside(lock, sleep_long))
    await asyncio.sleep(0)
    time.sleep(SHORT)  # the loop, too, finds out when this is over
    if first == "cancel":
        task.cancel()
    with pytest.raises(LockLostError):
        lock.check()
    if first == "loss":
        task.cancel()
    assert isinstance(await outcome(task), asyncio.CancelledError)
    assert task.cancelled()


@aio_only
async def test_a_cancel_that_comes_while_a_swallowed_loss_is_left_wins(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)

    async def body() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await sleep_long()
        this = asyncio.current_task()
        assert this is not None
        this.cancel()

    task = in_task(inside(lock, body))
    assert isinstance(await outcome(task), asyncio.CancelledError)
    assert task.cancelled()


@aio_only
async def test_who_is_inside_is_cancelled_and_not_who_won_it(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)
    task = in_task(inside(lock, sleep_long))
    await asyncio.sleep(SHORT + 0.1)
    assert isinstance(await outcome(task), LockLostError)


@aio_only
async def test_outside_of_a_block_nobody_is_cancelled(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT, keep_alive=True, max_hold=SHORT)
    await asyncio.sleep(SHORT + 0.1)
    assert lock.lost


@aio_only
async def test_a_body_that_goes_on_all_the_same_hears_of_it_where_it_ends(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)
    went_on = list[bool]()

    async def body() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await sleep_long()
        await asyncio.sleep(0.05)
        went_on.append(lock.lost)

    assert isinstance(await outcome(inside(lock, body)), LockLostError)
    assert went_on == [True]


@aio_only
async def test_a_body_that_answers_with_an_error_of_its_own_raises_that(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)

    async def body() -> None:
        try:
            await sleep_long()
        except asyncio.CancelledError as cancel:
            raise BodyError from cancel

    error = await outcome(inside(lock, body))
    assert isinstance(error, BodyError)
    assert "the lock 'seat' was lost" in error.__notes__[0]


@aio_only
@pytest.mark.parametrize("own_error", [BodyError, None])
async def test_loss_that_is_found_just_as_the_body_ends(world: World, own_error: type[Exception] | None) -> None:
    """The cancel is on its way and has not arrived: it must not come out somewhere later."""
    lock = await locker_of(world).acquire("seat", ttl=SHORT)

    async def body() -> None:
        await discover(lock)
        if own_error:
            raise own_error

    assert isinstance(await outcome(inside(lock, body)), own_error or LockLostError)


@aio_only
async def test_loss_that_a_check_raises_comes_out_as_it_is(world: World) -> None:
    lock = await locker_of(world).acquire("seat", ttl=SHORT)

    async def body() -> None:
        await outlive(lock)
        lock.check()

    error = await outcome(inside(lock, body))
    assert isinstance(error, LockLostError)
    assert not hasattr(error, "__notes__")


@aio_only
async def test_loss_that_is_found_in_a_release_is_raised_once(world: World) -> None:
    for swallow in (LockLostError, BodyError):
        lock = await locker_of(world).acquire("seat", ttl=SHORT)

        async def body(lock: AsyncLock = lock, swallow: type[Exception] = swallow) -> None:
            try:
                await sleep_long()
            finally:
                with contextlib.suppress(swallow):
                    await lock.release()

        assert isinstance(await outcome(inside(lock, body)), LockLostError)


@aio_only
async def test_a_lock_taken_by_a_task_that_was_cancelled_before(world: World) -> None:
    """What cleans up after a cancel may lose its lock like everybody else."""

    async def run() -> object:
        with contextlib.suppress(asyncio.CancelledError):
            await sleep_long()
        lock = await locker_of(world).acquire("seat", ttl=SHORT)
        return await outcome(inside(lock, sleep_long))

    task = asyncio.create_task(run())
    await asyncio.sleep(0.02)
    task.cancel()
    assert isinstance(await task, LockLostError)
