"""All locks of one event loop on one server: their rooms, the two connections, the timer that renews."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ticketctl.errors import LockBackendError, LockNotAcquiredError
from ticketctl.locks._clock import now
from ticketctl.locks._connection import Pool, Reply
from ticketctl.locks._lease import Lease
from ticketctl.locks._process import Process, new_token
from ticketctl.locks._resp import command
from ticketctl.locks._room import Room
from ticketctl.locks._scripts import Acquire, Granted, Let, Release, acquired, let_go
from ticketctl.locks._server import (
    TRANSIENT,
    LoginRefusedError,
    RedisError,
    ResponseError,
    arrived_expired,
    backend_error,
    closed_meanwhile,
    memory_problem,
)
from ticketctl.locks._waiter import Handing, Listen, Wait, Waiter
from ticketctl.locks.aio.going import Going
from ticketctl.locks.aio.inbox import Inbox
from ticketctl.locks.aio.keeper import Keeper
from ticketctl.locks.aio.sleeper import Sleeper
from ticketctl.locks.aio.wire import Answer, Wire

if TYPE_CHECKING:
    from ticketctl.locks._arguments import Terms
    from ticketctl.locks._names import Keys

_log = logging.getLogger("ticketctl.locks")
_LOOK_AGAIN = 0.005


class Hub:
    """See the module.

    Args:
        pool: The pool of the caller's client.
        namespace: What the keys begin with.
        service: What the program calls itself.
        timeout: Seconds that an answer may take.
    """

    def __init__(self, pool: Pool, namespace: str, service: str, timeout: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.pid = os.getpid()
        self.users = 0
        self.process = Process(namespace, service)
        self.wire = Wire(pool, timeout)
        self.keeper = Keeper(self.wire, self.process)
        self._inbox = Inbox(self.wire.connection, self.process.channel, self.process.told, timeout)
        self._checked = False
        self.closed = False
        self._patience = 3 * timeout
        self._loose_ends: set[asyncio.Future[Any]] = set()

    # --- acquiring ----------------------------------------------------------------------------

    async def try_acquire(self, name: str, terms: Terms) -> Lease | None:
        """Ask once; the question is repeated when its answer was lost, which a token makes safe."""
        if not self._checked:
            await self._answered(lambda: self._check_memory(name), name, "look at its memory policy")
        ask = Acquire(new_token(), terms.ttl, terms.min_fence, queue=False)
        packed = self.process.commands.acquire(self.process.keys(name), ask)
        undo = Release(ask.token, leave=False, heir=None)
        try:
            for _ in range(2):
                sent = now()
                reply = acquired(await self._answer(packed, name, "acquire"))
                if not isinstance(reply, Granted):
                    return None
                lease = Lease(name, ask.token, reply.fence, terms.ttl, sent)
                if lease.valid(now()):
                    self.process.hold(lease, sent)
                    return lease
        except asyncio.CancelledError:
            self._post(name, undo)
            raise
        self._post(name, undo)
        raise arrived_expired(name, terms.ttl)

    async def acquire(self, name: str, terms: Terms, wait_timeout: float) -> tuple[Lease, float, bool]:
        """Wait for a lock.

        Returns:
            The lease, the seconds waited, and whether somebody else had it.
        """
        began = now()
        sleeper = Sleeper(terms, began + wait_timeout)
        room = self.process.room(name, began)
        room.join(sleeper.waiter, began)
        try:
            lease = await self._wait(room, sleeper)
        except BaseException:
            self._leave(room, sleeper.waiter)
            raise
        if lease is None:
            self._leave(room, sleeper.waiter)
            if sleeper.waiter.unanswered:
                raise backend_error(sleeper.waiter.failure or TimeoutError("not in time"), name, "acquire")
            raise LockNotAcquiredError(name, waited=now() - began)
        return lease, now() - began, sleeper.waiter.contended

    async def _wait(self, room: Room, sleeper: Sleeper) -> Lease | None:
        keys, waiter = self.process.keys(room.name), sleeper.waiter
        asked = False
        while True:
            if self.closed:
                raise closed_meanwhile(room.name)
            at = now()
            step = room.next(waiter, at, listening=self._inbox.listening)
            if isinstance(step, Lease):
                return step
            if asked and at >= sleeper.deadline:
                return None
            asked = not isinstance(step, Listen)
            if isinstance(step, Wait):
                await sleeper.sleep(min(step.until, sleeper.deadline) - at)
            elif isinstance(step, Listen):
                await self._listen(room, waiter)
            else:
                await self._ask(room, waiter, keys, step)

    async def _ask(self, room: Room, waiter: Waiter, keys: Keys, ask: Acquire) -> None:
        sent = now()
        try:
            if not self._checked:
                await self._check_memory(room.name)
            reply = acquired(await self.wire.send(self.process.commands.acquire(keys, ask)))
        except TRANSIENT as error:
            waiter.failure, reply = error, None
        except RedisError as error:
            raise backend_error(error, room.name, "acquire") from error
        room.answered(waiter, ask, reply, sent=sent, now=now())
        if room.missed:
            room.missed = False
            await self._inbox.doubt()

    async def _listen(self, room: Room, waiter: Waiter) -> None:
        try:
            await self._inbox.listen()
        except TRANSIENT as error:
            waiter.failure = error
            room.unanswered(waiter, now())
        except RedisError as error:
            raise backend_error(error, room.name, "listen for its turn") from error

    def _leave(self, room: Room, waiter: Waiter) -> None:
        """Leave nothing behind of somebody who waited in vain: what undoes it follows it on the same connection."""
        if waiter.lease is not None:
            waiter.lease.released = True
            self._in_background(partial(self.release, waiter.lease), room.name)
        elif let := room.leave(waiter, now()):
            self._post(room.name, let)
        self.process.tidy(room)

    # --- holding ------------------------------------------------------------------------------

    async def release(self, lease: Lease) -> tuple[bool, bool]:
        """Let a lock go; it is let go even when the caller is cancelled meanwhile.

        Returns:
            Whether it was held, and whether that is certain: after a lost answer the server may not know the
            token because the first command was carried out.
        """
        room = self.process.room(lease.name, lease.began)
        handing = room.release(lease)
        packed = self.process.commands.release(self.process.keys(lease.name), handing.let)
        going = Going(room, handing, packed, now(), self.loop.create_future())
        self._follow(going)
        return await going.over

    def _follow(self, going: Going) -> None:
        answer = self.wire.send(going.packed)
        self._loose_ends.add(answer)
        answer.add_done_callback(partial(self._release_answered, going))

    def _release_answered(self, going: Going, answer: Answer) -> None:
        """See to what follows from a release, whether or not its caller still waits for it."""
        self._loose_ends.discard(answer)
        reply: Let | None = None
        failure: BaseException | None = None
        try:
            reply = let_go(answer.result())
        except TRANSIENT as error:
            if not going.repeated:
                going.repeated = True
                self._follow(going)
                return
            failure = error
        except RedisError as error:
            failure = error
        self._released(going.room, going.handing, reply, going.sent)
        if not going.over.done():
            going.end(reply, failure)

    def _released(self, room: Room, handing: Handing, reply: Let | None, sent: float) -> None:
        let = room.released(handing, reply, sent=sent, now=now(), listening=self._inbox.listening)
        self.process.tidy(room)
        if let is not None:
            self._post(room.name, let)
        if self.closed and not self.process.rooms:
            self._in_background(self.wire.close, room.name)

    async def extend(self, lease: Lease, ttl: float) -> bool:
        """Ask for so many seconds from now, and return whether the server granted them."""
        packed = self.process.commands.extend(self.process.keys(lease.name), lease.token, ttl)
        sent = now()
        lease.asking(ttl, sent)
        held: bool = await self._answer(packed, lease.name, "extend") == 1
        if held:
            lease.extended(ttl, sent)
        return held

    # --- the rest -----------------------------------------------------------------------------

    async def close(self) -> None:
        """Close the connections; who waits is told so, and what is being released is waited for."""
        self.keeper.close()
        self.closed = True
        until = now() + self._patience
        while now() < until and (waiting := [one for room in self.process.rooms.values() for one in room.waiters]):
            for waiter in waiting:
                waiter.wake()
            await asyncio.sleep(_LOOK_AGAIN)
        while self._loose_ends:
            await asyncio.wait(self._loose_ends)
        await self._inbox.close()
        await self.wire.close()

    def _post(self, name: str, let: Release) -> None:
        """Send what nobody waits for."""
        packed = self.process.commands.release(self.process.keys(name), let)
        self._in_background(partial(self._answer, packed, name, "release"), name)

    def _in_background(self, work: Callable[[], Awaitable[object]], name: str) -> None:
        async def run() -> None:
            try:
                await work()
            except LockBackendError as error:
                _log.warning("%s: what was asked for is gone when its ttl is over: %s", name, error.why)

        task = asyncio.ensure_future(run())
        self._loose_ends.add(task)
        task.add_done_callback(self._loose_ends.discard)

    async def _answer(self, packed: bytes, name: str, what: str) -> Reply:
        """Return the answer to a command that may be sent twice."""
        return await self._answered(lambda: self.wire.send(packed), name, what)

    async def _answered(self, ask: Callable[[], Awaitable[Reply]], name: str, what: str) -> Reply:
        try:
            try:
                return await ask()
            except TRANSIENT:
                return await ask()
        except (RedisError, OSError) as error:
            raise backend_error(error, name, what) from error

    async def _check_memory(self, name: str) -> None:
        """Refuse a server that throws locks away; what the driver raises comes out as it is."""
        try:
            answer = await self.wire.send(command("INFO", "memory"))
        except LoginRefusedError:
            raise
        except ResponseError as error:
            answer = error
        if problem := memory_problem(answer, name):
            raise problem
        self._checked = True
