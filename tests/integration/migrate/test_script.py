"""`migrate plan`: sizes of tables, and the script for the `mysql` client, fed to that client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.mysql_client import run_client
from integration.migrate.schema_snapshot import schema_snapshot
from integration.migrate.test_command import Command
from integration.servers import Server
from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.execution.definitions import neutral_connection, schema_definitions
from ticketctl.provision.migrate.runner import plan_script
from ticketctl.provision.migrate.syntax.footprint import SchemaObject

pytestmark = pytest.mark.integration
CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.sql"))

PROGRAMS = r"""
-- stored programs, with and without DELIMITER
CREATE PROCEDURE `fill;up`(IN n INT)
BEGIN
    -- a comment; with the delimiter
    DECLARE i INT DEFAULT 0;
    WHILE i < n DO
        INSERT INTO texts (body) VALUES (CONCAT('row;', i, '$$'));
        SET i = i + 1;
    END WHILE;
END;
DELIMITER $$
CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2 $$
CREATE TRIGGER stamp BEFORE INSERT ON texts FOR EACH ROW
BEGIN
    SET NEW.size = CHAR_LENGTH(NEW.body);
END$$
DELIMITER ;
CALL `fill;up`(3);
CREATE VIEW long_texts AS SELECT id, twice(size) AS size FROM texts WHERE body LIKE '%;%';
"""
TEXTS = r"""
CREATE TABLE texts (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT, size INT) COMMENT='Größe; ✓ \\ ''';
INSERT INTO texts (body) VALUES ('ünïcödé 🎫 \\ \' '' ; -- no comment'), ("a\nb\0c"), ('two
lines; two'), (N'ł'), (x'c3bc');
/*!50000 INSERT INTO texts (body) VALUES ('of a; version') */;
SET @found = (SELECT COUNT(*) FROM texts);
INSERT INTO texts (body) VALUES (@found);
"""
# Each file finds a new connection: the second would fail, or do something else, with the settings of the first.
SETTINGS = """
SET SESSION sql_mode = 'ANSI_QUOTES', foreign_key_checks = 0, time_zone = '+05:00', NAMES latin1;
SET @left = 'over';
CREATE TEMPORARY TABLE seen (x INT);
CREATE TABLE "child" (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id));
CREATE TABLE parents (id INT PRIMARY KEY);
"""
AFTER = """
CREATE TABLE seen (x VARCHAR(10) DEFAULT "none", at DATETIME DEFAULT '2020-01-01',
  y TIMESTAMP DEFAULT '2020-01-01 00:00:00');
