"""`migrate baseline`: an existing database is compared with what the files make, and recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from integration.conftest import root_of
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.mysql_client import run_client
from integration.migrate.test_command import Command
from integration.servers import Server
from ticketctl.errors import (
    BaselineDifferentError,
    MigrationError,
    MigrationStatementError,
    TicketctlError,
    UnknownNameError,
    YoyoLedgerError,
)
from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.baseline import baseline, plan_baseline
from ticketctl.provision.migrate.execution.scratch import scratch_name as scratch_of
from ticketctl.provision.migrate.planning.baseline_plan import BaselinePlan, BaselineResult
from ticketctl.provision.migrate.syntax.confine import Confinement
from ticketctl.provision.migrate.syntax.guard import REFUSED
from ticketctl.settings.endpoints import MysqlEndpoint

pytestmark = pytest.mark.integration
CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.sql"))


@pytest.fixture(autouse=True)
def trusted(root: Root) -> Iterator[None]:
    (before,) = root("SELECT @@GLOBAL.log_bin_trust_function_creators")
    root("SET GLOBAL log_bin_trust_function_creators = 1")
    yield
    root("SET GLOBAL log_bin_trust_function_creators = %s", *before)


def planned(bench: Bench, to: str = "") -> BaselinePlan:
    return plan_baseline(bench.target(), to=to)


def recorded(bench: Bench, to: str = "", *, dry_run: bool = False) -> BaselineResult:
    plan = planned(bench, to)
    return baseline(bench.target(), planned=plan, emit=bench.events.append, dry_run=dry_run)


def by_hand(bench: Bench, server: Server, *files: str, account: MysqlEndpoint | None = None) -> None:
    """Give the database what files make, as somebody with the mysql client does."""
    for name in files:
        text = (bench.folder / f"{name}.sql").read_text(encoding="utf-8")
        done = run_client(server, text, database=bench.endpoint.database or "", account=account or bench.endpoint)
        assert (done.returncode, done.stderr) == (0, b"")


def everything(root: Root, *databases: str) -> list[object]:
    """Each table of some databases with its columns and its checksum, and their routines."""
    found: list[object] = []
    for database in databases:
        tables = root("SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1", database)
        for (table,) in tables:
            name = f"{quote_identifier(database)}.{quote_identifier(table)}"
            found += [root(f"SHOW CREATE TABLE {name}"), root(f"CHECKSUM TABLE {name}")]
        routines = "SELECT routine_name, last_altered FROM information_schema.routines WHERE routine_schema = %s"
        found += root(routines, database)
    return found


def scratch_is_gone(bench: Bench, root: Root) -> bool:
    return root("SHOW DATABASES LIKE %s", scratch_of(bench.endpoint.database or "").replace("_", r"\_")) == []


@pytest.fixture
def plain(bench: Bench) -> Bench:
    return bench.write(
        _001_seats="CREATE TABLE seats (id INT AUTO_INCREMENT PRIMARY KEY, at VARCHAR(20));\n"
        "INSERT INTO seats (at) VALUES ('a'), ('b');",
        _002_views="CREATE VIEW free AS SELECT at FROM seats;\n"
        "CREATE TRIGGER named BEFORE INSERT ON seats FOR EACH ROW SET NEW.at = TRIM(NEW.at);\n"
        "CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;",
        _003_later="ALTER TABLE seats ADD price DECIMAL(8, 2);",
    )


def test_what_is_there_is_recorded_and_the_rest_is_pending(plain: Bench, own_mysql: Server, root: Root) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views")
    plain.query("INSERT INTO seats (at) VALUES ('c')")
    before = everything(root, plain.endpoint.database or "")
    assert str(planned(plain, "002_views")) == (
        f"main ({plain.endpoint.database}): record 2 migrations as applied, from 001_seats up to 002_views\n"
        "  nothing is executed in the database; it is compared with what these files make\n"
        "  pending afterwards: 003_later"
    )
    result = recorded(plain, "002_views.sql")
    assert (result.recorded, result.compared, result.difference) == (("001_seats", "002_views"), 4, "")
    assert plain.progress("comparing")[-1].startswith("002_views: CREATE FUNCTION one()")

    assert plain.states() == {"001_seats": "applied", "002_views": "applied", "003_later": "pending"}
    after = everything(root, plain.endpoint.database or "")
    assert [one for one in after if one in before] == before
    assert plain.query("SELECT COUNT(*) FROM seats") == [(3,)]
    names = plain.query("SELECT migration_id FROM _yoyo_migration ORDER BY 1")
    assert names == [("001_seats",), ("002_views",)]
    assert plain.query("SELECT run_from LIKE 'baseline via %' FROM ticketctl_migration") == [(1,), (1,)]
    assert scratch_is_gone(plain, root)

    assert [migration.name for migration in plain.apply().databases[0].applied] == ["003_later"]
    with pytest.raises(MigrationError, match="has a history already"):
        planned(plain)


def test_a_database_that_is_something_else_is_refused(plain: Bench, own_mysql: Server, root: Root) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views")
    plain.query("ALTER TABLE seats ADD seen INT")
    plain.query("DROP VIEW free")
    plain.query("CREATE TABLE extra (x INT)")
    with pytest.raises(BaselineDifferentError, match="is not what its migrations up to 002_views make") as raised:
        recorded(plain, "002_views")
    lines = raised.value.difference.splitlines()
    database = plain.endpoint.database
    assert "-  `seen` int DEFAULT NULL," in lines
    assert f"--- table seats in {database}" in lines
    assert "+++ no table extra by the migrations" in lines
    assert f"--- no table free in {database}" in lines
    assert "function one" not in raised.value.difference
    assert "3 of 5 tables, views, routines and triggers differ" in raised.value.why
    assert "-  `seen` int DEFAULT NULL," in raised.value.why
    assert plain.query("SHOW TABLES LIKE '%migration%'") == []  # not even the tables for it
    assert scratch_is_gone(plain, root)

    shown = recorded(plain, "002_views", dry_run=True)
    assert (shown.recorded, shown.difference) == ((), raised.value.difference)


def test_a_dry_run_compares_and_records_nothing(plain: Bench, own_mysql: Server) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views", "003_later")
    migrate = Command(plain)
    done = migrate("baseline", "main", "--dry-run")
    assert done.code == 0
    assert done.out.endswith("  it is the same; 4 tables, views, routines and triggers compared\n")
    assert plain.query("SHOW TABLES LIKE '%migration%'") == []
    refused = migrate("baseline", "main")
    assert (refused.code, "record 3 migrations as applied" in refused.err) == (2, True)
    done = migrate("baseline", "main", "--yes")
    assert (done.code, done.out) == (
        0,
        f"main ({plain.endpoint.database}): recorded 3 migrations, up to 003_later; "
        "4 tables, views, routines and triggers compared\n",
    )
    assert migrate("status").code == 0


def test_the_command_shows_the_difference(plain: Bench, own_mysql: Server) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views")
    migrate = Command(plain)
    dry = migrate("baseline", "main", "--dry-run")
    assert (dry.code, "+  `price` decimal(8,2) DEFAULT NULL," in dry.out) == (1, True)
    real = migrate("baseline", "main", "--yes")
    assert (real.code, "TKT-411" in real.err, "+  `price` decimal(8,2) DEFAULT NULL," in real.err) == (5, True, True)
    answer = json.loads(migrate("baseline", "main", "--dry-run", "--json").out)
    assert answer["difference"]
    assert migrate("baseline", "main", "--to", "002_views", "--yes").code == 0


def test_refusals(plain: Bench, scratch_name: Callable[..., str]) -> None:
    with pytest.raises(UnknownNameError, match="there is no migration '009_x'"):
        planned(plain, "009_x")
    with pytest.raises(MigrationError, match="does not exist"):
        planned(plain.on(scratch_name()))
    with pytest.raises(BaselineDifferentError):  # nothing is there yet
        recorded(plain)


def test_no_files(bench: Bench) -> None:
    assert planned(bench).is_empty
    assert Command(bench)("baseline", "main").out.endswith("there is no migration to record\n")


def test_what_yoyo_has_managed_needs_no_baseline(plain: Bench) -> None:
    plain.apply()
    plain.query("DROP TABLE ticketctl_migration, ticketctl_migration_statement")
    with pytest.raises(YoyoLedgerError, match="needs no baseline: yoyo has managed it") as raised:
        planned(plain)
    assert "`ticketctl migrate apply` takes over" in raised.value.next_step


def test_a_statement_that_fails_in_the_replay(bench: Bench, root: Root) -> None:
    bench.query("CREATE TABLE was_there (x INT)")
    bench.write(_001_a="CREATE TABLE a (x INT);\n\nALTER TABLE was_there ADD y INT;")
    with pytest.raises(MigrationStatementError, match=r"001_a\.sql:3:1: MySQL refused this statement when") as raised:
        recorded(bench)
    assert (raised.value.number, raised.value.line) == (1146, 3)
    assert f"'{bench.endpoint.database}.was_there'" in raised.value.why
    assert scratch_is_gone(bench, root)
    assert bench.query("SHOW TABLES") == [("was_there",)]


def test_other_tools_books_are_not_compared(plain: Bench, own_mysql: Server) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views", "003_later")
    plain.query("CREATE TABLE flyway_schema_history (x INT)")
    assert planned(plain).ledgers == ("flyway_schema_history",)
    assert "in which Flyway keeps its books" in str(planned(plain))
    assert recorded(plain).compared == 4


def test_settings_of_a_connection_end_with_their_migration(bench: Bench, own_mysql: Server) -> None:
    bench.write(
        _001_a="SET SESSION sql_mode = 'ANSI_QUOTES';\nSET foreign_key_checks = 0;\n"
        'CREATE TABLE "a" (x INT, FOREIGN KEY (x) REFERENCES b (x));\nCREATE TABLE b (x INT PRIMARY KEY);\n'
        "CREATE TEMPORARY TABLE t (x INT);\nDROP TABLE t;\n",
        _002_b='CREATE TABLE t (x VARCHAR(9) DEFAULT "b");\nCREATE PROCEDURE p() SELECT "x";\n',
    )
    by_hand(bench, own_mysql, "001_a", "002_b")
    assert recorded(bench).compared == 4


CONDITIONAL = """
CREATE TABLE {own}.`seats` (id INT PRIMARY KEY, at VARCHAR(20));
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = '{own}' AND table_name = 'seats' AND column_name = 'price'
);
SET @sql = IF(@missing, 'ALTER TABLE {own}.seats ADD price INT COMMENT ''of {own}.seats; größer''', 'DO 0');
PREPARE change_it FROM @sql;
EXECUTE change_it;
DEALLOCATE PREPARE change_it;
DELIMITER $$
CREATE PROCEDURE add_column(IN of_table VARCHAR(64), IN name VARCHAR(64))
BEGIN
    DECLARE CONTINUE HANDLER FOR 1060 BEGIN END;
    IF NOT EXISTS (
        SELECT * FROM information_schema.columns
        WHERE table_schema = '{own}' AND table_name = of_table AND column_name = name
    ) THEN
        SET @text = CONCAT('ALTER TABLE `{own}`.`', of_table, '` ADD ', name, ' INT');
        PREPARE it FROM @text;
        EXECUTE it;
        DEALLOCATE PREPARE it;
    END IF;
