"""MySQL and Redis as the Compose file alone starts them: databases, accounts, rights, settings; both topologies."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from integration.servers import docker
from integration.stack.plain import TOPOLOGIES, PlainStack, compose, everything_shown, plain_env, project_in
from leftovers import hold_test_lock
from ticketctl.errors import BackendError, BackendLoginError
from ticketctl.infra import mysql, redis
from ticketctl.provision.stack.accounts.desired import (
    account_name,
    desired_accounts,
    mysql_servers,
    service_variable,
)
from ticketctl.provision.stack.accounts.model import COLLATION
from ticketctl.provision.stack.accounts.reconcile import reconcile_server
from ticketctl.provision.stack.variables import secret_variables
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=TOPOLOGIES)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainStack]:
    """MySQL and Redis of either topology."""
    hold_test_lock()
    project = project_in(tmp_path_factory.mktemp("plain") / "shop", request.param)
    stack = PlainStack(project, plain_env(project, f"plain-{request.param}-{os.getpid()}"))
    try:
        compose(project, "up", "--detach", "--wait", *mysql_servers(project.settings), "redis")
        yield stack
    finally:
        compose(project, "down", "--volumes", "--timeout", "5")


def rows(endpoint: MysqlEndpoint, statement: str) -> list[tuple[Any, ...]]:
    with mysql.connect(endpoint) as connection, mysql.translating(endpoint), connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def test_the_first_start_makes_the_databases(servers: PlainStack) -> None:
    for server in desired_accounts(servers.project.settings).mysql:
        root = servers.mysql(server.service, "root", "MYSQL_ROOT_PASSWORD")
        found = rows(
            root,
            "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"
            " WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')",
        )
        assert sorted(found) == sorted((name, COLLATION) for name in server.databases.values())


def test_each_account_has_its_rights_and_no_others(servers: PlainStack) -> None:
    for server in desired_accounts(servers.project.settings).mysql:
        root = servers.mysql(server.service, "root", "MYSQL_ROOT_PASSWORD")
        users = rows(root, "SELECT User FROM mysql.user WHERE Host = '%' AND User <> 'root'")
        assert sorted(user for (user,) in users) == sorted(account.name for account in server.accounts)
        for account in server.accounts:
            granted = {grant for (grant,) in rows(root, f"SHOW GRANTS FOR {account.quoted}")}
            usage = {f"GRANT USAGE ON *.* TO `{account.name}`@`%`"}
            wanted = {grant.replace("'", "`") for grant in account.grant_statements()}
            assert granted - usage == wanted


def test_each_account_logs_in_and_reaches_its_databases_only(servers: PlainStack) -> None:
    names = {database.name for database in servers.project.settings.databases.values()}
    for server in desired_accounts(servers.project.settings).mysql:
        for account in server.accounts:
            endpoint = servers.mysql(server.service, account.name, account.password_variable)
            visible = {name for (name,) in rows(endpoint, "SHOW DATABASES")} & names
            own = {grant.database.replace("\\", "") for grant in account.grants if grant.database} & names
            assert visible == own, account.name
            for name in names - own:
                with pytest.raises(BackendError):
                    mysql.connect(replace(endpoint, database=name))


def test_reconciliation_finds_nothing_to_change_after_the_first_start(servers: PlainStack) -> None:
    for server in mysql_servers(servers.project.settings):
        assert reconcile_server(servers.project, servers.env, server, dry_run=True).changes == ()


def test_a_service_may_write_rows_and_not_change_the_schema(servers: PlainStack) -> None:
    settings = servers.project.settings
    server = next(name for name, keys in mysql_servers(settings).items() if "bookings" in keys)
    migrate = replace(servers.mysql(server, "ticketctl_migrate", "MIGRATION_PASSWORD"), database="bookings_db")
    booking = replace(servers.mysql(server, "booking", "SERVICE_BOOKING_PASSWORD"), database="bookings_db")
    health = replace(servers.mysql(server, "ticketctl_health", "HEALTH_PASSWORD"), database="bookings_db")

    rows(migrate, "CREATE TABLE IF NOT EXISTS tried (id INT PRIMARY KEY)")
    rows(booking, "REPLACE INTO tried VALUES (1)")
    assert rows(booking, "SELECT id FROM tried") == [(1,)]
    for statement in ("DROP TABLE tried", "ALTER TABLE tried ADD x INT", "CREATE TABLE other (id INT)"):
        with pytest.raises(BackendError):
            rows(booking, statement)
    with pytest.raises(BackendError):
        rows(health, "SELECT id FROM tried")


def test_the_migration_account_may_use_scratch_schemas_and_see_who_holds_locks(servers: PlainStack) -> None:
    server = next(iter(mysql_servers(servers.project.settings)))
    migrate = servers.mysql(server, "ticketctl_migrate", "MIGRATION_PASSWORD")

    rows(migrate, "CREATE DATABASE ticketctl_scratch_1")
    rows(migrate, "CREATE FUNCTION ticketctl_scratch_1.f() RETURNS INT DETERMINISTIC RETURN 1")
    rows(migrate, "DROP DATABASE ticketctl_scratch_1")
    for table in ("threads", "metadata_locks", "events_stages_current", "events_statements_current"):
        rows(migrate, f"SELECT * FROM performance_schema.{table} LIMIT 1")
    for name in ("ticketctlXscratch_1", "other"):
        with pytest.raises(BackendError):
            rows(migrate, f"CREATE DATABASE {name}")


def test_mysql_runs_with_the_settings_that_the_services_rely_on(servers: PlainStack) -> None:
    server = next(iter(mysql_servers(servers.project.settings)))
    root = servers.mysql(server, "root", "MYSQL_ROOT_PASSWORD")
    names = "character_set_server, time_zone, innodb_flush_log_at_trx_commit, sync_binlog, log_bin"
    (found,) = rows(root, "SELECT " + ", ".join(f"@@GLOBAL.{name.strip()}" for name in names.split(",")))

    assert found == ("utf8mb4", "+00:00", 1, 1, 1)


def test_redis_refuses_who_has_no_account(servers: PlainStack) -> None:
    good = servers.redis("ticketctl", "REDIS_PASSWORD")

    redis.connect(good).close()
    for user, password in (("default", "example-redis-password"), ("ticketctl", "wrong"), ("nobody", "x")):
        with pytest.raises(BackendLoginError):
            redis.connect(replace(good, user=user, password=Secret(password)))


def test_a_service_may_use_the_data_of_redis_and_not_run_the_server(servers: PlainStack) -> None:
    service = servers.redis(account_name("booking"), service_variable("booking"))
    client = redis.connect(service)

    def allowed(*command: str) -> bool:
        try:
            with redis.translating(service):
                client.execute_command(*command)  # type: ignore[no-untyped-call]
        except BackendError:
            return False
        return True

    try:
        assert allowed("SET", "k", "v", "PX", "1000")
        assert allowed("EVAL", "return redis.call('GET', KEYS[1])", "1", "k")
        assert allowed("XADD", "stream", "*", "field", "value")
        assert allowed("PUBLISH", "channel", "message")
        refused = (("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("ACL", "LIST"), ("SHUTDOWN",), ("DEBUG", "x"))
        assert [command for command in refused if allowed(*command)] == []
    finally:
        client.close()


def test_the_health_account_of_redis_may_only_ping(servers: PlainStack) -> None:
    health = servers.redis("ticketctl_health", "HEALTH_PASSWORD")
    inspected = servers.container("redis")

    with pytest.raises(BackendError), redis.translating(health):
        redis.connect(health).get("k")
    assert inspected["State"]["Health"]["Status"] == "healthy"
    assert inspected["State"]["Health"]["Log"][-1]["Output"] == "PONG\n"


def test_redis_keeps_its_data_and_refuses_writes_rather_than_forget(servers: PlainStack) -> None:
    client = redis.connect(servers.redis("ticketctl", "REDIS_PASSWORD"))
    try:
        config = client.config_get("*")
    finally:
        client.close()

    assert (config["appendonly"], config["appendfsync"]) == ("yes", "everysec")
    assert config["maxmemory-policy"] == "noeviction"
    assert 0 < int(config["maxmemory"] or 0) < 256 * 1024 * 1024


def test_no_password_can_be_inspected(servers: PlainStack) -> None:
    passwords = [servers.env.values[variable] for variable in secret_variables(servers.project.settings)]
    for service in (*mysql_servers(servers.project.settings), "redis"):
        shown = everything_shown(servers.container(service)["Id"])
        assert [password for password in passwords if password in shown] == [], service


def test_servers_run_without_rights(servers: PlainStack) -> None:
    for service in (*mysql_servers(servers.project.settings), "redis"):
        name = servers.container(service)["Id"]
        status = docker("exec", name, "cat", "/proc/1/status", "/proc/self/status")
        assert "Uid:\t999\t999" in status
        assert "Uid:\t0" not in status
        assert {line for line in status.splitlines() if line.startswith("CapEff")} == {"CapEff:\t0000000000000000"}
        assert "NoNewPrivs:\t1" in status


def test_data_and_accounts_survive_a_new_container(servers: PlainStack) -> None:
    settings = servers.project.settings
    server = next(name for name, keys in mysql_servers(settings).items() if "bookings" in keys)
    migrate = replace(servers.mysql(server, "ticketctl_migrate", "MIGRATION_PASSWORD"), database="bookings_db")
    account = servers.redis("ticketctl", "REDIS_PASSWORD")
    rows(migrate, "CREATE TABLE IF NOT EXISTS kept (id INT PRIMARY KEY)")
    redis.connect(account).set("kept", "1")

    compose(servers.project, "up", "--detach", "--wait", "--force-recreate", server, "redis")

    assert rows(migrate, "SHOW TABLES LIKE 'kept'")
    assert redis.connect(account).get("kept") in (b"1", "1")


def test_a_health_check_fails_with_a_wrong_password(servers: PlainStack) -> None:
    """The check's own control: it says no when the login says no."""
    settings = servers.project.settings
    for service in (next(iter(mysql_servers(settings))), "redis"):
        inspected = servers.container(service)
        test = inspected["Config"]["Healthcheck"]["Test"][1].replace("health_password", "mysql_root_password_no")
        done = subprocess.run(
            ["docker", "exec", inspected["Id"], "sh", "-c", test], capture_output=True, text=True, check=False
        )
        assert done.returncode != 0, service
