"""Cancels an operation at each of its awaits, one after the other, and looks what it leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any, Literal

from conformance.locks.driver import Held, World
from conformance.locks.tasks import in_task, locker_of
from ticketctl.locks import AsyncLock, AsyncLocker
from ticketctl.locks._resp import command

Moment = Literal["early", "late"]
MOMENTS: tuple[Moment, ...] = ("early", "late")
TTL = 30.0  # nothing is gone because its time is over


class CancelledAt:
    """Awaits something, and cancels the task at one of the points where it waits.

    Args:
        awaited: It.
        step: Which point, counted from 0.
        moment: Whether what it waits for is there already.

    Attributes:
        steps: How many points were reached.
    """

    def __init__(self, awaited: Awaitable[Any], step: int, moment: Moment) -> None:
        self._awaited = awaited
        self._step = step
        self._moment = moment
        self.steps = 0

    def __await__(self) -> Generator[Any, None, Any]:
        going, error = self._awaited.__await__(), None
        while True:
            try:
                waits_for = next(going) if error is None else going.throw(error)
            except StopIteration as end:
                return end.value
            if self.steps == self._step:
                self._cancel(waits_for)
            self.steps += 1
            error = None
            try:
                yield waits_for
            except BaseException as thrown:  # belongs to what is awaited
                error = thrown

    def _cancel(self, waits_for: asyncio.Future[object] | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._moment == "early" or waits_for is None:
            asyncio.get_running_loop().call_soon(task.cancel)
        else:
            # Called before the task is woken: it stands first.
            waits_for.add_done_callback(lambda _: task.cancel())


async def round_trip(locker: AsyncLocker) -> None:
    """Return when all that was sent so far on the locker's connection was answered."""
    for _ in range(4):  # what was put into the background leaves
        await asyncio.sleep(0)
    hub = locker._hub
    assert hub is not None
    await hub.wire.send(command("PING"))


class Scene:
    """What there is while something is cancelled.

    Attributes:
        world: The world.
        locker: Whose operation is cancelled.
        other: Another process.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.locker = locker_of(world)
        self.other = locker_of(world)
        self.lock: AsyncLock | None = None

    async def held(self, by: AsyncLocker, seconds: float = 5.0) -> AsyncLock:
        lock = await by.acquire("seat", TTL, seconds)
        assert isinstance(lock, AsyncLock)
        return lock

    @contextlib.asynccontextmanager
    async def released_when_waited_for(self, by: AsyncLocker, waiting: int) -> AsyncIterator[None]:
        """Hold the lock, until somebody waits for it or the block ends."""
        holder = await self.held(by)
        ended = asyncio.Event()

        async def wait() -> None:
            while not ended.is_set() and not await self._waiting(waiting):
                await asyncio.sleep(0.002)
            await holder.release()

        releasing = asyncio.create_task(wait())
        try:
            yield
        finally:
            ended.set()
            await releasing

    async def _waiting(self, queued: int) -> bool:
        hub = self.locker._hub
        room = hub.process.rooms.get("seat") if hub else None
        if room is None or not room.waiters:
            return False
        return await self.world.redis.llen("lock:{seat}:queue") == queued

    async def nothing_is_left(self) -> None:
        """Check, one round trip later."""
        await round_trip(self.locker)
        assert await self.world.left_behind() == []
        hub = self.locker._hub
        assert hub is not None
        assert not hub.process.rooms
        # It goes on working, and so does everybody else.
        for locker in (self.locker, self.other):
            lock = await locker.try_acquire("seat", TTL)
            assert lock is not None
            await lock.release()


async def sweep(world: World, run: Callable[[Scene, int, Moment], Awaitable[CancelledAt]], least: int) -> None:
    """Cancel at every point, until there are no more."""
    for step in range(50):
        reached = 0
        for moment in MOMENTS:
            scene = Scene(world)
            async with asyncio.timeout(10):
                cancelled = await run(scene, step, moment)
            reached = max(reached, cancelled.steps)
            await scene.nothing_is_left()
            await scene.locker.close()
            await scene.other.close()
        if reached <= step:
            assert step >= least, "there are fewer points than it must have"
            return
    raise AssertionError("it never comes to an end")


async def cancelled_at(awaited: Awaitable[Held | None], step: int, moment: Moment) -> CancelledAt:
    """Await something, cancelled at a point; a handle that comes of it is believed, and released."""
    cancelled = CancelledAt(awaited, step, moment)
    with contextlib.suppress(asyncio.CancelledError):
        lock = await in_task(cancelled)
        if isinstance(lock, AsyncLock):
            lock.check()
            await lock.release()
    return cancelled
