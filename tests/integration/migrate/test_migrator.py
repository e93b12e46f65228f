"""Migrations from a program: one database, one folder."""

from __future__ import annotations

import doctest
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from integration.migrate.conftest import Root
from ticketctl import migrations
from ticketctl.errors import (
    BackendLoginError,
    BackendUnreachableError,
    BaselineDifferentError,
    MigrationEditedError,
    MigrationError,
    MigrationLateError,
    MigrationLockedError,
    MigrationRepairError,
    MigrationStatementError,
    SettingsError,
)
from ticketctl.events import Event, Progress, StepFinished, StepStarted
from ticketctl.migrations import Migrator, MysqlEndpoint, Options, Repairs
from ticketctl.settings.mysql_url import mysql_url

pytestmark = pytest.mark.integration


@pytest.fixture
def endpoint(migration_account: MysqlEndpoint, scratch_name: Callable[..., str]) -> MysqlEndpoint:
    """A database that does not exist yet."""
    return replace(migration_account, database=scratch_name())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_a.sql").write_text("CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1), (2);\n")
    (folder / "001_a.rollback.sql").write_text("DROP TABLE a;\n")
    (folder / "002_b.sql").write_text("-- depends: 001_a\nCREATE TABLE b (x INT);\n")
    (folder / "002_b.rollback.sql").write_text("DROP TABLE b;\n")
    return folder


def test_one_line_makes_the_database_and_migrates_it(endpoint: MysqlEndpoint, folder: Path, root: Root) -> None:
    result = Migrator(mysql_url(endpoint), folder).apply()

    assert (result.database, result.created) == (endpoint.database, True)
    assert [(one.name, one.statements) for one in result.applied] == [("001_a", 2), ("002_b", 1)]
    assert root(f"SELECT COUNT(*) FROM {endpoint.database}.a") == [(2,)]


def test_everything_that_the_command_does_for_one_database(endpoint: MysqlEndpoint, folder: Path) -> None:
    migrator = Migrator(endpoint, str(folder))

    assert [step.name for step in migrator.plan().steps] == ["001_a", "002_b"]
    assert not migrator.status().exists
    migrator.apply()
    assert migrator.status().at_head
    again = migrator.apply()
    assert (again.applied, again.created) == ((), False)
    assert [str(lost) for lost in migrator.plan_rollback(2).lost] == ["table b: 0 rows", "table a: 2 rows"]
    assert [one.name for one in migrator.rollback().applied] == ["002_b"]
    assert [(one.name, one.state) for one in migrator.status().migrations] == [
        ("001_a", "applied"),
        ("002_b", "pending"),
    ]
    assert [one.name for one in migrator.rollback(5).applied] == ["001_a"]
    assert migrator.rollback().applied == ()


def test_the_password_may_be_given_apart(endpoint: MysqlEndpoint, folder: Path) -> None:
    url = f"mysql://{endpoint.user}@{endpoint.address}/{endpoint.database}"
    password = endpoint.password.reveal()

    assert Migrator(url, folder, password=password).apply().applied
    assert Migrator(replace(endpoint, password=migrations.Secret("")), folder, password=password).status().at_head
    with pytest.raises(BackendLoginError):
        Migrator(url, folder, password=f"not-{password}").status()


def test_what_fails_is_raised_with_its_type_and_goes_on_when_it_is_corrected(
    endpoint: MysqlEndpoint, folder: Path
) -> None:
    migrator = Migrator(endpoint, folder)
    second = folder / "002_b.sql"
    second.write_text("CREATE TABLE b (x INT);\nINSERT INTO b VALUES ('none');\n")

    with pytest.raises(MigrationStatementError) as refused:
        migrator.apply()
    assert (refused.value.path, refused.value.line, refused.value.number) == (second, 2, 1366)

    second.write_text("CREATE TABLE b (x INT);\nINSERT INTO b VALUES (1);\n")
    (resumed,) = migrator.apply().applied
    assert (resumed.name, resumed.statements, resumed.resumed) == ("002_b", 1, True)

    second.write_text("CREATE TABLE b (y INT);\n")
    with pytest.raises(MigrationEditedError):
        migrator.plan()


def test_what_is_recorded_is_verified_and_repaired(endpoint: MysqlEndpoint, folder: Path) -> None:
    migrator = Migrator(endpoint, folder)
    migrator.apply()
    assert migrator.verify().ok
    second = folder / "002_b.sql"
    second.write_text("-- depends: 001_a\nCREATE TABLE b (y INT);\n")
    (folder / "003_c.sql").write_text("CREATE TABLE c (x INT);\n")

    assert [(wrong.migration, wrong.state) for wrong in migrator.verify().wrong] == [
        ("002_b", "edited"),
        ("003_c", "pending"),
    ]
    repairs = Repairs(accept_edit=("002_b",), mark=("003_c",))
    shown = migrator.plan_repair(repairs)
    assert not migrator.verify().ok
    assert migrator.repair(repairs) == shown
    assert migrator.verify().ok
    with pytest.raises(MigrationRepairError):
        migrator.repair(Repairs(landed=("001_a",)))


