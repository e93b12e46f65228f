"""Large tables are changed without copying or locking them, or not at all: asked of the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from integration.eventually import eventually
from integration.migrate.alter_forms import (
    BLOCKED,
    COPIED,
    FORMS,
    HASHES,
    INPLACE,
    INSTANT,
    KEYED,
    PLAIN,
    RANGES,
)
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from ticketctl.errors import BackendOperationError, MigrationCopyError
from ticketctl.infra.mysql import connect, translating
from ticketctl.provision.migrate.execution.algorithm import Choice, choose, most_row_versions, run_choice
from ticketctl.provision.migrate.syntax.alter import variants
from ticketctl.provision.migrate.syntax.lexer import Statement, split

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

pytestmark = pytest.mark.integration


def one(sql: str) -> Statement:
    (statement,) = split(f"DELIMITER //\n{sql}")
    return statement


@pytest.fixture
def connection(bench: Bench) -> Iterator[Connection[Cursor]]:
    with connect(bench.endpoint) as connection:
        yield connection


@pytest.fixture
def execute(bench: Bench, connection: Connection[Cursor]) -> Callable[[str], str]:
    """Executes a text, as the runner does, and returns it."""

    def run(text: str) -> str:
        with translating(bench.endpoint), connection.cursor() as cursor:
            cursor.execute(text)
        return text

    return run


def refuse_copying(sentence: str) -> None:
    raise AssertionError(sentence)


@pytest.mark.parametrize(("table", "sql", "verdict"), FORMS, ids=[sql for _, sql, _ in FORMS])
def test_the_grammar_takes_the_clauses_and_the_server_answers(
    execute: Callable[[str], str], table: str, sql: str, verdict: str
) -> None:
    execute("CREATE TABLE o (id INT PRIMARY KEY)")
    execute(f"CREATE TABLE t {table}")
    try:
        choice = Choice(variants(one(sql)), copy_allowed_last=False)
        accepted = run_choice(execute, choice, copying=refuse_copying)
    except MigrationCopyError as error:
        seen = BLOCKED if "Try LOCK=SHARED" in error.why else COPIED
        execute(sql)  # as written it works
    else:
        seen = INSTANT if "INSTANT" in accepted else INPLACE
    assert seen == verdict


@pytest.mark.parametrize(
    ("table", "clause"),
    [
        (KEYED, "DISCARD TABLESPACE"),
        (RANGES, "DISCARD PARTITION p0 TABLESPACE"),
    ],
)
def test_a_tablespace_is_taken_away_only_as_written(execute: Callable[[str], str], table: str, clause: str) -> None:
    execute(f"CREATE TABLE t {table}")
    for algorithm in ("INSTANT", "INPLACE"):
        with pytest.raises(BackendOperationError, match="ALGORITHM=COPY/INPLACE/INSTANT is not supported"):
            execute(f"ALTER TABLE t ALGORITHM={algorithm}, {clause}")
    assert variants(one(f"ALTER TABLE t {clause}")) == ()
    execute(f"ALTER TABLE t {clause}")


@pytest.mark.parametrize("clause", ["OPTIMIZE PARTITION p0", "EXCHANGE PARTITION p0 WITH TABLE e"])
def test_some_partition_statements_ignore_the_clauses(execute: Callable[[str], str], clause: str) -> None:
    execute(f"CREATE TABLE t {RANGES}")
    execute(f"CREATE TABLE e {KEYED}")
    execute(f"ALTER TABLE t ALGORITHM=INSTANT, {clause}")  # and a rebuild or a scan is not instant


def test_instant_and_lock_exclude_each_other(execute: Callable[[str], str]) -> None:
    execute(f"CREATE TABLE t {KEYED}")
    with pytest.raises(BackendOperationError, match="1221"):
        execute("ALTER TABLE t ALGORITHM=INSTANT, LOCK=NONE, ADD x INT")


def big(bench: Bench, connection: Connection[Cursor], sql: str, *, allow_copy: bool = False) -> Choice:
    """A choice for which every table is large."""
    return choose(connection, bench.endpoint, one(sql), allow_copy=allow_copy, limit=0)


def test_a_large_table_is_changed_the_cheapest_way(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]
) -> None:
    execute(f"CREATE TABLE t {KEYED}")
    instant = run_choice(execute, big(bench, connection, "ALTER TABLE t ADD x INT"), copying=refuse_copying)
    assert instant == "ALTER TABLE t ALGORITHM=INSTANT, ADD x INT"
    choice = big(bench, connection, "ALTER TABLE t ADD INDEX (x)")
    in_place = run_choice(execute, choice, copying=refuse_copying)
    assert in_place == "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD INDEX (x)"
    assert choice.table == f"{bench.endpoint.database}.t"
    assert choice.size == 16384
    other = big(bench, connection, f"CREATE INDEX y ON `{bench.endpoint.database}`.t (a)")
    assert run_choice(execute, other, copying=refuse_copying).endswith("t (a) ALGORITHM=INPLACE LOCK=NONE")


def test_it_is_not_copied_silently(bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]) -> None:
    execute(f"CREATE TABLE t {KEYED}")
    sql = "ALTER TABLE t MODIFY a BIGINT"
    with pytest.raises(MigrationCopyError) as raised:
        run_choice(execute, big(bench, connection, sql), copying=refuse_copying)
    error = raised.value
    assert (error.table, error.size) == (f"{bench.endpoint.database}.t", 16384)
    assert error.what == f"{error.table} (16 KiB) would be copied, and locked against writing for as long as that takes"
    assert "Cannot change column type INPLACE" in error.why
    assert "`-- ticketctl: allow-copy`" in error.next_step
    assert "gh-ost" in error.next_step
    assert "bigint" not in bench.query("SHOW CREATE TABLE t")[0][1]

    said: list[str] = []
    assert run_choice(execute, big(bench, connection, sql, allow_copy=True), copying=said.append) == sql
    assert said == [f"{error.what}, as its file allows"]
    assert "bigint" in bench.query("SHOW CREATE TABLE t")[0][1]


def test_nor_locked(bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]) -> None:
    execute(f"CREATE TABLE t {PLAIN}")
    with pytest.raises(MigrationCopyError, match="would be locked against writing") as raised:
        run_choice(execute, big(bench, connection, "CREATE FULLTEXT INDEX f ON t (txt)"), copying=refuse_copying)
    assert "Fulltext index creation requires a lock" in raised.value.why


def test_a_foreign_key_has_a_way_out_of_its_own(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]
) -> None:
    execute("CREATE TABLE o (id INT PRIMARY KEY)")
    execute(f"CREATE TABLE t {KEYED}")
    sql = "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o (id)"
    with pytest.raises(MigrationCopyError) as raised:
        run_choice(execute, big(bench, connection, sql), copying=refuse_copying)
    assert "SET foreign_key_checks = 0" in raised.value.next_step
    assert "allow-copy" in raised.value.next_step
    execute("SET foreign_key_checks = 0")
    assert "INPLACE, LOCK=NONE" in run_choice(execute, big(bench, connection, sql), copying=refuse_copying)


def test_other_errors_are_the_statements_own(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]
) -> None:
    execute(f"CREATE TABLE t {KEYED}")
    with pytest.raises(BackendOperationError) as raised:
        run_choice(execute, big(bench, connection, "ALTER TABLE t DROP nothing"), copying=refuse_copying)
    assert raised.value.number == 1091
    sql = "ALTER TABLE t MODIFY a BIGINT, ALGORITHM=INSTANT"
    with pytest.raises(BackendOperationError) as raised:
        run_choice(execute, big(bench, connection, sql), copying=refuse_copying)
    assert raised.value.number == 1846


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE missing ADD x INT",
        "ALTER TABLE temporary_one MODIFY a BIGINT",
        "ALTER TABLE hidden MODIFY a BIGINT",
        "ALTER TABLE a_view ADD x INT",
        "CREATE TABLE t2 (x INT)",
        "INSERT INTO t VALUES (1, 1)",
    ],
)
def test_what_needs_no_care_is_left_as_written(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str], sql: str
) -> None:
    execute(f"CREATE TABLE t {KEYED}")
    execute(f"CREATE TABLE hidden {KEYED}")
    execute("CREATE VIEW a_view AS SELECT * FROM t")
    for name in ("temporary_one", "hidden"):
        execute(f"CREATE TEMPORARY TABLE {name} {KEYED}")
    assert big(bench, connection, sql) == Choice((sql,))


def test_a_small_table_is_left_as_written(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]
) -> None:
    execute(f"CREATE TABLE t {KEYED}")
    assert choose(connection, bench.endpoint, one("ALTER TABLE t FORCE"), allow_copy=False).texts == (
        "ALTER TABLE t FORCE",
    )


def test_the_size_is_todays_and_the_session_stays_as_it_was(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str]
) -> None:
    execute("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, s CHAR(200) NOT NULL)")
    execute("SET SESSION information_schema_stats_expiry = 4321")
    size = "SELECT data_length FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 't'"
    assert bench.query(size) == [(16384,)]
    execute("INSERT INTO t (s) VALUES ('x')")
    for _ in range(13):
        execute("INSERT INTO t (s) SELECT s FROM t")

    def measured() -> int:
        limit = 512 * 1024
        return choose(connection, bench.endpoint, one("ALTER TABLE t FORCE"), allow_copy=False, limit=limit).size

    assert eventually(measured, bool, 60) > 512 * 1024  # the engine counts in the background
    assert bench.query(size) == [(16384,)], "the server's own copy is out of date, or this proves nothing"
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.information_schema_stats_expiry, @ticketctl_expiry")
        assert cursor.fetchall() == ((4321, None),)


def test_the_end_of_instant_changes_is_announced(
    bench: Bench, connection: Connection[Cursor], execute: Callable[[str], str], root: Root
) -> None:
    name = f"t-{'x' * 5}"
    execute(f"CREATE TABLE `{name}` {HASHES}")
    sql = f"ALTER TABLE `{name}` ADD x INT"
    assert big(bench, connection, sql).warning == ""
    most = most_row_versions(bench.query("SELECT VERSION()")[0][0])
    before = int(most * 0.45) + 1
    for _ in range(before):
        execute(f"ALTER TABLE `{name}` ADD x INT, ALGORITHM=INSTANT")
        execute(f"ALTER TABLE `{name}` DROP x, ALGORITHM=INSTANT")
    warning = big(bench, connection, sql).warning
    assert warning.startswith(f"{bench.endpoint.database}.{name} has {2 * before} of {most} row versions")
    # Without the right to count them there is no warning, and no error either.
    root("CREATE USER few IDENTIFIED BY 'few-rights'")
    root(f"GRANT SELECT ON `{bench.endpoint.database}`.* TO few")
    try:
        few = replace(bench.endpoint, user="few", password=type(bench.endpoint.password)("few-rights"))
        with connect(few) as weak:
            choice = choose(weak, few, one(sql), allow_copy=False, limit=0)
    finally:
        root("DROP USER few")
    assert (choice.size > 0, choice.warning) == (True, "")
    for number in range(most - 2 * before):
        execute(f"ALTER TABLE `{name}` ADD x{number} INT, ALGORITHM=INSTANT")
    sql = f"ALTER TABLE `{name}` ADD z INT"
    assert "INPLACE" in run_choice(execute, big(bench, connection, sql), copying=refuse_copying)
