"""Each check of Redis: good on a good server, bad on one that was spoilt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from integration.conftest import redis_of
from integration.servers import Server, wait_until
from ticketctl.infra.redis import connect
from ticketctl.provision.health.model import CheckResult, Level
from ticketctl.provision.health.redis import redis_target
from ticketctl.provision.health.target import run_target
from ticketctl.settings.endpoints import RedisEndpoint
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration


def results(endpoint: RedisEndpoint) -> dict[str, CheckResult]:
    return {result.name: result for result in run_target(redis_target(endpoint))}


def levels(endpoint: RedisEndpoint) -> dict[str, Level]:
    return {name: result.level for name, result in results(endpoint).items()}


@pytest.fixture
def admin(own_redis: Server) -> Iterator[Any]:
    with closing(connect(redis_of(own_redis))) as client:
        yield client


@contextmanager
def configured(admin: Any, **values: object) -> Iterator[None]:
    names = {name.replace("_", "-"): value for name, value in values.items()}
    before = {name: admin.config_get(name)[name] for name in names}
    for name, value in names.items():
        admin.config_set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            admin.config_set(name, value)


def test_a_good_server_is_ok_and_keeps_no_trace(own_redis: Server, admin: Any) -> None:
    admin.flushall()  # the server is every test's
    found = results(redis_of(own_redis))
    assert {name: result.level for name, result in found.items()} == {
        "reachable": "ok",
        "login": "ok",
        "version": "ok",
        "writable": "ok",
        "maxmemory-policy": "ok",
        "memory": "ok",
        "persistence": "ok",
    }
    assert found["reachable"].latency_ms is not None
    assert "each second" in found["persistence"].detail
    assert admin.dbsize() == 0


def test_a_policy_that_evicts_fails(own_redis: Server, admin: Any) -> None:
    with configured(admin, maxmemory_policy="allkeys-lru"):
        result = results(redis_of(own_redis))["maxmemory-policy"]
    assert result.level == "fail"
    assert "noeviction" in result.next_step


def test_a_full_server_is_not_writable(own_redis: Server, admin: Any) -> None:
    with configured(admin, maxmemory="1"):
        found = results(redis_of(own_redis))
    assert found["writable"].level == "fail"
    assert found["memory"].level == "warn"
    assert found["version"].level == "ok"


def test_no_memory_limit_is_a_warning(own_redis: Server, admin: Any) -> None:
    with configured(admin, maxmemory="0"):
        assert results(redis_of(own_redis))["memory"].level == "warn"


def test_no_append_only_file_is_a_warning(own_redis: Server, admin: Any) -> None:
    with configured(admin, appendonly="no"):
        result = results(redis_of(own_redis))["persistence"]
    assert result.level == "warn"
    assert "appendonly yes" in result.next_step


def test_an_append_only_file_that_is_never_flushed_is_a_warning(own_redis: Server, admin: Any) -> None:
    with configured(admin, appendfsync="no"):
        assert results(redis_of(own_redis))["persistence"].level == "warn"


def test_a_snapshot_that_failed_fails(own_redis: Server, admin: Any) -> None:
    """A folder stands where the file should: the snapshot cannot be put there."""
    import subprocess

    inside = ["docker", "exec", "--user", "0", own_redis.name]
    subprocess.run([*inside, "sh", "-c", "rm -f /data/dump.rdb && mkdir /data/dump.rdb"], check=True)
    try:
        admin.bgsave()
        wait_until_saved(admin, "err")
        result = results(redis_of(own_redis))["persistence"]
    finally:
        subprocess.run([*inside, "rmdir", "/data/dump.rdb"], check=True)
        admin.bgsave()
        wait_until_saved(admin, "ok")
    assert result.level == "fail"
    assert "snapshot" in result.detail
    assert results(redis_of(own_redis))["persistence"].level == "ok"


def wait_until_saved(admin: Any, status: str) -> None:
    import time

    for _ in range(100):
        info = admin.info("persistence")
        if not info["rdb_bgsave_in_progress"] and info["rdb_last_bgsave_status"] == status:
            return
        time.sleep(0.05)
    raise AssertionError(f"no snapshot came out {status}: {info}")


def test_a_replica_fails(own_redis: Server, admin: Any) -> None:
    admin.replicaof("127.0.0.1", 1)
    try:
        result = results(redis_of(own_redis))["writable"]
    finally:
        admin.replicaof("NO", "ONE")
    assert result.level == "fail"
    assert "replica" in result.detail


def test_an_account_without_rights_is_told_so_and_the_rest_still_answers(own_redis: Server, admin: Any) -> None:
    admin.execute_command("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+ping", "+info", "+get")
    reader = replace(redis_of(own_redis), user="reader", password=Secret("secret"))
    try:
        found = results(reader)
    finally:
        admin.acl_deluser("reader")
    assert found["writable"].level == "fail"
    assert "reader" in found["writable"].detail
    assert found["persistence"].level == "ok"


NOT_CHECKED = ("version", "writable", "maxmemory-policy", "memory", "persistence")


def test_a_wrong_password_is_one_failure(own_redis: Server) -> None:
    found = results(replace(redis_of(own_redis), password=Secret("not-the-password")))
    assert (found["reachable"].level, found["login"].level) == ("ok", "fail")
    assert {found[name].level for name in NOT_CHECKED} == {"skipped"}
    assert "not-the-password" not in str(found)


def test_a_stopped_server_is_one_failure(own_redis: Server) -> None:
    own_redis.stop()
    try:
        found = results(redis_of(own_redis))
    finally:
        own_redis.start()
        wait_until(lambda: connect(redis_of(own_redis)).close(), own_redis)
    assert found["reachable"].level == "fail"
    assert {found[name].level for name in ("login", *NOT_CHECKED)} == {"skipped"}
    assert "ticketctl up" in found["reachable"].next_step


def test_a_server_that_hangs_is_one_failure_in_time(own_redis: Server, timed: Callable[[], float]) -> None:
    own_redis.pause()
    try:
        found = results(replace(redis_of(own_redis), connect_timeout=1.0))
    finally:
        own_redis.unpause()
    assert found["reachable"].level == "fail"
    assert timed() < 15