def test_an_existing_database_gets_a_history(
    endpoint: MysqlEndpoint, folder: Path, tmp_path: Path, root: Root, scratch_name: Callable[..., str]
) -> None:
    root(f"CREATE DATABASE {endpoint.database} CHARACTER SET utf8mb4")
    root(f"CREATE TABLE {endpoint.database}.a (x INT)")
    migrator = Migrator(endpoint, folder)

    assert migrator.plan_baseline("001_a").pending == ("002_b",)
    with pytest.raises(BaselineDifferentError, match="up to 002_b"):
        migrator.baseline()
    assert migrator.baseline("001_a").recorded == ("001_a",)
    assert [one.name for one in migrator.apply().applied] == ["002_b"]

    (tmp_path / "none").mkdir()
    other = replace(endpoint, database=scratch_name())
    root(f"CREATE DATABASE {other.database}")
    with pytest.raises(MigrationError, match="no migration to record"):
        Migrator(other, tmp_path / "none").baseline()


def test_options_are_those_of_the_command(endpoint: MysqlEndpoint, folder: Path) -> None:
    Migrator(endpoint, folder).apply()
    (folder / "000_late.sql").write_text("CREATE TABLE late (x INT);\n")

    with pytest.raises(MigrationLateError) as late:
        Migrator(endpoint, folder).apply()
    assert late.value.behind == "002_b"
    assert [step.name for step in Migrator(endpoint, folder, options=Options(allow_late=True)).plan().steps] == [
        "000_late"
    ]
    (done,) = Migrator(endpoint, folder, options=Options(allow_late=True)).apply().applied
    assert done.name == "000_late"


def test_it_waits_for_another_run_as_long_as_it_is_told(endpoint: MysqlEndpoint, folder: Path, root: Root) -> None:
    from ticketctl.provision.migrate.execution.lock import lock_name

    Migrator(endpoint, folder).apply()
    (folder / "003_c.sql").write_text("CREATE TABLE c (x INT);\n")
    assert root("SELECT GET_LOCK(%s, 5)", lock_name(endpoint.database or "")) == [(1,)]
    migrator = Migrator(endpoint, folder, options=Options(lock_timeout=1))

    began = time.monotonic()
    with pytest.raises(MigrationLockedError, match="another runner"):
        migrator.apply()
    assert 1 <= time.monotonic() - began < 10
    root("DO RELEASE_LOCK(%s)", lock_name(endpoint.database or ""))
    assert [one.name for one in migrator.apply().applied] == ["003_c"]


def test_progress_comes_as_events_and_nothing_is_printed(
    endpoint: MysqlEndpoint, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events: list[Event] = []
    Migrator(endpoint, folder, key="orders", emit=events.append).apply()

    assert isinstance(events[0], StepStarted)
    assert isinstance(events[-1], StepFinished)
    assert events[-1].outcome == "changed"
    said = [(event.item, event.state, event.done, event.total) for event in events if isinstance(event, Progress)]
    assert ("orders", "applying", 2, 2) in said
    assert ("orders", "at head", None, None) in said
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_not_there_is_said_within_the_timeout(folder: Path) -> None:
    with pytest.raises(BackendUnreachableError) as caught:
        Migrator("mysql://u:hidden@127.0.0.1:1/d?connect_timeout=2", folder).apply()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("database", ["mysql://u:p@127.0.0.1", MysqlEndpoint("h", 1, "u", migrations.Secret("p"))])
def test_a_database_has_to_be_named(database: str | MysqlEndpoint, folder: Path) -> None:
    with pytest.raises(SettingsError, match="name is missing"):
        Migrator(database, folder)


def test_no_password_shows(endpoint: MysqlEndpoint, folder: Path) -> None:
    migrator = Migrator(mysql_url(endpoint), folder)
    assert endpoint.password.reveal() not in f"{migrator!r} {migrator.plan()!r} {migrator.apply()!r}"
    assert repr(migrator) == f"Migrator({endpoint.database} at {endpoint.address}, {folder})"


def test_the_example_of_its_documentation_is_true(
    endpoint: MysqlEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    orders = Path("migrations", "orders")
    orders.mkdir(parents=True)
    (orders / "001_orders.sql").write_text("CREATE TABLE orders (id BIGINT PRIMARY KEY);\n")
    (orders / "001_orders.rollback.sql").write_text("DROP TABLE orders;\n")
    text = (Migrator.__doc__ or "").replace("orders_test", endpoint.database or "")
    names = {"Migrator": Migrator, "url": mysql_url(endpoint)}
    example = doctest.DocTestParser().get_doctest(text, names, "Migrator", None, None)
    shown: list[str] = []

    outcome = doctest.DocTestRunner().run(example, out=shown.append, clear_globs=False)

    assert (outcome.attempted, outcome.failed) == (5, 0), "".join(shown)
