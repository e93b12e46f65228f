"""The placeholder service against real servers: ready exactly when they answer and let it log in."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from integration.images.conftest import ACCOUNT, ACCOUNT_PASSWORD, ELASTIC, ElasticNode, Mysql
from integration.images.containers import HARDENED, Container, SecretFile, running
from integration.servers import image

pytestmark = pytest.mark.integration

ACCOUNTS = {
    "roles": {"shop": {"cluster": [], "indices": [{"names": ["events*"], "privileges": ["read"]}]}},
    "users": {ACCOUNT: {"roles": ["shop"], "password_file": "/account_password"}},
}


@contextmanager
def setup_run(
    network: str, node: ElasticNode, *, password: str = ELASTIC, port: int = 9200, wait: str = "60"
) -> Iterator[Container]:
    """The one-shot that makes Elasticsearch's accounts."""
    environ = {
        "ELASTICSEARCH_URL": f"http://{node.container.name}:{port}",
        "ELASTICSEARCH_USER": "elastic",
        "ELASTICSEARCH_PASSWORD_FILE": "/elastic_password",
        "ELASTICSEARCH_ACCOUNTS_FILE": "/accounts.json",
        "ELASTICSEARCH_WAIT_SECONDS": wait,
    }
    files = {
        "/elastic_password": SecretFile(password, 10001),
        "/account_password": SecretFile(ACCOUNT_PASSWORD, 10001),
        "/accounts.json": SecretFile(json.dumps(ACCOUNTS), mode=0o444),
    }
    options = (*HARDENED, "--network", network)
    command = ("elasticsearch-setup",)
    with running(image("service"), environ=environ, options=options, command=command, files=files) as container:
        yield container


@contextmanager
def service(network: str, environ: dict[str, str], password: str) -> Iterator[Container]:
    """A service named booking, with one account everywhere."""
    whole = {"SERVICE_NAME": "booking", "SERVICE_USER": ACCOUNT, "SERVICE_PASSWORD_FILE": "/password"} | environ
    options = (*HARDENED, "--network", network, "--publish", "127.0.0.1::8080")
    files = {"/password": SecretFile(password, 10001)}
    with running(image("service"), environ=whole, options=options, files=files) as container:
        container.wait_until(lambda: "listening" in container.logs())
        yield container


def ask(container: Container, path: str) -> tuple[int, dict[str, Any]]:
    url = f"http://{container.address(8080)}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def backends(shared_network: str, mysql: Mysql, redis: Container, elasticsearch: ElasticNode) -> dict[str, str]:
    """Where the servers are, with the service's account on each."""
    redis.run("redis-cli", "acl", "setuser", ACCOUNT, "on", f">{ACCOUNT_PASSWORD}", "~*", "+@all")
    with setup_run(shared_network, elasticsearch) as setup:
        assert setup.exit_code() == 0, setup.logs()
    return {
        "MYSQL_EVENTS_HOST": mysql.container.name,
        "MYSQL_EVENTS_DATABASE": "events_db",
        "REDIS_HOST": redis.name,
        "ELASTICSEARCH_URL": f"http://{elasticsearch.container.name}:9200",
    }


@pytest.fixture(scope="module")
def booking(shared_network: str, backends: dict[str, str]) -> Iterator[Container]:
    with service(shared_network, backends, ACCOUNT_PASSWORD) as container:
        yield container


def test_it_is_ready_when_every_dependency_lets_it_log_in(booking: Container) -> None:
    status, document = ask(booking, "/health/ready")

    assert (status, document["service"], document["status"]) == (200, "booking", "ready"), document
    assert [(found["kind"], found["name"], found["status"]) for found in document["dependencies"]] == [
        ("elasticsearch", "elasticsearch", "ok"),
        ("mysql", "events_db", "ok"),
        ("redis", "redis", "ok"),
    ]
    assert booking.attempt("healthcheck").returncode == 0


def test_a_wrong_password_is_told_as_such_by_each(shared_network: str, backends: dict[str, str]) -> None:
    with service(shared_network, backends, "wrong") as container:
        status, document = ask(container, "/health/ready")
        probe = container.attempt("healthcheck")

        assert status == 503
        assert {found["name"]: found["status"] for found in document["dependencies"]} == {
            "elasticsearch": "refused",
            "events_db": "refused",
            "redis": "refused",
        }
        assert "1045" in next(found["detail"] for found in document["dependencies"] if found["kind"] == "mysql")
        assert probe.returncode == 1
        assert '"refused"' in probe.stdout
        assert "not ready: " in container.logs()


