"""Each check of MySQL: good on a good server, bad on one that was spoilt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.conftest import root_of
from integration.servers import Server, wait_until
from ticketctl.infra.mysql import connect
from ticketctl.provision.health.model import CheckResult
from ticketctl.provision.health.mysql import mysql_targets
from ticketctl.provision.health.target import run_target
from ticketctl.provision.stack.accounts.desired import desired_accounts
from ticketctl.provision.stack.accounts.mysql import reconcile_mysql
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
DATABASES = ("events_db", "inventory_db", "bookings_db")
SERVER_CHECKS = ("version", "writable", "sql_mode", "time zone", "durability", "connections")


@pytest.fixture(scope="module")
def endpoints(own_mysql: Server) -> Mapping[str, MysqlEndpoint]:
    """The migration account on each database of a server that was set up as `up` does it."""
    desired = desired_accounts(load_project(ROOT / "ticketctl.yaml", {}).settings)
    passwords = {variable: Secret(f"{variable}-health") for variable in desired.password_variables("mysql")}
    reconcile_mysql(desired.mysql[0], root_of(own_mysql), passwords, example_password=Secret("example"))
    server = MysqlEndpoint("127.0.0.1", own_mysql.port, "ticketctl_migrate", passwords["MIGRATION_PASSWORD"])
    return {key: replace(server, database=f"{key}_db") for key in ("events", "inventory", "bookings")}


@pytest.fixture
def root(own_mysql: Server) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    with closing(connect(root_of(own_mysql))) as connection, connection.cursor() as cursor:

        def run(statement: str, *arguments: object) -> list[tuple[Any, ...]]:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

        yield run


Root = Callable[..., list[tuple[Any, ...]]]


def results(endpoints: Mapping[str, MysqlEndpoint]) -> dict[str, CheckResult]:
    (target,) = mysql_targets(endpoints, {})
    return {result.name: result for result in run_target(target)}


@contextmanager
def configured(root: Root, **values: object) -> Iterator[None]:
    before = {name: root(f"SELECT @@GLOBAL.{name}")[0][0] for name in values}
    try:
        for name, value in values.items():
            root(f"SET GLOBAL {name} = %s", value)
        yield
    finally:
        for name, value in reversed(before.items()):
            root(f"SET GLOBAL {name} = %s", value)


def test_a_good_server_is_ok_and_keeps_no_trace(endpoints: Mapping[str, MysqlEndpoint], root: Root) -> None:
    tables = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY table_schema, table_name"
    before = root(tables), root("SHOW DATABASES")
    found = results(endpoints)
    assert {name: result.level for name, result in found.items()} == dict.fromkeys(
        ("reachable", "login", *(f"database {name}" for name in DATABASES), *SERVER_CHECKS), "ok"
    )
    assert "ticketctl_migrate" in found["login"].detail
    assert (root(tables), root("SHOW DATABASES")) == before


@pytest.mark.parametrize(
    ("values", "expected", "word"),
    [
        ({"read_only": 1}, ("writable", "fail"), "refuses to write"),
        ({"sql_mode": "ONLY_FULL_GROUP_BY"}, ("sql_mode", "fail"), "not strict"),
        ({"time_zone": "+02:00"}, ("time zone", "warn"), "+02:00"),
        ({"innodb_flush_log_at_trx_commit": 0}, ("durability", "fail"), "= 0"),
        ({"innodb_flush_log_at_trx_commit": 2}, ("durability", "warn"), "= 2"),
        ({"sync_binlog": 0}, ("durability", "warn"), "sync_binlog = 0"),
    ],
)
def test_a_setting_that_is_wrong_is_found(
    values: dict[str, object], expected: tuple[str, str], word: str, endpoints: Mapping[str, MysqlEndpoint], root: Root
) -> None:
    check, level = expected
    with configured(root, **values):
        found = results(endpoints)
    assert found[check].level == level
    assert word in found[check].detail
    assert found[check].next_step
    assert {name for name, result in found.items() if result.level != "ok"} == {check}


@pytest.mark.parametrize(("more", "level"), [(0, "ok"), (9, "warn"), (10, "fail")])
def test_connections_that_run_out_are_found(
    more: int, level: str, endpoints: Mapping[str, MysqlEndpoint], root: Root, own_mysql: Server
) -> None:
    wait_for_quiet(root)
    with configured(root, max_connections=12), ExitStack() as opened:
        for _ in range(more):
            opened.enter_context(closing(connect(root_of(own_mysql))))
        result = results(endpoints)["connections"]
    assert result.level == level, result.detail


def wait_for_quiet(root: Root) -> None:
    """The server counts a closed connection for a moment longer."""
    for _ in range(100):
        if int(root("SHOW GLOBAL STATUS LIKE 'Threads_connected'")[0][1]) == 1:
            return
        time.sleep(0.05)


def test_a_missing_database_fails_and_the_others_still_answer(
    endpoints: Mapping[str, MysqlEndpoint], root: Root
) -> None:
    root("DROP DATABASE bookings_db")
    try:
        found = results(endpoints)
    finally:
        root("CREATE DATABASE bookings_db")
    assert found["database bookings_db"].level == "fail"
    assert found["database events_db"].level == "ok"
    assert found["writable"].level == "ok"


def test_a_database_of_another_character_set_is_a_warning(endpoints: Mapping[str, MysqlEndpoint], root: Root) -> None:
    root("ALTER DATABASE bookings_db CHARACTER SET latin1")
    try:
        result = results(endpoints)["database bookings_db"]
    finally:
        root("ALTER DATABASE bookings_db CHARACTER SET utf8mb4")
    assert result.level == "warn"
    assert "latin1" in result.detail


def test_an_account_without_scratch_databases_writes_to_its_own(
    endpoints: Mapping[str, MysqlEndpoint], root: Root
) -> None:
    root("CREATE USER narrow IDENTIFIED BY 'narrow'")
    root("GRANT CREATE, DROP, INSERT ON `events\\_db`.* TO narrow")
    narrow = {"events": replace(endpoints["events"], user="narrow", password=Secret("narrow"))}
    before = root("SHOW TABLES FROM events_db")
    try:
        found = results(narrow)
        after = root("SHOW TABLES FROM events_db")
        root("REVOKE CREATE ON `events\\_db`.* FROM narrow")
        refused = results(narrow)
    finally:
        root("DROP USER narrow")
    assert (found["writable"].level, after) == ("ok", before)
    assert "events_db" in found["writable"].detail
    assert refused["writable"].level == "fail"


def test_what_a_killed_check_left_is_removed_by_the_next(endpoints: Mapping[str, MysqlEndpoint], root: Root) -> None:
    stale, fresh = (f"ticketctl_scratch_health_{int(time.time()) - age}_abcd" for age in (90, 5))
    root(f"CREATE DATABASE {stale}")
    root(f"CREATE DATABASE {fresh}")
    assert results(endpoints)["writable"].level == "ok"
    left = [name for (name,) in root("SHOW DATABASES LIKE 'ticketctl\\_scratch\\_health%'")]
    root(f"DROP DATABASE {fresh}")
    assert left == [fresh]


def test_a_wrong_password_is_one_failure(endpoints: Mapping[str, MysqlEndpoint]) -> None:
    wrong = {key: replace(endpoint, password=Secret("not-this-one")) for key, endpoint in endpoints.items()}
    found = results(wrong)
    assert (found["reachable"].level, found["login"].level) == ("ok", "fail")
    assert {found[name].level for name in SERVER_CHECKS} == {"skipped"}
    assert "not-this-one" not in str(found)


def test_a_server_that_hangs_is_one_failure_in_time(
    endpoints: Mapping[str, MysqlEndpoint], own_mysql: Server, timed: Callable[[], float]
) -> None:
    impatient = {key: replace(endpoint, connect_timeout=1.0) for key, endpoint in endpoints.items()}
    own_mysql.pause()
    try:
        found = results(impatient)
    finally:
        own_mysql.unpause()
    assert found["reachable"].level == "fail"
    assert {found[name].level for name in ("login", *SERVER_CHECKS)} == {"skipped"}
    assert timed() < 5


def test_a_stopped_server_is_one_failure(endpoints: Mapping[str, MysqlEndpoint], own_mysql: Server) -> None:
    own_mysql.stop()
    try:
        found = results(endpoints)
    finally:
        own_mysql.start()
        wait_until(lambda: connect(root_of(own_mysql)).close(), own_mysql)
    assert found["reachable"].level == "fail"
    assert {found[name].level for name in ("login", *SERVER_CHECKS)} == {"skipped"}


def test_databases_of_one_address_share_a_server(endpoints: Mapping[str, MysqlEndpoint]) -> None:
    elsewhere = {**endpoints, "bookings": replace(endpoints["bookings"], port=1)}
    targets = mysql_targets(elsewhere, {})
    assert [target.name for target in targets] == ["mysql-events+inventory", "mysql-bookings"]