END$$
DELIMITER ;
CALL add_column('seats', 'extra');
CALL {own}.add_column('seats', 'extra');
INSERT INTO seats (id) SELECT s.id + 1 FROM {own}.seats AS s JOIN {own}.seats ON seats.id = s.id;
CREATE VIEW sizes AS SELECT table_name AS a FROM information_schema.tables WHERE table_schema = '{own}';
ALTER DATABASE {own} CHARACTER SET latin1;
CREATE TABLE later (x VARCHAR(20));
"""


def test_dynamic_sql_works_on_the_schema_and_not_on_the_database(bench: Bench, own_mysql: Server, root: Root) -> None:
    own = bench.endpoint.database or ""
    bench.write(_001_a=CONDITIONAL.format(own=own))
    by_hand(bench, own_mysql, "001_a")
    before = everything(root, own)
    result = recorded(bench, dry_run=True)
    assert result.difference == ""
    assert (result.left_out, result.compared) == ((), 4)
    assert everything(root, own) == before


# Each would change `other` or the database itself, if it were executed as it is.
HARMFUL = {
    "names another database": "DROP TABLE {other}.precious;",
    "names it in a list": "UPDATE a, {other}.precious AS p SET p.x = 9;",
    "deletes from it": "DELETE p FROM a JOIN {other}.precious AS p;",
    "renames into it": "RENAME TABLE a TO {other}.a;",
    "moves a trigger's work": "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW"
    " INSERT INTO {other}.precious VALUES (9);\n"
    "INSERT INTO a VALUES (1);",
    "writes through a view": "CREATE VIEW v AS SELECT x FROM {other}.precious;\nINSERT INTO v VALUES (9);",
    "drops the own database": "DROP DATABASE {own};",
    "drops it in a procedure": "CREATE PROCEDURE p() DROP DATABASE {own};\nCALL p();",
    "calls one that names another": "CREATE PROCEDURE p() BEGIN DELETE FROM {other}.precious; END;\nCALL p();",
    "prepares": "SET @s = 'DROP TABLE {other}.precious';\nPREPARE s FROM @s;\nEXECUTE s;\nDEALLOCATE PREPARE s;",
    "prepares in pieces": "SET @s = CONCAT('DROP TABLE ', REVERSE(REVERSE('{other}')), '.precious');\n"
    "PREPARE s FROM @s;\nEXECUTE s;",
    "prepares a literal": "PREPARE s FROM 'DROP DATABASE {own}';\nEXECUTE s;",
    "the own name without INTO": "UPDATE a SET x = 9;\nINSERT IGNORE {own}.a VALUES (5);\nREPLACE {own}.a VALUES (6);",
    "truncates its own": "TRUNCATE {own}.a;\nUPDATE {own}.a, {own}.a AS b SET a.x = 8;",
    "accounts": "CREATE USER harmful@localhost;\nGRANT ALL ON {own}.* TO harmful@localhost;",
    "server": "SET GLOBAL max_connections = 150;\nFLUSH TABLES;",
    "files": "SELECT 1 INTO OUTFILE '/tmp/harmful';",
    "events": "CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO DELETE FROM a;",
}


def prepare_harm(bench: Bench, root: Root, other: str, case: str) -> tuple[str, str]:
    """Write a migration that would do harm; return the names of its own database and of the other."""
    own = bench.endpoint.database or ""
    root(f"CREATE DATABASE {other}")  # one that the migration account may change
    root(f"CREATE TABLE {other}.precious (x INT)")
    root(f"INSERT INTO {other}.precious VALUES (1), (2)")
    bench.query("CREATE TABLE a (x INT)")
    bench.query("INSERT INTO a VALUES (1)")
    harm = HARMFUL[case].format(own=own, other=other)
    bench.write(_001_a=f"CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);\n{harm}\n")
    return own, other


CONFINED = ("the own name without INTO", "truncates its own")  # executed, on the schema


@pytest.mark.parametrize("case", HARMFUL)
def test_the_replay_cannot_touch_anything_else(
    bench: Bench, root: Root, scratch_name: Callable[..., str], case: str
) -> None:
    own, other = prepare_harm(bench, root, scratch_name(), case)
    before = everything(root, own, other)
    result = recorded(bench, dry_run=True)
    assert everything(root, own, other) == before
    assert result.difference == ""
    assert bool(result.left_out) == (case not in CONFINED)
    assert root("SELECT COUNT(*) FROM mysql.user WHERE user = 'harmful'") == [(0,)]


@pytest.mark.parametrize(
    "case",
    [case for case in HARMFUL if case not in ("accounts", "server", "files", "events")],
)
def test_without_confinement_the_same_statements_do_their_harm(
    bench: Bench, root: Root, scratch_name: Callable[..., str], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = prepare_harm(bench, root, scratch_name(), case)
    before = everything(root, own, other)
    monkeypatch.setattr(Confinement, "confine", lambda _, statement: statement.text)
    monkeypatch.setattr(Confinement, "confine_text", lambda _, text: text)
    with suppress(TicketctlError):
        recorded(bench, dry_run=True)
    assert everything(root, own, other) != before


@pytest.mark.parametrize("case", ["drops", "loops", "handles"])
def test_a_procedure_that_reaches_out_while_it_runs_fails(
    bench: Bench, root: Root, scratch_name: Callable[..., str], case: str
) -> None:
    own, other = bench.endpoint.database or "", scratch_name()
    root(f"CREATE DATABASE {other}")
    root(f"CREATE TABLE {other}.precious (x INT)")
    bench.query("CREATE TABLE a (x INT)")
    before = everything(root, own, other)
    text = {
        # The name comes from where nobody can read it before it runs.
        "drops": "SET @text = CONCAT('DROP TABLE ', hidden, '.precious');",
        "loops": "SET @text = (SELECT CONCAT('DROP TABLE ', table_schema, '/**/.', table_name)"
        " FROM information_schema.tables WHERE table_name = 'precious');",
        "handles": "SET @text = CONCAT('DROP DATABASE ', hidden);",
    }[case]
    handler = "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;" if case == "handles" else ""
    bench.write(
        _001_a="CREATE TABLE a (x INT);\n"
        f"CREATE PROCEDURE p(hidden TEXT) BEGIN {handler} {text} PREPARE s FROM @text; EXECUTE s; END;\n"
        f"CALL p(UNHEX('{other.encode().hex()}'));\n"
    )
    if case == "handles":
        assert "procedure p" in recorded(bench, dry_run=True).difference
    else:
        with pytest.raises(MigrationStatementError) as raised:
            recorded(bench)
        assert re.search(re.escape(REFUSED)[:20], raised.value.why)
    assert everything(root, own, other) == before

    # The control: as it is, the same call does it.
    precious = everything(root, other)
    bench.query("DROP TABLE a")
    bench.apply()
    assert everything(root, other) != precious


def test_what_is_left_out_is_not_compared(
    bench: Bench, own_mysql: Server, root: Root, scratch_name: Callable[..., str]
) -> None:
    other = scratch_name()
    root(f"CREATE DATABASE {other}")
    root(f"CREATE TABLE {other}.precious (x INT PRIMARY KEY)")
    bench.write(
        _001_a=f"CREATE TABLE a (x INT, FOREIGN KEY (x) REFERENCES {other}.precious (x));\n"
        "ALTER TABLE a ADD y INT;\nCREATE TABLE b (x INT);\n"
        f"GRANT SELECT ON b TO {bench.endpoint.user}@'%';\n",
    )
    by_hand(bench, own_mysql, "001_a", account=root_of(own_mysql))
    plan = planned(bench)
    assert [(one.line, one.why) for one in plan.left_out] == [
        (1, f"it names another database, {other}"),
        (2, "it may need table a, which is left out"),
        (4, "it changes accounts or rights"),
    ]
    assert plan.not_compared == ("table a",)
    assert "001_a.sql:4: it changes accounts or rights" in str(plan)
    assert "not compared: table a" in str(plan)
    assert recorded(bench).compared == 1


def test_a_database_that_has_a_table_of_its_own_name(bench: Bench, own_mysql: Server, root: Root) -> None:
    own = bench.endpoint.database or ""
    bench.write(
        _001_a=f"CREATE TABLE {own} (id INT PRIMARY KEY, {own} INT);\n"
        f"INSERT INTO {own} VALUES (1, 1);\n"
        f"UPDATE {own} SET {own}.{own} = 2 WHERE {own}.id = 1;\n"
        f"INSERT INTO {own}.{own} (id) SELECT {own}.id + 1 FROM {own}.{own} WHERE {own}.id = 1;\n"
        f"SET @there = (SELECT COUNT(*) FROM information_schema.tables"
        f" WHERE table_schema = '{own}' AND table_name = '{own}');\n"
        f"SET @sql = IF(@there, 'ALTER TABLE {own} ADD y INT', 'none');\nPREPARE s FROM @sql;\nEXECUTE s;\n"
    )
    by_hand(bench, own_mysql, "001_a")
    before = everything(root, own)
    result = recorded(bench, dry_run=True)
    assert (result.difference, result.compared) == ("", 1)
    assert everything(root, own) == before


EVENTS_OF_THE_CORPUS = {"13_events": 3, "14_events_without_delimiter": 2, "63_roundabout_definitions": 1}


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_what_real_projects_write_is_recognised(bench: Bench, file: Path) -> None:
    (bench.folder / file.name).write_bytes(file.read_bytes())
    bench.apply()
    books = "^(ticketctl_migration|_yoyo|yoyo_lock$)"
    tables = bench.query(f"SHOW TABLES WHERE Tables_in_{bench.endpoint.database} REGEXP '{books}'")
    bench.query(f"DROP TABLE {', '.join(name for (name,) in tables)}")

    result = recorded(bench, dry_run=True)
    assert result.difference == ""
    assert all("it changes an event" in one.why for one in result.left_out)
    assert len(result.left_out) == EVENTS_OF_THE_CORPUS.get(file.stem, 0)
    assert result.compared


def test_what_another_account_has_made(plain: Bench, own_mysql: Server, root: Root) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views", account=root_of(own_mysql))
    with pytest.raises(BaselineDifferentError) as raised:
        recorded(plain, "002_views")
    assert raised.value.difference.startswith(f"--- function one in {plain.endpoint.database}\n")
    assert "1 of 4 tables, views, routines and triggers differ" in raised.value.why
    assert "GRANT SHOW_ROUTINE" in raised.value.next_step
    user = f"{plain.endpoint.user}@'%'"
    root(f"GRANT SHOW_ROUTINE ON *.* TO {user}")
    try:
        assert recorded(plain, "002_views").compared == 4
    finally:
        root(f"REVOKE SHOW_ROUTINE ON *.* FROM {user}")


def test_another_run_is_waited_for(plain: Bench, own_mysql: Server, root: Root) -> None:
    from ticketctl.errors import MigrationLockedError
    from ticketctl.provision.migrate.execution.lock import lock_name

    by_hand(plain, own_mysql, "001_seats", "002_views", "003_later")
    plan = planned(plain)
    assert root("SELECT GET_LOCK(%s, 0)", lock_name(plain.endpoint.database or "")) == [(1,)]
    with pytest.raises(MigrationLockedError):
        baseline(plain.target(), planned=plan, emit=plain.events.append, lock_timeout=0.2)
    assert scratch_is_gone(plain, root)


def test_the_plan_must_still_fit(plain: Bench, own_mysql: Server) -> None:
    by_hand(plain, own_mysql, "001_seats", "002_views", "003_later")
    plan = planned(plain)
    stale = replace(plan, migrations=plan.migrations[1:])
    with pytest.raises(MigrationError, match="are others than those of the plan"):
        baseline(plain.target(), planned=stale, emit=plain.events.append)
