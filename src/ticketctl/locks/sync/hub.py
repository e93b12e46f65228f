"""All locks of one process on one server: their rooms, the two connections, the thread that renews."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ticketctl.errors import LockBackendError, LockNotAcquiredError
from ticketctl.locks._clock import now
from ticketctl.locks._connection import Pool
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
from ticketctl.locks.sync.inbox import Inbox
from ticketctl.locks.sync.keeper import Keeper
from ticketctl.locks.sync.reading import Reading
from ticketctl.locks.sync.sleeper import Sleeper
from ticketctl.locks.sync.wire import Wire

if TYPE_CHECKING:
    from ticketctl.locks._arguments import Terms

_log = logging.getLogger("ticketctl.locks")
_Answer = TypeVar("_Answer")
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
        self.pid = os.getpid()
        self.users = 0
        self.process = Process(namespace, service)
        self.wire = Wire(pool, timeout)
        self.keeper = Keeper(self.wire, self.process)
        self._inbox = Inbox(self.wire.connection, self.process.channel, timeout)
        self._mutex = threading.Lock()
        self._reading = Reading(self._inbox, self.process, self._mutex)
        self._checked = False
        self._waiting = 0
        self._patience = 3 * timeout
        self.closed = False

    # --- acquiring ----------------------------------------------------------------------------

    def try_acquire(self, name: str, terms: Terms) -> Lease | None:
        """Ask once; the question is repeated when its answer was lost, which a token makes safe."""
        if not self._checked:
            self._answer(lambda: self._check_memory(name), name, "look at its memory policy")
        ask = Acquire(new_token(), terms.ttl, terms.min_fence, queue=False)
        packed = self.process.commands.acquire(self.process.keys(name), ask)
        for _ in range(2):
            sent = now()
            reply = self._answer(lambda: acquired(self.wire.call(packed)), name, "acquire")
            if not isinstance(reply, Granted):
                return None
            lease = Lease(name, ask.token, reply.fence, terms.ttl, sent)
            if lease.valid(now()):
                with self._mutex:
                    self.process.hold(lease, sent)
                return lease
        self._send_release(name, Release(ask.token, leave=False, heir=None))
        raise arrived_expired(name, terms.ttl)

    def acquire(self, name: str, terms: Terms, wait_timeout: float) -> tuple[Lease, float, bool]:
        """Wait for a lock.

        Returns:
            The lease, the seconds waited, and whether somebody else had it.
        """
        began = now()
        sleeper = Sleeper(terms, began + wait_timeout)
        waiter = sleeper.waiter
        with self._mutex:
            room = self.process.room(name, began)
            room.join(waiter, began)
            self._waiting += 1
        lease = None
        try:
            lease = self._wait(room, sleeper)
        finally:
            if lease is None:
                self._leave(room, waiter)
            with self._mutex:
                self._waiting -= 1
                self._reading.leave(sleeper)
        if lease is None:
            if waiter.unanswered:
                raise backend_error(waiter.failure or TimeoutError("not in time"), name, "acquire")
            raise LockNotAcquiredError(name, waited=now() - began)
        return lease, now() - began, waiter.contended

    def _wait(self, room: Room, sleeper: Sleeper) -> Lease | None:
        waiter, asked = sleeper.waiter, False
        while waiter.lease is None:
            with self._mutex:
                sleeper.get_up()
                if self.closed:
                    raise closed_meanwhile(room.name)
                at = now()
                step = room.next(waiter, at, listening=self._inbox.listening)
                if asked and at >= sleeper.deadline:
                    break
                if isinstance(step, Wait):
                    self._reading.lay_down(sleeper, first=step.until < math.inf)
            asked = not isinstance(step, Listen)
            if isinstance(step, Wait):
                self._reading.sleep(room, sleeper, min(step.until, sleeper.deadline) - at)
            elif isinstance(step, Listen):
                self._listen(room, waiter)
            elif not isinstance(step, Lease):
                self._ask(room, waiter, step)
        return waiter.lease

    def _ask(self, room: Room, waiter: Waiter, ask: Acquire) -> None:
        packed = self.process.commands.acquire(self.process.keys(room.name), ask)
        sent = now()
        try:
            if not self._checked:
                self._check_memory(room.name)
            reply = acquired(self.wire.call(packed))
        except TRANSIENT as error:
            waiter.failure, reply = error, None
        except RedisError as error:
            raise backend_error(error, room.name, "acquire") from error
        with self._mutex:
            room.answered(waiter, ask, reply, sent=sent, now=now())
            missed, room.missed = room.missed, False
        if missed:
            self._inbox.doubt()

    def _listen(self, room: Room, waiter: Waiter) -> None:
        try:
            self._inbox.listen()
        except TRANSIENT as error:
            waiter.failure = error
            with self._mutex:
                room.unanswered(waiter, now())
        except RedisError as error:
            raise backend_error(error, room.name, "listen for its turn") from error

    def _leave(self, room: Room, waiter: Waiter) -> None:
        """Leave nothing behind of somebody who waited in vain."""
        with self._mutex:
            lease = waiter.lease
            let = None if lease is not None else room.leave(waiter, now())
            self.process.tidy(room)
        try:
            if lease is not None:
                self.release(lease)
            elif let is not None:
                self._send_release(room.name, let)
        except LockBackendError as error:
            _log.warning("%s: what was asked for is gone when its ttl is over: %s", room.name, error.why)

    # --- holding ------------------------------------------------------------------------------

    def release(self, lease: Lease) -> tuple[bool, bool]:
        """Let a lock go.

        Returns:
            Whether it was held, and whether that is certain: after a lost answer the server may not know the
            token because the first command was carried out.
        """
        with self._mutex:
            room = self.process.room(lease.name, lease.began)
            handing = room.release(lease)
            self.process.tidy(room)
        packed = self.process.commands.release(self.process.keys(lease.name), handing.let)
        sent, repeated, reply = now(), False, None
        try:
            try:
                reply = let_go(self.wire.call(packed))
            except TRANSIENT:
                repeated = True
                reply = let_go(self.wire.call(packed))
        except (RedisError, OSError) as error:
            raise backend_error(error, lease.name, "release") from error
        finally:
            if handing.ticket is not None:
                self._released(room, handing, reply, sent)
            if self.closed:
                self._close_if_unused()
        return reply.held, not repeated

    def _released(self, room: Room, handing: Handing, reply: Let | None, sent: float) -> None:
        with self._mutex:
            let = room.released(handing, reply, sent=sent, now=now(), listening=self._inbox.listening)
            self.process.tidy(room)
        if let is not None:
            self._send_release(room.name, let)

    def _close_if_unused(self) -> None:
        with self._mutex:
            unused = not self.process.rooms
        if unused:
            self.wire.close()

    def extend(self, lease: Lease, ttl: float) -> bool:
        """Ask for so many seconds from now, and return whether the server granted them."""
        packed = self.process.commands.extend(self.process.keys(lease.name), lease.token, ttl)
        sent = now()
        lease.asking(ttl, sent)
        held = self._answer(lambda: bool(self.wire.call(packed) == 1), lease.name, "extend")
        if held:
            lease.extended(ttl, sent)
        return held

    def _send_release(self, name: str, let: Release) -> None:
        packed = self.process.commands.release(self.process.keys(name), let)
        self._answer(lambda: self.wire.call(packed), name, "release")

    # --- the rest -----------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connections and end the threads; who waits is told so."""
        self.keeper.close()
        with self._mutex:
            self.closed = True
            for room in self.process.rooms.values():
                for waiter in room.waiters:
                    waiter.wake()
        until = now() + self._patience
        while self._waiting and now() < until:
            time.sleep(_LOOK_AGAIN)
        self._inbox.close()
        self.wire.close()

    def _answer(self, ask: Callable[[], _Answer], name: str, what: str) -> _Answer:
        """Return an answer to what may be asked twice."""
        try:
            try:
                return ask()
            except TRANSIENT:
                return ask()
        except (RedisError, OSError) as error:
            raise backend_error(error, name, what) from error

    def _check_memory(self, name: str) -> None:
        """Refuse a server that throws locks away; what the driver raises comes out as it is."""
        try:
            answer = self.wire.call(command("INFO", "memory"))
        except LoginRefusedError:
            raise
        except ResponseError as error:
            answer = error
        if problem := memory_problem(answer, name):
            raise problem
        self._checked = True
