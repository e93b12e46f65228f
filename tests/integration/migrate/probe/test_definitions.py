"""What is read of a table, view, routine or trigger."""

from __future__ import annotations

import pytest

from integration.migrate.probe.cases import BASE, FREE, NOTED, SELL, TAX
from integration.migrate.probe.place import Definitions, Place
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate.execution.definitions import (
    is_readable,
    make_neutral,
    neutral_connection,
    read_definitions,
    schema_definitions,
)
from ticketctl.provision.migrate.syntax.footprint import SchemaObject

pytestmark = pytest.mark.integration

SEATS = SchemaObject("table", "seats")


def read(place: Place, *objects: SchemaObject) -> Definitions:
    with neutral_connection(place.endpoint) as connection, connection.cursor() as cursor:
        return read_definitions(cursor, place.endpoint, objects)


def test_what_is_absent_has_no_definition(place: Place) -> None:
    absent = [SchemaObject(kind, "nothing") for kind in ("table", "procedure", "function", "trigger")]

    assert read(place, *absent) == dict.fromkeys(absent)


def test_rows_change_no_definition(place: Place) -> None:
    place.run(BASE)
    before = read(place, SEATS)

    place.run(("INSERT INTO seats (id, event_id) VALUES (700, 1)",))

    assert place.root(f"SELECT MAX(id) FROM {place.name}.seats") == [(700,)]
    assert read(place, SEATS) == before


def test_a_routine_of_another_mode_is_another(place: Place) -> None:
    sell = SchemaObject("procedure", "sell")
    place.run(SELL)
    before = read(place, sell)

    place.run(("DROP PROCEDURE sell", *SELL), ("SET sql_mode = 'ANSI_QUOTES'",))

    after = read(place, sell)
    assert after != before
    assert "-- sql_mode=ANSI_QUOTES; character_set_client=utf8mb4" in (after[sell] or "")


def test_settings_of_the_server_change_no_definition(place: Place) -> None:
    place.run((*BASE, *FREE))
    objects = [SEATS, SchemaObject("table", "free")]
    settings = ("SET sql_mode = 'ANSI_QUOTES'", "SET sql_quote_show_create = 0", "SET NAMES latin1")
    with place.session(settings) as other, other.cursor() as cursor:
        differently = read_definitions(cursor, place.endpoint, objects)
        make_neutral(cursor)
        alike = read_definitions(cursor, place.endpoint, objects)

    assert alike == read(place, *objects)
    assert differently[SEATS] != alike[SEATS]


def test_a_table_that_another_has_locked_is_read(place: Place) -> None:
    place.run(BASE)
    before = read(place, SEATS)
    with place.session() as other, other.cursor() as cursor, connect(place.endpoint) as connection:
        cursor.execute("LOCK TABLES seats WRITE")
        with connection.cursor() as reading:
            make_neutral(reading)
            reading.execute("SET SESSION lock_wait_timeout = 1")
            assert read_definitions(reading, place.endpoint, [SEATS]) == before


def test_the_whole_schema_is_everything_but_the_journals(place: Place) -> None:
    journals = ("ticketctl_migration", "ticketctl_migration_statement", "_yoyo_log", "yoyo_lock")
    place.run((*BASE, *FREE, *NOTED, *TAX, *SELL, *(f"CREATE TABLE {name} (id INT)" for name in journals)))
    place.run(("CREATE TABLE yoyo_locks (id INT)",))

    with neutral_connection(place.endpoint) as connection, connection.cursor() as cursor:
        found = schema_definitions(cursor, place.endpoint)

    assert [one.key for one in found] == [
        "function:tax",
        "procedure:sell",
        "table:events",
        "table:free",
        "table:log",
        "table:seats",
        "table:yoyo_locks",
        "trigger:noted",
    ]
    assert all(is_readable(text) for text in found.values())


def test_a_schema_made_from_its_definitions_reads_the_same(place: Place) -> None:
    """As when a database was restored from a dump: the server's own text of a table makes another text."""
    place.run((*BASE, "CREATE TABLE a (b VARCHAR(9), c TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"))
    with neutral_connection(place.endpoint) as connection, connection.cursor() as cursor:
        first = schema_definitions(cursor, place.endpoint)
        raw = read(place, *first)

    place.run(("DROP TABLE seats", "DROP TABLE events", "DROP TABLE a"))
    place.run([raw[one] or "" for one in first], ("SET foreign_key_checks = 0",))

    with neutral_connection(place.endpoint) as connection, connection.cursor() as cursor:
        assert schema_definitions(cursor, place.endpoint) == first
    assert read(place, *first) != raw
