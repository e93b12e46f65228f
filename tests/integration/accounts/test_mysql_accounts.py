"""Databases, accounts and rights on a real MySQL server, changed by hand and set right again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.conftest import ROOT_PASSWORD, root_of
from integration.servers import Server, running, wait_until
from ticketctl.errors import BackendError, BackendLoginError, BackendPermissionError
from ticketctl.events import Event, Progress
from ticketctl.infra import mysql
from ticketctl.provision.stack.accounts.desired import desired_accounts
from ticketctl.provision.stack.accounts.model import MysqlServerAccounts
from ticketctl.provision.stack.accounts.mysql import reconcile_mysql
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.loader import load_project
from ticketctl.settings.model import ServiceSettings, Settings
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration
EXAMPLE = Secret("example-root")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_project(ROOT / "ticketctl.yaml", {}).settings


@pytest.fixture(scope="module")
def passwords(settings: Settings) -> dict[str, Secret]:
    # Each character that SQL strings, PyMySQL's arguments or both treat specially.
    variables = desired_accounts(settings).password_variables("mysql")
    return {variable: Secret(f"{variable}'\"\\%s%%;--`") for variable in variables}


@pytest.fixture
def desired(settings: Settings) -> MysqlServerAccounts:
    return desired_accounts(settings).mysql[0]


Reconcile = Callable[..., tuple[str, ...]]


@pytest.fixture
def reconcile(own_mysql: Server, desired: MysqlServerAccounts, passwords: dict[str, Secret]) -> Iterator[Reconcile]:
    """Reconciles the server; before the test it is as it should be, and after the test again."""

    def run(wanted: MysqlServerAccounts = desired, known: dict[str, Secret] = passwords, **options: Any) -> Any:
        result = reconcile_mysql(wanted, root_of(own_mysql), known, example_password=EXAMPLE, **options)
        return result.changes

    run()
    yield run
    run()


@pytest.fixture
def root(own_mysql: Server) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Runs a statement as root, as somebody at the server's prompt does."""
    with closing(mysql.connect(root_of(own_mysql))) as connection, connection.cursor() as cursor:

        def run(statement: str) -> list[tuple[Any, ...]]:
            cursor.execute(statement)
            return list(cursor.fetchall())

        yield run


def account(server: Server, name: str, password: Secret, database: str | None = None) -> MysqlEndpoint:
    return MysqlEndpoint("127.0.0.1", server.port, name, password, database)


