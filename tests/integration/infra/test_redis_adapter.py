"""What Redis's refusals become in the error tree, each made by a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from integration.conftest import REDIS_PASSWORD, redis_of
from integration.servers import Server
from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.infra.redis import connect, translating
from ticketctl.settings.endpoints import RedisEndpoint
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(own_redis: Server) -> Iterator[Any]:
    with closing(connect(redis_of(own_redis))) as client:
        yield client


def raised_by(endpoint: RedisEndpoint, *command: str) -> BackendError:
    client: Any = connect(endpoint)
    with closing(client), pytest.raises(BackendError) as caught, translating(endpoint):
        client.execute_command(*command)
    return caught.value


def test_a_wrong_password_is_a_login_error_that_does_not_show_it(own_redis: Server) -> None:
    with pytest.raises(BackendLoginError) as caught:
        connect(replace(redis_of(own_redis), password=Secret("not-the-password")))
    assert "not-the-password" not in str(caught.value)


def test_no_password_where_one_is_wanted_is_a_login_error(own_redis: Server) -> None:
    with pytest.raises(BackendLoginError):
        connect(replace(redis_of(own_redis), password=Secret("")))


def test_nobody_listening_is_unreachable(own_redis: Server) -> None:
    with pytest.raises(BackendUnreachableError, match="does not answer at"):
        connect(replace(redis_of(own_redis), port=1))


def test_a_server_that_hangs_is_unreachable_in_time(own_redis: Server) -> None:
    own_redis.pause()
    try:
        with pytest.raises(BackendUnreachableError):
            connect(redis_of(own_redis))
    finally:
        own_redis.unpause()


def test_a_full_server_is_read_only(own_redis: Server, admin: Any) -> None:
    before = admin.config_get("maxmemory")["maxmemory"]
    admin.config_set("maxmemory", "1")
    try:
        error = raised_by(redis_of(own_redis), "SET", "key", "value")
    finally:
        admin.config_set("maxmemory", before)
    assert isinstance(error, BackendReadOnlyError)
    assert "maxmemory" in error.next_step


def test_a_replica_is_read_only(own_redis: Server, admin: Any) -> None:
    admin.replicaof("127.0.0.1", 1)
    try:
        error = raised_by(redis_of(own_redis), "SET", "key", "value")
    finally:
        admin.replicaof("NO", "ONE")
    assert isinstance(error, BackendReadOnlyError)
    assert "primary" in error.next_step


def test_too_few_replicas_is_read_only(own_redis: Server, admin: Any) -> None:
    admin.config_set("min-replicas-to-write", 1)
    try:
        error = raised_by(redis_of(own_redis), "SET", "key", "value")
    finally:
        admin.config_set("min-replicas-to-write", 0)
    assert isinstance(error, BackendReadOnlyError)


def test_what_an_account_may_not_do_is_a_permission_error(own_redis: Server, admin: Any) -> None:
    admin.execute_command("ACL", "SETUSER", "limited", "on", ">secret", "~own:*", "+ping", "+get")
    limited = replace(redis_of(own_redis), user="limited", password=Secret("secret"))
    try:
        assert isinstance(raised_by(limited, "SET", "own:key", "value"), BackendPermissionError)
        assert isinstance(raised_by(limited, "GET", "other:key"), BackendPermissionError)
    finally:
        admin.acl_deluser("limited")


def test_any_other_refusal_is_the_servers_own_word(own_redis: Server) -> None:
    error = raised_by(redis_of(own_redis), "NOSUCHCOMMAND")
    assert isinstance(error, BackendOperationError)
    assert "NOSUCHCOMMAND" in error.why


def test_an_account_with_a_name_logs_in(own_redis: Server, admin: Any) -> None:
    admin.execute_command("ACL", "SETUSER", "named", "on", f">{REDIS_PASSWORD.reveal()}", "+@all")
    try:
        with closing(connect(replace(redis_of(own_redis), user="named"))) as client:
            assert client.acl_whoami() == "named"
    finally:
        admin.acl_deluser("named")
