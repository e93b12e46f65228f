"""The Redis account that `ticketctl up` gives a service is enough for all that locks do."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from integration.eventually import eventually
from integration.servers import Server
from projects import project_of
from ticketctl.errors import LockError
from ticketctl.locks import AsyncLocker, Leader, Locker, fenced
from ticketctl.locks.inspection import break_lock, breaks, find, look
from ticketctl.provision.stack.accounts.desired import desired_accounts

pytestmark = pytest.mark.integration
PASSWORD = "of-the-service"


@dataclass(frozen=True)
class Account:
    """An account of a test's own, and how to log in with it."""

    admin: Any  # a client that may do anything
    name: str
    port: int

    def client(self) -> redis.Redis:
        return redis.Redis("127.0.0.1", self.port, username=self.name, password=PASSWORD)

    def awaited(self) -> redis.asyncio.Redis:
        return redis.asyncio.Redis(host="127.0.0.1", port=self.port, username=self.name, password=PASSWORD)

    @property
    def refused(self) -> set[str]:
        """What the server refused it."""
        log = self.admin.acl_log()
        return {_text(entry["object"]) for entry in log if _text(entry["username"]) == self.name}


@contextmanager
def account(server: Server, admin: Any, rules: Sequence[str]) -> Iterator[Account]:
    name = f"service-{uuid.uuid4().hex[:8]}"
    admin.execute_command("ACL", "SETUSER", name, "reset", "on", f">{PASSWORD}", *rules)
    admin.acl_log_reset()
    admin.script_flush()  # so that they have to be loaded
    try:
        yield Account(admin, name, server.port)
    finally:
        admin.acl_deluser(name)


def rules_of_a_service(folder: Path) -> tuple[str, ...]:
    accounts = {account.name: account for account in desired_accounts(project_of(folder).settings).redis}
    return accounts["booking"].rules


def do_everything(client: redis.Redis, space: str) -> None:
    """Win, wait, hand over, renew, extend, release, lead, write with a fence, look and break."""
    with (
        closing(Locker(client, namespace=space, service="one")) as one,
        closing(Locker(client, namespace=space, service="two")) as two,
        ThreadPoolExecutor() as threads,
    ):
        held = one.acquire("a", ttl=0.6, keep_alive=True)
        assert two.try_acquire("a") is None
        waiting = threads.submit(two.acquire, "a", 30.0, 3.0)
        eventually(
            lambda: look(client, "a", namespace=space),
            lambda lock: waiting.done() or (lock is not None and len(lock.waiting) == 1),
        )
        time.sleep(0.8)
        held.check()  # renewed
        held.extend()
        fenced.write(client, held.fence, "SET", f"{space}:stock", 1)
        held.release()
        after = waiting.result(timeout=5)
        assert [lock.fence for lock in find(client, namespace=space)] == [after.fence]
        seen = look(client, "a", namespace=space)
        assert seen is not None
        assert break_lock(client, seen, by="me@here")
        assert len(breaks(client, "a", namespace=space)) == 1
        with Leader(one, "sweeper") as leader:
            assert leader.campaign(timeout=2)


async def do_it_awaited(client: redis.asyncio.Redis, space: str) -> None:
    one = AsyncLocker(client, namespace=space, service="one")
    two = AsyncLocker(client, namespace=space, service="two")
    async with one.acquire("b", keep_alive=True) as held:
        waiting = asyncio.ensure_future(two.acquire("b"))
        await asyncio.sleep(0.2)
        await held.extend()
    await (await waiting).release()
    await one.close()
    await two.close()
    await client.aclose()


def test_a_service_can_do_all_that_locks_do(
    own_redis: Server, plain_redis: redis.Redis, space: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with account(own_redis, plain_redis, rules_of_a_service(tmp_path)) as service:
        with caplog.at_level(logging.WARNING), closing(service.client()) as client:
            do_everything(client, space)
            asyncio.run(do_it_awaited(service.awaited(), space))
        assert service.refused == set()
    assert caplog.messages == []


def test_without_info_it_works_with_a_warning(
    own_redis: Server, plain_redis: redis.Redis, space: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with account(own_redis, plain_redis, (*rules_of_a_service(tmp_path), "-info")) as service:
        with caplog.at_level(logging.WARNING), closing(service.client()) as client:
            do_everything(client, space)
        assert service.refused == {"info"}
    assert any("cannot be read" in message for message in caplog.messages)


# What the server refuses where a right is missing.
REFUSED = {
    "-evalsha": "evalsha",
    "-script": "script|load",
    "-subscribe": "subscribe",
    "-publish": "publish",
    "resetchannels": "wake",
    "-xadd": "xadd",
}


@pytest.mark.parametrize("missing", REFUSED)
def test_a_right_that_were_missing_would_be_seen(
    own_redis: Server, plain_redis: redis.Redis, space: str, tmp_path: Path, missing: str
) -> None:
    with account(own_redis, plain_redis, (*rules_of_a_service(tmp_path), missing)) as service:
        with suppress(LockError, redis.RedisError), closing(service.client()) as client:
            do_everything(client, space)
        assert any(REFUSED[missing] in one for one in service.refused)


def _text(word: str | bytes) -> str:
    return word.decode() if isinstance(word, bytes) else word