def run_as(endpoint: MysqlEndpoint, *statements: str) -> list[tuple[Any, ...]]:
    with (
        closing(mysql.connect(endpoint)) as connection,
        mysql.translating(endpoint),
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def with_service(settings: Settings, name: str, service: ServiceSettings) -> MysqlServerAccounts:
    return desired_accounts(replace(settings, services={**settings.services, name: service})).mysql[0]


def test_a_server_that_is_right_is_left_alone(reconcile: Reconcile) -> None:
    assert reconcile() == ()


def test_nothing_to_do_is_found_out_quickly(reconcile: Reconcile, own_mysql: Server) -> None:
    rounds, login = [], []
    for _ in range(15):
        started = time.perf_counter()
        mysql.connect(root_of(own_mysql)).close()
        login.append(time.perf_counter() - started)
        started = time.perf_counter()
        assert reconcile() == ()
        rounds.append(time.perf_counter() - started)
    beyond_the_connection = min(rounds) - min(login)
    assert beyond_the_connection < 0.05


def test_every_service_gets_in_with_its_own_password_and_nobody_elses(
    reconcile: Reconcile, own_mysql: Server, passwords: dict[str, Secret]
) -> None:
    reconcile()
    booking = account(own_mysql, "booking", passwords["SERVICE_BOOKING_PASSWORD"], "bookings_db")
    assert run_as(booking, "SELECT CURRENT_USER()") == [("booking@%",)]
    with pytest.raises(BackendLoginError):
        run_as(replace(booking, password=passwords["SERVICE_INVENTORY_PASSWORD"]), "SELECT 1")


@pytest.mark.parametrize("statement", ["USE events_db", "CREATE TABLE bookings_db.mine (id INT)", "CREATE DATABASE x"])
def test_a_service_gets_no_further_than_its_own_rows(
    statement: str, reconcile: Reconcile, own_mysql: Server, passwords: dict[str, Secret]
) -> None:
    reconcile()
    booking = account(own_mysql, "booking", passwords["SERVICE_BOOKING_PASSWORD"], "bookings_db")
    with pytest.raises(BackendPermissionError):
        run_as(booking, statement)


def test_a_similar_database_name_is_another_database(
    reconcile: Reconcile, own_mysql: Server, root: Callable[..., Any], passwords: dict[str, Secret]
) -> None:
    """An underscore in a grant is a wildcard unless it is escaped."""
    reconcile()
    root("CREATE DATABASE IF NOT EXISTS bookingsXdb")
    booking = account(own_mysql, "booking", passwords["SERVICE_BOOKING_PASSWORD"])
    with pytest.raises(BackendPermissionError):
        run_as(booking, "USE bookingsXdb")
    root("DROP DATABASE bookingsXdb")


def test_the_migration_account_has_scratch_databases_and_sees_who_holds_locks(
    reconcile: Reconcile, own_mysql: Server, passwords: dict[str, Secret]
) -> None:
    reconcile()
    migration = account(own_mysql, "ticketctl_migrate", passwords["MIGRATION_PASSWORD"])
    run_as(
        migration,
        "CREATE DATABASE ticketctl_scratch_x",
        "CREATE TABLE ticketctl_scratch_x.t (id INT PRIMARY KEY)",
        "INSERT INTO ticketctl_scratch_x.t VALUES (1)",
        "DROP DATABASE ticketctl_scratch_x",
    )
    for table in ("threads", "metadata_locks", "events_stages_current", "events_statements_current"):
        run_as(migration, f"SELECT COUNT(*) FROM performance_schema.{table}")
    run_as(migration, "SHOW FULL PROCESSLIST")
    with pytest.raises(BackendPermissionError):
        run_as(migration, "SELECT COUNT(*) FROM performance_schema.accounts")
    with pytest.raises(BackendPermissionError):
        run_as(migration, "CREATE DATABASE elsewhere")


def test_a_service_added_gets_its_account(
    reconcile: Reconcile,
    settings: Settings,
    passwords: dict[str, Secret],
    own_mysql: Server,
    root: Callable[..., Any],
) -> None:
    reports = with_service(settings, "reports", ServiceSettings("Reports", "python", 8099, databases=("bookings",)))
    known = {**passwords, "SERVICE_REPORTS_PASSWORD": Secret("reports-secret")}
    assert reconcile(reports, known) == (
        "mysql: create account reports",
        "mysql: grant DELETE, INSERT, SELECT, UPDATE on bookings_db.* to reports",
    )
    run_as(account(own_mysql, "reports", known["SERVICE_REPORTS_PASSWORD"], "bookings_db"), "SELECT 1")

    # ... and removed, it is locked once, and unlocked when it comes back.
    locked = "mysql: lock account reports: nothing in ticketctl.yaml uses it on mysql any more"
    assert reconcile() == (locked,)
    assert reconcile() == ()
    with pytest.raises(BackendLoginError):
        run_as(account(own_mysql, "reports", known["SERVICE_REPORTS_PASSWORD"]), "SELECT 1")
    assert reconcile(reports, known) == ("mysql: set password of reports", "mysql: unlock account reports")
    root("DROP USER reports")


def test_a_database_added_is_created_with_the_right_character_set(
    reconcile: Reconcile, desired: MysqlServerAccounts, root: Callable[..., Any]
) -> None:
    more = replace(desired, databases={**desired.databases, "reports": "reports_db"})
    assert reconcile(more) == ("mysql: create database reports_db",)
    created = root("SHOW CREATE DATABASE reports_db")[0][1]
    assert "utf8mb4" in created
    root("DROP DATABASE reports_db")


def test_a_changed_password_replaces_the_old_one(
    reconcile: Reconcile, own_mysql: Server, passwords: dict[str, Secret]
) -> None:
    changed = {**passwords, "SERVICE_BOOKING_PASSWORD": Secret("changed")}
    assert reconcile(known=changed) == ("mysql: set password of booking",)
    run_as(account(own_mysql, "booking", Secret("changed")), "SELECT 1")
    with pytest.raises(BackendLoginError):
        run_as(account(own_mysql, "booking", passwords["SERVICE_BOOKING_PASSWORD"]), "SELECT 1")


@pytest.mark.parametrize(
    ("by_hand", "change"),
    [
        ("REVOKE INSERT ON `bookings\\_db`.* FROM booking", "grant INSERT on bookings_db.* to booking"),
        ("GRANT SELECT ON `events\\_db`.* TO booking", "revoke SELECT on events_db.* from booking"),
        ("GRANT CREATE ROUTINE ON `bookings\\_db`.* TO booking", "revoke CREATE ROUTINE on bookings_db.* from booking"),
        ("GRANT PROCESS ON *.* TO booking", "revoke PROCESS on *.* from booking"),
        ("GRANT CONNECTION_ADMIN ON *.* TO booking", "revoke CONNECTION_ADMIN on *.* from booking"),
        ("GRANT SELECT ON mysql.user TO booking", "revoke SELECT on mysql.user from booking"),
        ("GRANT SELECT (user) ON mysql.user TO booking", "revoke SELECT (user) on mysql.user from booking"),
        ("GRANT rights_by_role TO booking", "revoke rights_by_role@% from booking"),
        ("ALTER USER booking IDENTIFIED BY 'by hand'", "set password of booking"),
        ("ALTER USER booking PASSWORD EXPIRE", "set password of booking"),
    ],
)
def test_what_was_changed_by_hand_is_set_right(
    by_hand: str, change: str, reconcile: Reconcile, root: Callable[..., Any]
) -> None:
    root("CREATE ROLE IF NOT EXISTS rights_by_role")
    before = root("SHOW GRANTS FOR booking")
    root(by_hand)
    assert reconcile() == (f"mysql: {change}",)
    assert reconcile() == ()
    assert root("SHOW GRANTS FOR booking") == before
    root("DROP ROLE rights_by_role")


def test_all_privileges_given_by_hand_shrink_to_the_wanted_ones(reconcile: Reconcile, root: Callable[..., Any]) -> None:
    before = root("SHOW GRANTS FOR booking")
    root("GRANT ALL ON `bookings\\_db`.* TO booking WITH GRANT OPTION")
    root("GRANT ALL ON *.* TO booking")
    changes = reconcile()
    assert "mysql: revoke ALL PRIVILEGES on bookings_db.* from booking" in changes
    assert "mysql: revoke GRANT OPTION on bookings_db.* from booking" in changes
    assert any(change.endswith("privileges on *.* from booking") for change in changes)
    assert root("SHOW GRANTS FOR booking") == before


def test_a_locked_account_that_is_wanted_is_unlocked(
    reconcile: Reconcile, own_mysql: Server, passwords: dict[str, Secret], root: Callable[..., Any]
) -> None:
    root("ALTER USER booking ACCOUNT LOCK")
    reconcile()
    run_as(account(own_mysql, "booking", passwords["SERVICE_BOOKING_PASSWORD"]), "SELECT 1")


def test_accounts_that_ticketctl_did_not_make_are_not_touched(
    reconcile: Reconcile, root: Callable[..., Any], own_mysql: Server
) -> None:
    root("CREATE USER somebody IDENTIFIED BY 'else'")
    root("GRANT SELECT ON *.* TO somebody")
    before = root("SHOW GRANTS FOR somebody")
    assert reconcile() == ()
    assert root("SHOW GRANTS FOR somebody") == before
    run_as(account(own_mysql, "somebody", Secret("else")), "SELECT 1")
    root("DROP USER somebody")


def test_an_account_made_by_other_means_is_taken_over(reconcile: Reconcile, root: Callable[..., Any]) -> None:
    root("DROP USER booking")
    root("CREATE USER booking IDENTIFIED BY 'first'")
    assert reconcile()[:2] == ("mysql: take over account booking", "mysql: set password of booking")


def test_a_dry_run_says_the_same_and_changes_nothing(reconcile: Reconcile, root: Callable[..., Any]) -> None:
    root("DROP USER booking")
    root("DROP DATABASE bookings_db")
    planned = reconcile(dry_run=True)
    assert reconcile(dry_run=True) == planned
    assert reconcile() == planned


def test_no_password_is_ever_said(reconcile: Reconcile, root: Callable[..., Any], passwords: dict[str, Secret]) -> None:
    said: list[Event] = []
    root("DROP USER booking, inventory")
    changes = reconcile(emit=said.append)
    assert [event.detail for event in said if isinstance(event, Progress)] == [
        change.removeprefix("mysql: ") for change in changes
    ]
    everything = f"{said}{changes}"
    assert not [password for password in passwords.values() if password.reveal() in everything]


def test_an_interrupted_reconciliation_goes_on(
    reconcile: Reconcile, root: Callable[..., Any], own_mysql: Server, passwords: dict[str, Secret]
) -> None:
    """Whichever statement is the last one before the end, the next call makes the rest."""

    class KilledError(Exception):
        pass

    def kill_after(count: int) -> Callable[[Event], None]:
        said: list[Event] = []

        def emit(event: Event) -> None:
            said.append(event)
            if len(said) == count:
                raise KilledError

        return emit

    for count in range(1, 4):
        root("DROP USER booking")
        root("DROP DATABASE bookings_db")
        with pytest.raises(KilledError):
            reconcile(emit=kill_after(count))
        assert len(reconcile()) == 3 - count
        booking = account(own_mysql, "booking", passwords["SERVICE_BOOKING_PASSWORD"], "bookings_db")
        run_as(booking, "SELECT 1")


def test_a_wrong_root_password_names_the_two_ways_out(
    own_mysql: Server, desired: MysqlServerAccounts, passwords: dict[str, Secret]
) -> None:
    admin = replace(root_of(own_mysql), password=Secret("not-this-one"))
    with pytest.raises(BackendLoginError) as caught:
        reconcile_mysql(desired, admin, passwords, example_password=EXAMPLE)
    assert "MYSQL_ROOT_PASSWORD" in caught.value.next_step
    assert "ticketctl reset" in caught.value.next_step
    assert "not-this-one" not in str(caught.value)


def test_a_server_initialised_with_the_example_password_gets_its_own(
    desired: MysqlServerAccounts, passwords: dict[str, Secret]
) -> None:
    environ = {"MYSQL_ROOT_PASSWORD": EXAMPLE.reveal()}
    with running("mysql", 3306, environ=environ, memory="1g") as server:
        admin = root_of(server)
        example = replace(admin, password=EXAMPLE)
        wait_until(lambda: mysql.connect(example).close(), server)

        changes = reconcile_mysql(desired, admin, passwords, example_password=EXAMPLE).changes

        assert changes[:2] == (
            "mysql: replace the example password of root@localhost",
            "mysql: replace the example password of root@%",
        )
        assert run_as(admin, "SELECT CURRENT_USER()") == [("root@%",)]
        with pytest.raises(BackendLoginError):
            mysql.connect(example)
        assert reconcile_mysql(desired, admin, passwords, example_password=EXAMPLE).changes == ()


def test_a_server_that_does_not_answer_is_no_login_problem(
    desired: MysqlServerAccounts, passwords: dict[str, Secret]
) -> None:
    nowhere = MysqlEndpoint("127.0.0.1", 1, "root", ROOT_PASSWORD)
    with pytest.raises(BackendError) as caught:
        reconcile_mysql(desired, nowhere, passwords, example_password=EXAMPLE)
    assert not isinstance(caught.value, BackendLoginError)
