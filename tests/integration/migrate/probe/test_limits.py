"""What cannot be told is said, and nothing is left of the attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from integration.migrate.conftest import Root
from integration.migrate.probe.cases import BASE, FREE, SELL
from integration.migrate.probe.place import Place, parsed
from ticketctl.errors import BackendUnreachableError
from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.execution.probe import Finding, confirm_existing, probe
from ticketctl.provision.migrate.execution.scratch import scratch_name as scratch_of
from ticketctl.provision.migrate.syntax.footprint import SchemaObject
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration


NO_VISIBLE_EFFECT = {
    "ALTER TABLE seats ENGINE=InnoDB": (),
    "ALTER TABLE seats MODIFY label VARCHAR(10)": (),
    "ALTER TABLE seats COMMENT ''": (),
    "ALTER TABLE seats DROP INDEX by_label, ADD INDEX by_label (label)": (),
    "RENAME TABLE a TO tmp, b TO a, tmp TO b": ("CREATE TABLE a (id INT)", "CREATE TABLE b (id INT)"),
}


@pytest.mark.parametrize("sql", NO_VISIBLE_EFFECT)
def test_what_makes_no_visible_difference_cannot_be_told(place: Place, sql: str) -> None:
    place.run((*BASE, *NO_VISIBLE_EFFECT[sql]))
    before = place.before(parsed(sql))

    for _ in range(2):
        found = place.probed(parsed(sql), before)
        assert (found.outcome, "no difference" in found.why) == ("unknown", True)
        place.run((sql,))


HARMLESS = {
    "CREATE TABLE IF NOT EXISTS seats (id INT)": (),
    "CREATE PROCEDURE IF NOT EXISTS sell () SELECT 1": SELL,
    "CREATE OR REPLACE VIEW free AS SELECT id, label FROM seats WHERE price = 0": FREE,
    "ALTER VIEW free AS SELECT id, label FROM seats WHERE price = 0": FREE,
    "ALTER PROCEDURE sell SQL SECURITY DEFINER": SELL,
    "DROP TABLE IF EXISTS nothing": (),
    "DROP VIEW IF EXISTS nothing, nobody": (),
    "DROP FUNCTION IF EXISTS nothing": (),
    "DROP TRIGGER IF EXISTS nothing": (),
}


@pytest.mark.parametrize("sql", HARMLESS)
def test_a_guarded_statement_that_changes_nothing_may_be_repeated(place: Place, sql: str) -> None:
    place.run((*BASE, *HARMLESS[sql]))
    before = place.before(parsed(sql))

    for _ in range(2):
        assert place.probed(parsed(sql), before).outcome == "not landed"
        place.run((sql,))


REFUSED = (
    "CREATE TABLE seats (id INT)",
    "CREATE TABLE halls (id NOTHING)",
    "ALTER TABLE seats DROP COLUMN nothing",
    "ALTER TABLE nothing ADD COLUMN a INT",
    "CREATE INDEX by_label ON seats (label)",
    "DROP TABLE seats, nothing",
    "DROP PROCEDURE nothing",
    "CREATE VIEW free AS SELECT nothing FROM seats",
    "RENAME TABLE seats TO events",
)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_the_server_refuses_has_not_landed_unless_something_changed(place: Place, sql: str) -> None:
    place.run(BASE)
    before = place.before(parsed(sql))

    found = place.probed(parsed(sql), before)
    assert found.outcome == "not landed"
    assert "refuses" in found.why

    (touched, definition), *_ = before.items()
    if touched.kind == "table":
        place.run(
            (f"ALTER TABLE {touched.name} ADD theirs INT" if definition else f"CREATE TABLE {touched.name} (a INT)",)
        )
        found = place.probed(parsed(sql), before)
        assert found.outcome == "unknown"
        assert found.difference


UNTELLABLE = {
    "OPTIMIZE TABLE seats": "as it is",
    "CALL sell(1)": "decided by what it calls",
    "ALTER TABLE seats FORCE": "does not show",
    "ALTER TABLE seats AUTO_INCREMENT = 100": "does not show",
    "ALTER TABLE seats ORDER BY label, price DESC": "does not show",
    "GRANT SELECT ON *.* TO nobody": "accounts or rights",
    "CREATE EVENT e ON SCHEDULE AT '2030-01-01' DO SELECT 1": "event",
    "ALTER EVENT e RENAME TO f": "event",
    "CREATE TABLE mysql.t (id INT)": "another database, mysql",
    "SET GLOBAL max_connections = 5": "setting",
}


@pytest.mark.parametrize("sql", UNTELLABLE)
def test_what_no_definition_tells_is_not_tried(place: Place, sql: str) -> None:
    place.run(BASE)

    found = place.probed(parsed(sql), {})

    assert found.outcome == "unknown"
    assert UNTELLABLE[sql] in found.why


EXISTING = {
    "CREATE TABLE IF NOT EXISTS t (id int(11), a varchar(9))": ("CREATE TABLE T2 (x INT)", "CREATE TABLE t (id INT)"),
    "CREATE TABLE IF NOT EXISTS t LIKE {db}.seats": ("CREATE TABLE t (id INT)",),
    "CREATE VIEW IF NOT EXISTS t AS SELECT id FROM seats": ("CREATE VIEW t AS SELECT label FROM seats",),
    "CREATE PROCEDURE IF NOT EXISTS t() SELECT 1": ("CREATE PROCEDURE t() SELECT 2",),
    "CREATE FUNCTION IF NOT EXISTS t() RETURNS INT DETERMINISTIC RETURN 1": (
        "CREATE FUNCTION t() RETURNS INT DETERMINISTIC RETURN 2",
    ),
    "CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON seats FOR EACH ROW SET NEW.label = 'x'": (
        "CREATE TRIGGER t BEFORE INSERT ON seats FOR EACH ROW SET NEW.label = 'y'",
    ),
}


@pytest.mark.parametrize("sql", EXISTING)
def test_what_exists_is_compared_with_what_the_statement_makes(place: Place, sql: str) -> None:
    statement = parsed(place.text(sql))

    def confirmed(*done: str) -> Finding:
        place.reset()
        place.run((*BASE, *done))
        content, schemas = place.content(), place.schemas()
        with place.session() as connection:
            found = confirm_existing(connection, place.endpoint, statement)
        assert (place.content(), place.schemas()) == (content, schemas)
        return found

    same = confirmed(sql)
    other = confirmed(*EXISTING[sql])

    assert (same.outcome, same.difference) == ("landed", ""), same
    assert other.outcome == "unknown"
    assert " now" in other.difference


def test_a_refused_scratch_schema_is_said(place: Place, root: Root) -> None:
    place.run(BASE)
    name = f"ticketctl_poor_{place.name[-12:]}"
    database = f"ticketctl_poor_db_{place.name[-6:]}"
    root(f"CREATE DATABASE {database}")
    root(f"CREATE USER {name} IDENTIFIED BY 'poor'")
    try:
        root(f"GRANT ALL ON {database}.* TO {name}")
        poor = Place(replace(place.endpoint, user=name, password=Secret("poor"), database=database), root)
        statement = parsed("CREATE TABLE halls (id INT)")

        found = poor.probed(statement, poor.before(statement))

        assert found.outcome == "unknown"
        assert f"may not create the schema {scratch_of(database)}" in found.why
    finally:
        root(f"DROP USER {name}")
        root(f"DROP DATABASE {database}")


def test_what_a_killed_probe_has_left_is_cleared_away(place: Place) -> None:
    place.run(BASE)
    scratch = scratch_of(place.name)
    place.run((f"CREATE DATABASE {scratch}", f"CREATE TABLE {scratch}.halls (left_over INT)"))
    statement = parsed("CREATE TABLE halls (id INT)")
    schemas = place.schemas()

    with place.session() as connection:
        found = probe(connection, place.endpoint, statement, place.before(statement))

    assert found.outcome == "not landed"
    assert place.schemas() == schemas - {scratch}


def test_a_lost_connection_leaves_no_schema_behind(place: Place, root: Root) -> None:
    place.run(BASE)
    statement = parsed("CREATE TABLE halls (id INT)")
    schemas = place.schemas()

    with place.session() as connection:
        root(f"KILL {connection.thread_id()}")  # type: ignore[no-untyped-call]
        with pytest.raises(BackendUnreachableError):
            probe(connection, place.endpoint, statement, place.before(statement))

    assert place.schemas() == schemas


def test_the_lock_and_temporary_tables_of_the_connection_survive(place: Place) -> None:
    """A temporary table hides a table of the same name, on this connection only."""
    place.run((*BASE, "CREATE TABLE halls (id INT)"))
    statement = parsed("ALTER TABLE halls ADD COLUMN a INT")
    before = place.before(statement)
    settings = ("DO GET_LOCK('ticketctl-test-probe', 0)", "CREATE TEMPORARY TABLE halls (other INT)")

    with place.session(settings) as connection:
        found = probe(connection, place.endpoint, statement, before)
        with connection.cursor() as cursor:
            cursor.execute("SELECT IS_USED_LOCK('ticketctl-test-probe') = CONNECTION_ID(), COUNT(other) FROM halls")
            assert cursor.fetchall() == ((1, 0),)

    assert found.outcome == "not landed"


def test_what_somebody_else_has_defined(place: Place, root: Root) -> None:
    """Root's procedure may be dropped and not be read, root's view not be copied."""
    place.run(BASE)
    root(f"CREATE PROCEDURE {place.name}.sell () SELECT 1")
    root(f"CREATE DEFINER = root VIEW {place.name}.free AS SELECT id FROM {place.name}.seats")
    drop, alter = parsed("DROP PROCEDURE sell"), parsed("ALTER VIEW free AS SELECT label FROM seats")
    before, of_view = place.before(drop), place.before(alter)
    over = parsed("CREATE TABLE copied AS SELECT * FROM free")

    assert place.probed(drop, before).outcome == "not landed"
    assert place.probed(over, place.before(over)).outcome == "not landed"
    found = place.probed(alter, of_view)
    assert (found.outcome, "cannot be copied" in found.why) == ("unknown", True)
    root(f"DROP PROCEDURE {place.name}.sell")
    assert place.probed(drop, before).outcome == "landed"
    place.run(("CREATE TABLE copied AS SELECT * FROM free",))
    assert place.probed(over, {SchemaObject("table", "copied"): None}).outcome == "landed"


@pytest.mark.parametrize("name", ["x`y", "ünïcode", "with space", "UPPER"])
def test_databases_with_names_of_their_own(
    account: MysqlEndpoint, scratch_name: Callable[..., str], root: Root, name: str
) -> None:
    place = Place(replace(account, database=scratch_name(f"_{name}")), root)
    place.reset()
    quoted = quote_identifier(place.name)
    place.run((f"CREATE TABLE {quoted}.t (id INT)", "CREATE TABLE `ä``b` (id INT)"))
    statements = [
        f"CREATE VIEW {quoted}.v AS SELECT {quoted}.t.id FROM {quoted}.t JOIN `ä``b`",
        f"ALTER TABLE {quoted}.`ä``b` ADD COLUMN `c``d` INT",
        f"CREATE PROCEDURE {quoted}.p () SELECT * FROM {quoted}.t",
    ]

    for sql in statements:
        before = place.before(parsed(sql))
        assert place.probed(parsed(sql), before).outcome == "not landed"
        place.run((sql,))
        assert place.probed(parsed(sql), before).outcome == "landed"