INSERT INTO seen (x) VALUES (@left);
INSERT INTO seen (x) VALUES ("ö");
"""


@pytest.fixture
def trusted(root: Root) -> Iterator[Root]:
    """As root, on a server that takes functions with the binary log on."""
    (before,) = root("SELECT @@GLOBAL.log_bin_trust_function_creators")
    root("SET GLOBAL log_bin_trust_function_creators = 1")
    yield root
    root("SET GLOBAL log_bin_trust_function_creators = %s", *before)


@pytest.fixture
def migrate(bench: Bench, trusted: Root) -> Command:  # noqa: ARG001  # only its effect
    bench.write(_001_texts=TEXTS, _002_programs=PROGRAMS, _003_settings=SETTINGS, _004_after=AFTER)
    return Command(bench)


def definitions(bench: Bench) -> dict[SchemaObject, str]:
    with neutral_connection(bench.endpoint) as connection, connection.cursor() as cursor:
        return schema_definitions(cursor, bench.endpoint)


def rows(bench: Bench) -> list[object]:
    return [bench.query(f"SELECT * FROM {table}") for table in ("texts", "child", "seen")]


def test_the_script_does_in_the_client_what_apply_does(
    migrate: Command, own_mysql: Server, scratch_name: Callable[..., str], root: Root
) -> None:
    done = migrate("plan", "--sql")
    assert (done.code, done.err) == (0, "")
    run = run_client(own_mysql, done.out, account=migrate.bench.endpoint)
    assert (run.returncode, run.stderr) == (0, b"")

    applied = migrate.bench.on(scratch_name())
    root(f"CREATE DATABASE {quote_identifier(applied.endpoint.database or '')}")
    applied.apply()
    assert len(definitions(applied)) == 8
    assert definitions(migrate.bench) == definitions(applied)
    assert rows(migrate.bench) == rows(applied)
    assert migrate.bench.query("SELECT body FROM texts WHERE id = 1") == [("ünïcödé 🎫 \\ ' ' ; -- no comment",)]

    # Recorded as the script says, nothing is left to do.
    assert "001_texts" in migrate("plan").out
    command = next(line for line in done.out.splitlines() if "migrate repair" in line)
    words = command.removeprefix("--   ticketctl migrate ").split()
    assert words[0] == "repair"
    recorded = migrate(*words, "--yes")
    assert recorded.code == 0, recorded.err
    assert migrate("plan").out == f"main ({migrate.bench.endpoint.database}): nothing to apply\n"


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_what_real_projects_write_comes_through_the_client(
    bench: Bench, own_mysql: Server, scratch_name: Callable[..., str], trusted: Root, file: Path
) -> None:
    (bench.folder / file.name).write_bytes(file.read_bytes())
    script = plan_script((bench.target(),))
    run = run_client(own_mysql, script.text, account=bench.endpoint)
    assert (run.returncode, run.stderr.decode(), script.notices) == (0, "", ())

    applied = bench.on(scratch_name())
    trusted(f"CREATE DATABASE {quote_identifier(applied.endpoint.database or '')}")
    applied.apply()
    assert schema_snapshot(bench.endpoint) == schema_snapshot(applied.endpoint)
    assert definitions(bench) == definitions(applied)


def test_the_script_of_a_database_that_does_not_exist_yet(
    migrate: Command, own_mysql: Server, scratch_name: Callable[..., str]
) -> None:
    other = Command(migrate.bench.on(scratch_name()))
    script = other("plan", "--sql")
    assert script.code == 0, script.err
    run = run_client(own_mysql, script.out, account=other.bench.endpoint)
    assert (run.returncode, run.stderr) == (0, b"")
    assert "texts" in other.bench.tables()


def test_the_script_of_a_migration_that_stopped(bench: Bench, own_mysql: Server) -> None:
    bench.write(
        _001_a="SET @word = 'größer\\\\';\nSET sql_mode = 'ANSI_QUOTES';\nCREATE TABLE a (x VARCHAR(20));\n"
        'INSERT INTO "a" VALUES (@word);\nINSERT INTO "missing" VALUES (@word);\n'
    )
    migrate = Command(bench)
    assert migrate("apply").code == 5
    bench.write(
        _001_a="SET @word = 'größer\\\\';\nSET sql_mode = 'ANSI_QUOTES';\nCREATE TABLE a (x VARCHAR(20));\n"
        'INSERT INTO "a" VALUES (@word);\nINSERT INTO "a" VALUES (CONCAT(@word, 2));\n'
    )
    script = migrate("plan", "--sql").out
    assert "migrations/001_a.sql, from statement 5 of 5 on" in script
    run = run_client(own_mysql, script, account=bench.endpoint)
    assert (run.returncode, run.stderr) == (0, b"")
    assert bench.query("SELECT x FROM a") == [("größer\\",), ("größer\\2",)]

    assert "--mark 001_a" in script
    assert migrate("repair", "main", "--mark", "001_a", "--yes").code == 0
    assert migrate("status").code == 0


def test_a_script_is_not_json(migrate: Command) -> None:
    done = migrate("plan", "--sql", "--json")
    assert (done.code, done.out) == (2, "")
    assert "cannot be JSON as well" in done.err


def test_sizes_of_the_tables_that_would_change(bench: Bench) -> None:
    bench.query("CREATE TABLE large (x INT PRIMARY KEY, y CHAR(200) DEFAULT 'y')")
    bench.query("INSERT INTO large (x) VALUES " + ", ".join(f"({number})" for number in range(3000)))
    bench.query("CREATE TABLE gone (x INT)")
    bench.query("ANALYZE TABLE large")
    bench.write(
        _001_a="CREATE TABLE made (x INT);\nALTER TABLE made ADD y INT;\nALTER TABLE large ADD z INT;\n"
        "DROP TABLE gone;\nUPDATE large SET y = 'z';\nSELECT 1;\n"
    )
    migrate = Command(bench)
    (step,) = json.loads(migrate("plan", "--json").out)["databases"][0]["steps"]
    made, altered_made, altered, dropped, updated, selected = step["statements"]
    for nothing in (made, altered_made, selected):
        assert (nothing["table"], nothing["rows"], nothing["bytes"], nothing["loses_rows"]) == ("", None, None, False)
    for large in (altered, updated):
        assert large["table"] == "large"
        assert 2000 <= large["rows"] <= 4000
        assert large["bytes"] >= 3000 * 200
        assert not large["loses_rows"]
    assert (dropped["table"], dropped["rows"], dropped["loses_rows"]) == ("gone", 0, True)

    text = migrate("plan").out
    sizes = [line for line in text.splitlines() if line.endswith("iB")]
    assert len(sizes) == 3
    assert len({len(line) for line in sizes}) == 1, text  # under each other
    assert len(sizes[0]) <= 80
    assert "deletes few or no rows, 16 KiB" in text
    assert migrate("apply", "--dry-run").out == text

    migrate("apply")
    assert migrate("plan").out == f"main ({bench.endpoint.database}): nothing to apply\n"


def test_sizes_are_asked_for_only_where_something_changes(bench: Bench, root: Root) -> None:
    def asked() -> int:
        (row,) = root(
            "SELECT COALESCE(SUM(COUNT_STAR), 0) FROM performance_schema.events_statements_summary_by_digest"
            " WHERE SCHEMA_NAME = %s AND DIGEST_TEXT LIKE '%%`table_rows`%%'",
            bench.endpoint.database,
        )
        return int(row[0])

    root("TRUNCATE performance_schema.events_statements_summary_by_digest")  # it takes no more when it is full
    bench.write(_001_a="CREATE TABLE a (x INT);")
    bench.plan()
    assert asked() == 0
    bench.apply()
    bench.plan()
    assert asked() == 0
    bench.write(_002_b="ALTER TABLE a ADD y INT;")
    bench.plan()
    assert asked() == 1
    bench.apply()
    bench.plan()
    assert asked() == 1