def test_a_database_that_is_not_there_is_told_as_such(shared_network: str, backends: dict[str, str]) -> None:
    environ = backends | {"MYSQL_EVENTS_DATABASE": "no_such_db"}
    with service(shared_network, environ, ACCOUNT_PASSWORD) as container:
        _, document = ask(container, "/health/ready")

    assert {found["name"]: found["status"] for found in document["dependencies"]}["no_such_db"] == "refused"


def test_it_lives_while_a_dependency_is_away_and_is_ready_when_it_is_back(booking: Container, redis: Container) -> None:
    _eventually_ready(booking)
    redis.stop()
    try:
        _, document = _eventually(booking, 503)
        assert {found["name"]: found["status"] for found in document["dependencies"]}["redis"] == "unreachable"
        assert ask(booking, "/health/live") == (200, {"service": "booking", "status": "live"})
    finally:
        redis.start()
        redis.wait_until(lambda: redis.attempt("redis-cli", "ping").stdout.strip() == "PONG")
        redis.run("redis-cli", "acl", "setuser", ACCOUNT, "on", f">{ACCOUNT_PASSWORD}", "~*", "+@all")
    _eventually_ready(booking)
    changes = [line.split(":")[1].strip() for line in booking.logs().splitlines() if "ready" in line]
    assert changes[-2:] == ["not ready", "ready"]
    assert all(first != second for first, second in pairwise(changes))


def test_other_services_are_asked_whether_they_live(shared_network: str, booking: Container) -> None:
    with service(shared_network, {"BOOKING_URL": f"http://{booking.name}:8080"}, "none") as gateway:
        status, document = ask(gateway, "/health/ready")
        assert status == 200
        assert document["dependencies"][0]["name"] == "booking"
    environ = {"NOBODY_URL": "http://nobody.invalid:1"}
    with service(shared_network, environ, "none") as gateway:
        status, document = ask(gateway, "/health/ready")
        assert status == 503
        assert document["dependencies"][0]["status"] == "unreachable"


def test_no_password_is_seen_from_outside(booking: Container) -> None:
    seen = booking.everything_visible() + json.dumps([ask(booking, path) for path in ("/", "/health/ready")])

    assert ACCOUNT_PASSWORD not in seen
    assert json.dumps(ACCOUNT_PASSWORD)[1:-1] not in seen


def test_it_says_what_it_is_and_refuses_the_rest(booking: Container) -> None:
    assert ask(booking, "/")[1]["status"] == "placeholder"
    assert ask(booking, "/nowhere")[0] == 404


def test_it_runs_as_its_own_user_and_stops_at_once(shared_network: str) -> None:
    with service(shared_network, {}, "none") as container:
        assert {user for user, _ in container.processes()} == {10001}
        code, seconds = container.stop()

    assert code == 0
    assert seconds < 2


def test_settings_that_contradict_each_other_are_told_all_at_once() -> None:
    environ = {
        "SERVICE_PORT": "http",
        "SERVICE_PASSWORD": "a",
        "SERVICE_PASSWORD_FILE": "/nowhere",
        "MYSQL_EVENTS_HOST": "mysql",
    }
    with running(image("service"), environ=environ) as container:
        assert container.exit_code() == 1
        log = container.logs()

    for expected in ("SERVICE_NAME", "SERVICE_PORT=http", "both SERVICE_PASSWORD", "/nowhere", "MYSQL_EVENTS_DATABASE"):
        assert expected in log
    assert "Traceback" not in log


@pytest.mark.usefixtures("backends")
def test_setup_again_changes_nothing(shared_network: str, elasticsearch: ElasticNode) -> None:
    with setup_run(shared_network, elasticsearch) as setup:
        assert setup.exit_code() == 0
        assert setup.logs().strip() == f"elasticsearch-setup: 1 accounts are in place: {ACCOUNT}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"password": "wrong"}, "refuses the password of elastic"),
        ({"port": 9999, "wait": "1"}, "does not answer in time"),
    ],
    ids=["wrong password", "nobody there"],
)
def test_setup_says_in_one_line_why_not(
    shared_network: str, elasticsearch: ElasticNode, change: dict[str, Any], says: str
) -> None:
    with setup_run(shared_network, elasticsearch, **change) as setup:
        assert setup.exit_code() == 1
        assert says in setup.logs()
        assert len(setup.logs().strip().splitlines()) == 1


def _eventually(container: Container, wanted: int) -> tuple[int, dict[str, Any]]:
    deadline = time.monotonic() + 20
    while (found := ask(container, "/health/ready"))[0] != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def _eventually_ready(container: Container) -> None:
    _eventually(container, 200)
