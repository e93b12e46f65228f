"""What is known of a statement before it is executed."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.lexer import Statement, split
from ticketctl.provision.migrate.syntax.statements import excerpt, kind_of, refusal


def one(sql: str) -> Statement:
    (statement,) = split(f"DELIMITER //\n{sql}")
    return statement


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("create table if not exists t (a int)", "guarded"),
        ("CREATE TABLE /* x */ IF NOT EXISTS t (a int)", "guarded"),
        ("/*!50001 CREATE OR REPLACE VIEW v AS SELECT 1 */", "guarded"),
        ("CREATE DEFINER=`a`@`%` PROCEDURE IF NOT EXISTS p() SELECT 1", "guarded"),
        ("DROP TABLE IF EXISTS a, b", "guarded"),
        ("DROP INDEX i ON t", "unguarded"),
        ("CREATE TABLE t (a int)", "unguarded"),
        ("CREATE TABLE t AS SELECT * FROM x WHERE NOT EXISTS (SELECT 1)", "unguarded"),
        (
            "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW IF NOT EXISTS (SELECT 1) THEN SET @a=1; END IF",
            "unguarded",
        ),
        ("CREATE TEMPORARY TABLE IF NOT EXISTS t (a int)", "temporary"),
        ("DROP TEMPORARY TABLE t", "temporary"),
        ("ALTER TABLE t ADD COLUMN a INT", "unguarded"),
        ("INSERT INTO t VALUES (1)", "transactional"),
        ("with x as (select 1) update t set a = 1", "transactional"),
        ("(SELECT 1) UNION (SELECT 2)", "transactional"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "unguarded"),
        ("SET FOREIGN_KEY_CHECKS = 0", "session"),
        ("SET @a = 1, GLOBAL max_connections = 5", "unguarded"),
        ("SET @@GLOBAL.read_only = 1", "unguarded"),
        ("SET PASSWORD = 'x'", "unguarded"),
        ("SET @x = DEFAULT(a)", "session"),
        ("PREPARE s FROM @x", "session"),
        ("EXECUTE s", "unguarded"),
        ("CALL p()", "unguarded"),
        ("TRUNCATE t", "unguarded"),
        ("'a string'", "unguarded"),
    ],
)
def test_kinds(sql: str, kind: str) -> None:
    assert kind_of(one(sql)).value == kind


@pytest.mark.parametrize(
    "sql",
    [
        *("USE other", "begin", "START TRANSACTION", "COMMIT", "rollback to savepoint a", "LOCK TABLES t WRITE"),
        *("SET autocommit=0", "SET SESSION autocommit=0", "SET @@autocommit = 0", "/*!40000 LOCK TABLES t WRITE */"),
    ],
)
def test_what_would_break_the_journal_is_refused(sql: str) -> None:
    assert refusal(one(sql))


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE `use` (a int)", "CREATE PROCEDURE p() BEGIN COMMIT; END", "SET @begin = 1", "'USE'"]
)
def test_the_same_words_elsewhere_are_not(sql: str) -> None:
    assert refusal(one(sql)) == ""


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt(one("SELECT\n   1")) == "SELECT 1"
    assert len(excerpt(one("SELECT " + "1, " * 200 + "1"))) == 120
