"""The entrypoint of the redis image, and of the official one where TICKETCTL_TEST_REDIS_IMAGE names it."""

from __future__ import annotations

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from integration.images.containers import Container, SecretFile, running
from integration.servers import image

pytestmark = pytest.mark.integration


def test_it_is_version_8_and_reached_from_outside_without_a_password(redis: Container) -> None:
    with _client(redis) as client:
        assert client.info("server")["redis_version"].startswith("8.")


def test_flags_alone_are_flags_of_the_server(redis: Container) -> None:
    with _client(redis) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_it_stops_on_sigterm_and_keeps_its_data(redis: Container) -> None:
    redis.run("redis-cli", "set", "kept", "7")

    code, seconds = redis.stop()

    assert code == 0
    assert seconds < 10
    redis.start()
    redis.wait_until(lambda: redis.attempt("redis-cli", "ping").stdout.strip() == "PONG")
    assert redis.run("redis-cli", "get", "kept") == "7"


def test_started_as_the_servers_user_it_stays_that_user(redis: Container) -> None:
    assert _servers(redis) == {999}


def test_the_log_is_on_the_containers_own_output(redis: Container) -> None:
    assert "Ready to accept connections" in redis.logs()


def test_a_configuration_file_and_flags_after_it_and_no_root() -> None:
    files = {"/etc/own.conf": SecretFile("maxmemory 12mb\nmaxmemory-policy allkeys-lru\nrequirepass s3cret\n", 999)}
    command = ("/etc/own.conf", "--maxmemory-policy", "noeviction")
    with running(image("redis"), command=command, files=files, options=("--publish", "127.0.0.1::6379")) as container:
        container.wait_until(lambda: "Ready to accept connections" in container.logs())
        with _client(container, password="s3cret") as client:
            assert client.config_get("maxmemory*")["maxmemory"] == str(12 * 1024 * 1024)
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert _servers(container) == {999}
        assert container.run("stat", "--format=%u", "/data") == "999"
        assert "s3cret" not in container.everything_visible()


def test_a_password_on_the_command_line_would_have_been_seen() -> None:
    """What the tests of secrets look at does show one that is not kept."""
    with running(image("redis"), command=("--requirepass", "s3cret"), environ={"OPEN": "0pen"}) as container:
        container.wait_until(lambda: "Ready to accept connections" in container.logs())
        visible = container.everything_visible()

    assert "s3cret" in visible
    assert "0pen" in visible


def test_protected_mode_stays_on_where_somebody_says_so() -> None:
    command = ("redis-server", "--protected-mode", "yes")
    with running(image("redis"), command=command, options=("--publish", "127.0.0.1::6379")) as container:
        container.wait_until(lambda: "Ready to accept connections" in container.logs())
        with _client(container) as client, pytest.raises(ResponseError, match="protected mode"):
            client.ping()


def test_other_commands_run_as_they_are() -> None:
    with running(image("redis"), command=("redis-cli", "--version")) as container:
        assert container.exit_code() == 0
        assert container.logs().startswith("redis-cli 8.")


def _client(container: Container, password: str | None = None) -> Redis:
    host, _, port = container.address(6379).partition(":")
    return Redis(host=host, port=int(port), password=password, decode_responses=True)


def _servers(container: Container) -> set[int]:
    users = {user for user, arguments in container.processes() if arguments.startswith("redis-server")}
    assert users, "no server process"
    return users
