"""yoyo's ledger, written and read by us, against the real yoyo on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from integration.eventually import eventually
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.server import running
from integration.migrate.yoyo_client import listed, yoyo, yoyo_process
from ticketctl.errors import YoyoLedgerError
from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.record.history import read_history
from ticketctl.provision.migrate.record.ledger import (
    VERSION,
    Ledger,
    LedgerChanges,
    LockRow,
    Operation,
    create_tables,
    ledger_changes,
    ledger_row,
    ledger_writes,
    read_ledger,
)

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

TABLES = ("_yoyo_version", "_yoyo_log", "_yoyo_migration", "yoyo_lock")
FILES = {f"{name}{suffix}": text for name in ("001_a", "002_b", "003_c") for suffix, text in (
    ("", f"CREATE TABLE t{name} (x INT);\n"), (".rollback", f"DROP TABLE t{name};\n"),
)}  # fmt: skip
HALF_AN_HOUR_EAST_OF_FIVE = 5.5 * 3600

pytestmark = pytest.mark.integration


@pytest.fixture
def three(bench: Bench) -> Bench:
    """Three migrations; the first is applied, by hand."""
    write(bench, FILES)
    bench.query("CREATE TABLE t001_a (x INT)")
    return bench


def write(bench: Bench, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (bench.folder / f"{name}.sql").write_text(text)


@contextmanager
def cursor(bench: Bench, session: str = "") -> Iterator[Cursor]:
    with connect(bench.endpoint) as connection, connection.cursor() as opened:
        if session:
            opened.execute(session)
        yield opened


def read(bench: Bench) -> Ledger:
    with cursor(bench) as opened:
        return read_ledger(opened)


def read_while_yoyo_works(bench: Bench) -> Ledger:
    """Read it as commands do: yoyo drops one of its tables while it makes them."""
    with connect(bench.endpoint) as connection:
        return read_history(connection, bench.endpoint).ledger


def record(bench: Bench, *records: tuple[Operation, str], session: str = "") -> None:
    with cursor(bench, session) as opened:
        create_tables(opened)
        for operation, name in records:
            note(opened, operation, name)


def note(opened: Cursor, operation: Operation, name: str) -> None:
    row = ledger_row(name, operation)
    for statement in ledger_writes(operation):
        opened.execute(query("record", statement), row)


def log(bench: Bench) -> list[tuple[str, str]]:
    rows = bench.query("SELECT operation, migration_id FROM _yoyo_log ORDER BY migration_id, operation")
    return [(str(operation), str(name)) for operation, name in rows]


def test_before_anything_there_is_no_ledger(bench: Bench) -> None:
    assert read(bench) == Ledger()
    assert ledger_changes(["001_a"], read(bench)) == LedgerChanges(unrecorded=("001_a",))


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1 COLLATE latin1_general_cs", "utf8mb4 COLLATE utf8mb4_bin"])
def test_the_tables_are_those_that_yoyo_makes(
    bench: Bench, root: Root, scratch_name: Callable[..., str], charset: str
) -> None:
    def made(database: Bench) -> list[object]:
        tables = [database.query(f"SHOW CREATE TABLE {name}")[0][1] for name in TABLES]
        return [*tables, database.query("SELECT version FROM _yoyo_version")]

    ours, theirs = (bench.on(scratch_name()) for _ in range(2))
    for database in (ours, theirs):
        root(f"CREATE DATABASE {quote_identifier(database.endpoint.database or '')} CHARACTER SET {charset}")
    record(ours, ("apply", "001_é"), ("rollback", "001_é"))
    yoyo(theirs, "list")
    assert made(ours) == made(theirs)


def test_yoyo_agrees_with_what_we_wrote(three: Bench) -> None:
    record(three, ("apply", "001_a"))
    assert listed(three) == {"001_a": "A", "002_b": "U", "003_c": "U"}
    yoyo(three, "apply")
    assert log(three) == [("apply", "001_a"), ("apply", "002_b"), ("apply", "003_c")]
    found = read(three)
    assert found.applied == {"001_a", "002_b", "003_c"}
    assert ledger_changes(["001_a"], found) == LedgerChanges(applied_by_yoyo=("002_b", "003_c"))


def test_yoyo_finds_nothing_to_apply_and_what_it_rolls_back_is_seen(three: Bench) -> None:
    yoyo(three, "mark", "--revision", "001_a")
    record(three, *(("apply", name) for name in ("001_a", "002_b", "003_c")))
    three.query("CREATE TABLE t003_c (x INT)")
    before = log(three)
    assert before == [("mark", "001_a"), ("apply", "002_b"), ("apply", "003_c")]  # yoyo's word stands
    yoyo(three, "apply")
    assert log(three) == before
    yoyo(three, "rollback", "--revision", "003_c")
    assert ("t003_c",) not in three.query("SHOW TABLES")
    assert ledger_changes(["001_a", "002_b", "003_c"], read(three)) == LedgerChanges(removed_by_yoyo=("003_c",))


def test_a_rollback_of_ours_is_one_to_yoyo(three: Bench) -> None:
    yoyo(three, "mark", "--revision", "002_b")
    record(three, ("rollback", "002_b"))
    assert listed(three) == {"001_a": "U", "002_b": "U", "003_c": "U"}
    assert read(three).removed == {"002_b"}
    yoyo(three, "apply", "--revision", "002_b")
    assert read(three).applied == {"002_b"}
    assert read(three).removed == frozenset()


def test_marks_go_both_ways(three: Bench) -> None:
    record(three, ("mark", "001_a"), ("mark", "002_b"), ("unmark", "002_b"))
    assert log(three) == [("mark", "001_a"), ("mark", "002_b"), ("unmark", "002_b")]
    assert listed(three) == {"001_a": "A", "002_b": "U", "003_c": "U"}
    yoyo(three, "unmark", "--revision", "001_a")
    assert ledger_changes(["001_a"], read(three)) == LedgerChanges(removed_by_yoyo=("001_a",))


def test_what_the_ledger_never_knew_was_not_removed_by_yoyo(three: Bench) -> None:
    yoyo(three, "mark", "--revision", "002_b")
    assert ledger_changes(["000_old", "002_b"], read(three)) == LedgerChanges(unrecorded=("000_old",))


def test_writing_twice_is_writing_once(bench: Bench) -> None:
    written: tuple[Operation, str] = ("apply", "001_a")
    record(bench, written)
    before = bench.query("SELECT * FROM _yoyo_migration"), log(bench)
    record(bench, written)
    assert (bench.query("SELECT * FROM _yoyo_migration"), log(bench)) == before
    record(bench, ("rollback", "001_a"), ("rollback", "001_a"))
    assert log(bench) == [("apply", "001_a"), ("rollback", "001_a")]
    assert bench.query("SELECT * FROM _yoyo_version")[1:] == []


def test_rows_come_and_go_with_the_transaction_around_them(bench: Bench) -> None:
    record(bench)
    with connect(bench.endpoint) as connection, connection.cursor() as opened:
        connection.begin()
        note(opened, "apply", "001_a")
        connection.rollback()
        assert read_ledger(opened).applied == frozenset()
        assert log(bench) == []
        connection.begin()
        note(opened, "apply", "001_a")
        connection.commit()
    assert read(bench).applied == {"001_a"}
    assert log(bench) == [("apply", "001_a")]


def test_rows_are_what_yoyo_writes_for_the_same(three: Bench) -> None:
    """All but the id and the host, which yoyo asks the name server for."""
    record(three, ("mark", "001_é"))
    write(three, {"002_é": "SELECT 1;"})
    yoyo(three, "mark", "--revision", "002_é")
    rows = three.query(
        "SELECT LENGTH(id), migration_hash = SHA2(migration_id, 256), operation, username, comment"
        " FROM _yoyo_log WHERE migration_id LIKE '%%é'"
    )
    assert len(rows) == 2
    assert rows[0] == rows[1]


@pytest.mark.parametrize("session", ["+00:00", "-08:00", "SYSTEM"])
def test_times_are_utc_whatever_the_time_zones(three: Bench, root: Root, session: str) -> None:
    """The negative control: yoyo's own are off by the server's time zone."""
    age = "SELECT migration_id, UNIX_TIMESTAMP() - UNIX_TIMESTAMP({}) FROM {} ORDER BY migration_id"
    root("SET GLOBAL time_zone = '+05:30'")
    try:
        record(three, ("apply", "001_a"), session=f"SET SESSION time_zone = '{session}'")
        yoyo(three, "mark", "--revision", "002_b")
        for query_ in (age.format("applied_at_utc", "_yoyo_migration"), age.format("created_at_utc", "_yoyo_log")):
            ages = {str(name): float(seconds) for name, seconds in three.query(query_)}
            assert abs(ages["001_a"]) < 60
            assert abs(ages["002_b"] - HALF_AN_HOUR_EAST_OF_FIVE) < 60
    finally:
        root("SET GLOBAL time_zone = 'SYSTEM'")


@pytest.mark.parametrize("zone", ["SYSTEM", "+05:30"])
def test_the_lock_that_a_killed_yoyo_leaves_is_read(bench: Bench, root: Root, zone: str) -> None:
    write(bench, {"001_slow": "DO SLEEP(600);\n"})
    root("SET GLOBAL time_zone = %s", zone)
    try:
        with yoyo_process(bench, "apply") as process:
            found = eventually(lambda: read_while_yoyo_works(bench).locked_by, bool, seconds=60)
            # Not before it executes: what it left unfinished would otherwise differ from run to run.
            eventually(lambda: running(root, "DO SLEEP(600)"), bool, seconds=60)
        assert read(bench).locked_by == found
        now = bench.query("SELECT UTC_TIMESTAMP()")[0][0]
        assert found is not None
        assert found.since is not None
        assert found.pid == process.pid
        assert abs((now - found.since.replace(tzinfo=None)).total_seconds()) < 60
        yoyo(bench, "break-lock")
        assert read(bench).locked_by is None
    finally:
        root("SET GLOBAL time_zone = 'SYSTEM'")
        sleeping = root("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DO SLEEP(600)%%'")
        for (connection,) in sleeping:
            root("KILL %s", connection)


def test_a_run_killed_between_two_tables_is_made_good_by_the_next(bench: Bench) -> None:
    write(bench, FILES)
    steps = ("ledger_create_lock", "ledger_create_version", "ledger_version", "ledger_create_log")
    for number, name in enumerate(steps):
        with cursor(bench) as opened:
            opened.execute(query("record", name), {"version": VERSION} if name == "ledger_version" else None)
        assert read(bench) == Ledger(), steps[: number + 1]
    record(bench, ("apply", "001_a"))
    assert listed(bench)["001_a"] == "A"


@pytest.fixture
def half_made(bench: Bench) -> Bench:
    """Where yoyo is for a moment when it makes its tables: all are there, and one is still that of an old yoyo."""
    with cursor(bench) as opened:
        create_tables(opened)
        opened.execute("DELETE FROM _yoyo_version")
        opened.execute("DROP TABLE _yoyo_migration")
        opened.execute("CREATE TABLE _yoyo_migration (id VARCHAR(191) NOT NULL PRIMARY KEY, ctime TIMESTAMP)")
    return bench


def test_tables_that_yoyo_is_just_making_are_looked_at_again(half_made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def yoyo_goes_on(_seconds: float) -> None:
        half_made.query("DROP TABLE _yoyo_migration")
        with cursor(half_made) as opened:
            create_tables(opened)

    monkeypatch.setattr("ticketctl.provision.migrate.record.history.time.sleep", yoyo_goes_on)

    assert read_while_yoyo_works(half_made) == Ledger(exists=True)


def test_tables_that_stay_half_made_are_given_up(half_made: Bench) -> None:
    with pytest.raises(YoyoLedgerError, match="cannot be read") as raised:
        read_while_yoyo_works(half_made)
    assert "change while they are read" in raised.value.why
    assert "Unknown column 'migration_id'" in raised.value.why


def test_the_ledger_of_an_old_yoyo_is_refused_until_a_new_one_has_seen_it(bench: Bench) -> None:
    write(bench, FILES)
    bench.query("CREATE TABLE _yoyo_migration (id VARCHAR(191) NOT NULL PRIMARY KEY, ctime TIMESTAMP)")
    bench.query("INSERT INTO _yoyo_migration VALUES ('001_a', NOW())")
    with pytest.raises(YoyoLedgerError, match="older format"):
        read(bench)
    yoyo(bench, "list")
    assert read(bench).applied == {"001_a"}


def test_a_yoyo_that_makes_its_tables_is_no_old_one(bench: Bench) -> None:
    """It makes those of its first format, and then changes them, with its lock held."""
    bench.query("CREATE TABLE _yoyo_migration (id VARCHAR(191) NOT NULL PRIMARY KEY, ctime TIMESTAMP)")
    bench.query(
        "CREATE TABLE yoyo_lock (locked INT DEFAULT 1, ctime TIMESTAMP, pid INT NOT NULL, PRIMARY KEY (locked))"
    )
    bench.query("INSERT INTO yoyo_lock (ctime, pid) VALUES (NULL, 12)")
    assert read(bench) == Ledger(locked_by=LockRow(12, None))


def test_the_ledger_of_a_newer_yoyo_is_refused(bench: Bench) -> None:
    record(bench)
    bench.query("INSERT INTO _yoyo_version VALUES (3, NOW())")
    with pytest.raises(YoyoLedgerError, match="format 3"):
        read(bench)
    record(bench)
    assert bench.query("SELECT version FROM _yoyo_version ORDER BY version") == [(2,), (3,)]


def test_a_database_with_another_name_is_not_looked_at(
    bench: Bench, root: Root, scratch_name: Callable[..., str]
) -> None:
    record(bench, ("apply", "001_a"))
    other = scratch_name()
    root(f"CREATE DATABASE {quote_identifier(other)}")
    assert read(Bench(replace(bench.endpoint, database=other), bench.root)) == Ledger()
