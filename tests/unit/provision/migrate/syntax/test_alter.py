"""Where the clauses that forbid copying stand in a statement, and which statements they are for."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.alter import TableName, read_alteration, variants
from ticketctl.provision.migrate.syntax.lexer import Statement, split


def one(sql: str) -> Statement:
    (statement,) = split(f"DELIMITER //\n{sql}")
    return statement


INSTANT = "ALGORITHM=INSTANT"
INPLACE = "ALGORITHM=INPLACE, LOCK=NONE"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("ALTER TABLE t ADD x INT", "ALTER TABLE t {}, ADD x INT"),
        ("alter table `a b`.`t``t` add x int", "alter table `a b`.`t``t` {}, add x int"),
        ('ALTER TABLE "t" ADD x INT', 'ALTER TABLE "t" {}, ADD x INT'),
        ("ALTER TABLE t/* why */ADD x INT", "ALTER TABLE t {}, /* why */ADD x INT"),
        ("ALTER TABLE t -- why\n  ADD x INT,\n  ADD y INT", "ALTER TABLE t {}, -- why\n  ADD x INT,\n  ADD y INT"),
        ("ALTER TABLE t\nADD x INT", "ALTER TABLE t {},\nADD x INT"),
        ("/*!50100 ALTER TABLE t ADD x INT */", "/*!50100 ALTER TABLE t {}, ADD x INT */"),
        ("ALTER TABLE t PARTITION BY HASH (id)", "ALTER TABLE t {} PARTITION BY HASH (id)"),
        ("ALTER TABLE t /*!50100 PARTITION BY HASH (id) */", "ALTER TABLE t {} /*!50100 PARTITION BY HASH (id) */"),
        ("ALTER TABLE t REMOVE PARTITIONING", "ALTER TABLE t {} REMOVE PARTITIONING"),
        ("ALTER TABLE t ADD x INT REMOVE PARTITIONING", "ALTER TABLE t {}, ADD x INT REMOVE PARTITIONING"),
        ("ALTER TABLE t ADD PARTITION PARTITIONS 2", "ALTER TABLE t {}, ADD PARTITION PARTITIONS 2"),
        ("ALTER TABLE t ADD algorithm INT", "ALTER TABLE t {}, ADD algorithm INT"),
        ("ALTER TABLE t DROP algorithm, DROP `lock`", "ALTER TABLE t {}, DROP algorithm, DROP `lock`"),
        ("ALTER TABLE t ADD (algorithm INT, x INT)", "ALTER TABLE t {}, ADD (algorithm INT, x INT)"),
        ("ALTER TABLE t CHANGE algorithm copy INT", "ALTER TABLE t {}, CHANGE algorithm copy INT"),
        ("ALTER TABLE t COMMENT ', LOCK=NONE'", "ALTER TABLE t {}, COMMENT ', LOCK=NONE'"),
        (
            "ALTER ONLINE IGNORE TABLE IF EXISTS t WAIT 5 DROP x",
            "ALTER ONLINE IGNORE TABLE IF EXISTS t WAIT 5 {}, DROP x",
        ),
        ("ALTER TABLE t NOWAIT ADD x INT", "ALTER TABLE t NOWAIT {}, ADD x INT"),
    ],
)
def test_alter_table_takes_them_behind_its_name(sql: str, expected: str) -> None:
    assert variants(one(sql)) == (expected.format(INSTANT), expected.format(INPLACE))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a) {}"),
        ("CREATE UNIQUE INDEX i USING BTREE ON d.t (a) COMMENT 'LOCK'", "{same} {}"),
        ("CREATE FULLTEXT INDEX i ON t (a) WITH PARSER ngram", "{same} {}"),
        ("CREATE OR REPLACE UNIQUE INDEX IF NOT EXISTS i ON t (a)", "{same} {}"),
        ("CREATE INDEX i ON t (`lock`, (algorithm + 1))", "{same} {}"),
        ("/*!80000 CREATE INDEX i ON t (a) */", "/*!80000 CREATE INDEX i ON t (a) {} */"),
        ("CREATE INDEX i ON t (a) /*!80000 INVISIBLE */", "{same} {}"),
        ("DROP INDEX i ON t", "DROP INDEX i ON t {}"),
        ("DROP INDEX `ON` ON t", "DROP INDEX `ON` ON t {}"),
    ],
)
def test_index_statements_take_them_at_the_end(sql: str, expected: str) -> None:
    assert variants(one(sql)) == (expected.format("ALGORITHM=INPLACE LOCK=NONE", same=sql),)


@pytest.mark.parametrize(
    "sql",
    [
        *("ALTER TABLE t ADD x INT, ALGORITHM=COPY", "ALTER TABLE t ADD x INT, ALGORITHM INPLACE", "ALTER TABLE t"),
        *("ALTER TABLE t ALGORITHM = DEFAULT, ADD x INT", "ALTER TABLE t LOCK=SHARED, ADD x INT"),
        *("ALTER TABLE t ADD x INT, LOCK = NONE", "ALTER TABLE t ADD x INT /*!80000 , ALGORITHM=COPY */"),
        *("CREATE INDEX i ON t (a) LOCK=NONE", "DROP INDEX i ON t ALGORITHM COPY"),
    ],
)
def test_who_says_it_already_is_left_alone(sql: str) -> None:
    assert variants(one(sql)) == ()
    assert read_alteration(one(sql)) is not None


@pytest.mark.parametrize(
    "clause",
    [
        *("DISCARD TABLESPACE", "IMPORT TABLESPACE", "DISCARD PARTITION p TABLESPACE", "SECONDARY_LOAD"),
        *("OPTIMIZE PARTITION p", "ANALYZE PARTITION p", "CHECK PARTITION ALL", "REPAIR PARTITION p"),
        "EXCHANGE PARTITION p WITH TABLE e",
    ],
)
def test_where_the_server_refuses_or_ignores_them_nothing_is_added(clause: str) -> None:
    assert variants(one(f"ALTER TABLE t {clause}")) == ()


@pytest.mark.parametrize(
    "sql",
    [
        *("CREATE TABLE `t` (INDEX (a), FOREIGN KEY (a) REFERENCES o (id) ON DELETE CASCADE)", "DROP TABLE t"),
        *("ALTER DATABASE d CHARACTER SET latin1", "ALTER VIEW v AS SELECT 1", "RENAME TABLE a TO b", "ALTER TABLE"),
        *("CREATE TRIGGER index_it AFTER INSERT ON t FOR EACH ROW SET @a = 1", "INSERT INTO t VALUES (1)"),
        *("CREATE VIEW index_of AS SELECT 1 FROM a JOIN b ON a.id = b.id", "CREATE INDEX i", "'ALTER TABLE t'"),
    ],
)
def test_other_statements_are_none(sql: str) -> None:
    assert read_alteration(one(sql)) is None


def test_the_tables_of_a_statement() -> None:
    added = read_alteration(
        one("ALTER TABLE d.t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES `o` (id), ADD b INT REFERENCES e.p (id)")
    )
    assert added is not None
    assert (added.verb, added.table) == ("ALTER TABLE", TableName("d", "t"))
    assert added.references == (TableName("", "o"), TableName("e", "p"))
    dropped = read_alteration(one("DROP INDEX i ON `t`"))
    assert dropped is not None
    assert (dropped.verb, dropped.table, dropped.references) == ("DROP INDEX", TableName("", "t"), ())
