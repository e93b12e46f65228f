"""The generated Compose file, read and started by the real Compose binary, without ticketctl's own `up`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from integration.servers import docker, image
from leftovers import PREFIX, hold_test_lock
from projects import REPOSITORY
from ticketctl.errors import BackendError, BackendLoginError
from ticketctl.infra import mysql, redis
from ticketctl.infra.compose import find_compose
from ticketctl.provision.stack.accounts.desired import (
    account_name,
    desired_accounts,
    mysql_servers,
    service_variable,
)
from ticketctl.provision.stack.accounts.model import COLLATION
from ticketctl.provision.stack.accounts.reconcile import reconcile_server
from ticketctl.provision.stack.definition.files import write_files
from ticketctl.provision.stack.env_file import EnvFile, parse_env, read_env, write_env
from ticketctl.provision.stack.variables import container_ports, image_variable, port_variable, secret_variables
from ticketctl.settings.endpoints import MysqlEndpoint, RedisEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.model import Project
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration

SCHEMA = REPOSITORY / "tests" / "fixtures" / "compose-spec" / "compose-spec.json"
TOPOLOGIES = ("single", "split")
# Characters that a shell, SQL, sed, Compose and this file's own placeholders would each like to read their way.
AWKWARD = "a\\b'c\"d$e&f {{redis_password}} %s /#g"


def project_in(root: Path, topology: str) -> Project:
    """A project like this repository's, with freshly generated files."""
    root.mkdir(parents=True)
    text = (REPOSITORY / "ticketctl.yaml").read_text()
    assert "topology: single" in text
    (root / "ticketctl.yaml").write_text(text.replace("topology: single", f"topology: {topology}"))
    project = load_project(root / "ticketctl.yaml", {})
    write_files(project)
    return project


def compose(project: Project, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the binary as a user would, in the folder of the file."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    done = subprocess.run(
        [find_compose(os.environ).path, *arguments],
        cwd=project.compose_dir,
        env=environ,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_binary_accepts_the_file_with_the_example_values_and_without_any(tmp_path: Path, topology: str) -> None:
    project = project_in(tmp_path / "shop", topology)

    without = compose(project, "config", "--quiet")
    shutil.copy(project.compose_dir / ".env.example", project.env_file)
    with_example = compose(project, "config", "--quiet")

    assert (without.stderr, with_example.stderr) == ("", "")


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_file_keeps_to_the_schema_of_the_compose_specification(tmp_path: Path, topology: str) -> None:
    project = project_in(tmp_path / "shop", topology)
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    document: dict[str, Any] = yaml.safe_load(project.compose_file.read_text())

    assert [error.message for error in validator.iter_errors(document)] == []
    document["services"]["redis"]["no-such-key"] = 1
    assert not validator.is_valid(document)


def test_the_files_inside_containers_pass_through_compose_unchanged(tmp_path: Path) -> None:
    from ticketctl.provision.stack.definition.container_files import script

    project = project_in(tmp_path / "shop", "single")
    document = json.loads(compose(project, "config", "--format", "json", "--no-interpolate").stdout)
    read = {name: config["content"].replace("$$", "$") for name, config in document["configs"].items()}

    assert read["mysql-create-accounts"] == script("create-accounts.sh")
    assert read["redis-start"] == script("start-redis.sh")


def test_compose_reads_the_env_file_as_we_do(tmp_path: Path) -> None:
    project = project_in(tmp_path / "shop", "single")
    awkward = [AWKWARD, "plain", "a b", "it's", 'say "hi"', "a#b", "#c", "$HOME", "ends\\", "ä€", "=", "a\\nb"]
    wanted = {f"VALUE_{number}": value for number, value in enumerate(awkward)}
    write_env(EnvFile(project.env_file, (), {}).with_values(wanted))
    written = (
        "1 # comment",
        "'x y' # c",
        "",
        " spaced  ",
        "a#b",
        "# x",
        "a\t#b",
        "'it\\'s'",
        "'a\\\\'",
        '"q\\"\\q\\\\"',
    )
    by_hand = "".join(f"HAND_{number}={value}\n" for number, value in enumerate(written))
    project.env_file.write_text(project.env_file.read_text() + by_hand + "export EXPORTED = 3\n")

    lines = compose(project, "config", "--environment").stdout
    ours = read_env(project.env_file)

    assert ours is not None
    assert {name: ours.values[name] for name in wanted} == wanted
    for name, value in ours.values.items():
        assert f"{name}={value}\n" in lines, name


@dataclass(frozen=True)
class PlainStack:
    """Servers started by Compose alone, from a copy of the example file."""

    project: Project
    env: EnvFile

    def mysql(self, server: str, user: str, variable: str) -> MysqlEndpoint:
        port = self.env.port(port_variable(server))
        return MysqlEndpoint("127.0.0.1", port, user, self.env.secret(variable))

    def redis(self, user: str, variable: str) -> RedisEndpoint:
        return RedisEndpoint("127.0.0.1", self.env.port(port_variable("redis")), user, self.env.secret(variable))

    def container(self, service: str) -> dict[str, Any]:
        name = compose(self.project, "ps", "--all", "--quiet", service).stdout.strip()
        found: list[dict[str, Any]] = json.loads(docker("inspect", name))
        return found[0]


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def plain_env(project: Project, name: str) -> EnvFile:
    """The copied example file, with what two stacks on one machine cannot share, and one awkward password."""
    shutil.copy(project.compose_dir / ".env.example", project.env_file)
    services = list(container_ports(project.settings))
    ports = zip(services, free_ports(len(services)), strict=True)
    values = {port_variable(service): str(port) for service, port in ports}
    values |= {image_variable(kind): image(kind) for kind in ("mysql", "redis", "elasticsearch", "service")}
    values |= {"COMPOSE_PROJECT_NAME": f"{PREFIX}{name}", "SERVICE_BOOKING_PASSWORD": AWKWARD}
    env = parse_env(project.env_file, project.env_file.read_text()).with_values(values)
    write_env(env)
    return env


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
        container = servers.container(service)["Id"]
        shown = docker("inspect", container) + docker("logs", container) + docker("top", container)
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
