"""The vectors of the lock protocol hold on a real server, and the rights that its page asks for are enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from conformance.locks.servers import HOST, RedisServer
from conformance.locks.vectors import VECTORS, Run
from ticketctl.errors import LockError
from ticketctl.locks import Locker, _scripts

pytestmark = pytest.mark.integration
PAGE = Path(__file__).parents[3] / "docs/reference/lock-protocol.md"
SCRIPTS = {
    "acquire": _scripts.ACQUIRE,
    "release": _scripts.RELEASE,
    "extend": _scripts.EXTEND,
    "break": _scripts.BREAK,
}


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with closing(redis_server.client()) as connected:
        yield connected


def run_through(sequence: dict[str, Any], client: redis.Redis, member: redis.Redis | None = None) -> None:
    with closing(Run(client, SCRIPTS, member)) as run:
        for number, step in enumerate(sequence["steps"], 1):
            try:
                run.step(step)
            except AssertionError as error:
                error.add_note(f"step {number}: {step}")
                raise


@pytest.mark.parametrize("sequence", VECTORS["sequences"], ids=lambda sequence: sequence["name"])
def test_a_sequence_has_the_replies_and_leaves_the_keys_that_it_says(
    client: redis.Redis, sequence: dict[str, Any]
) -> None:
    run_through(sequence, client)


# --- rights ---------------------------------------------------------------------------------------

(RIGHTS,) = re.findall(r"^ACL SETUSER inventory (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
# What is said only to a connection that is in doubt.
SELDOM = {"+ping"}
COMMANDS = [word for word in RIGHTS.split() if word.startswith("+") and word not in SELDOM]


@contextmanager
def account(server: RedisServer, admin: Any, *rights: str) -> Iterator[dict[str, Any]]:
    """Yield how to log in with those rights."""
    admin.execute_command("ACL", "SETUSER", "inventory", "reset", "on", ">of-the-inventory", *rights)
    admin.acl_log_reset()
    try:
        yield {"host": HOST, "port": server.port, "username": "inventory", "password": "of-the-inventory"}
    finally:
        admin.acl_deluser("inventory")


def do_all(admin: redis.Redis, login: dict[str, Any]) -> None:
    """Run the sequences, and a locker, with an account."""
    with closing(redis.Redis(**login, decode_responses=True)) as member:
        for sequence in VECTORS["sequences"]:
            if not any(step.get("script") == "break" for step in sequence["steps"]):
                run_through(sequence, admin, member)
    admin.flushall()
    admin.script_flush()
    with closing(redis.Redis(**login)) as client, Locker(client) as locker, ThreadPoolExecutor() as threads:
        lock = locker.acquire("seat", 10.0)
        waiting = threads.submit(locker.acquire, "seat", 10.0, 5.0)
        lock.extend()
        lock.release()
        waiting.result(5).release()


def refused(admin: Any) -> set[str]:
    found = {entry["object"] for entry in admin.acl_log() if entry["username"] == "inventory"}
    return {command for command in found if not command.startswith("client")}  # the driver tells its name


def test_the_rights_on_the_page_are_enough(redis_server: RedisServer, client: redis.Redis) -> None:
    with account(redis_server, client, *RIGHTS.split()) as login:
        do_all(client, login)
        assert refused(client) == set()


@pytest.mark.parametrize("right", COMMANDS)
def test_each_right_on_the_page_is_needed(redis_server: RedisServer, client: redis.Redis, right: str) -> None:
    with account(redis_server, client, *(word for word in RIGHTS.split() if word != right)) as login:
        with suppress(AssertionError, LockError, redis.RedisError):
            do_all(client, login)
        assert right.removeprefix("+") in refused(client)
