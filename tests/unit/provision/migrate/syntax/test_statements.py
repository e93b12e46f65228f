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
        ("create table if not exists t (a int)", "definition"),
        ("/*!50001 CREATE OR REPLACE VIEW v AS SELECT 1 */", "definition"),
        ("CREATE DEFINER=`a`@`%` PROCEDURE IF NOT EXISTS p() SELECT 1", "definition"),
        ("DROP TABLE IF EXISTS a, b", "definition"),
        ("DROP INDEX i ON t", "definition"),
        ("CREATE UNIQUE INDEX i ON t (a)", "definition"),
        ("CREATE TABLE t AS SELECT * FROM x WHERE NOT EXISTS (SELECT 1)", "definition"),
        ("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1", "definition"),
        ("ALTER TABLE t ADD COLUMN a INT", "definition"),
        ("RENAME TABLE a TO b", "definition"),
        ("RENAME USER a TO b", "opaque"),
        ("CREATE USER a", "opaque"),
        ("ALTER EVENT e DISABLE", "repeatable"),
        ("ALTER DEFINER=a@b EVENT e COMMENT 'x'", "repeatable"),
        ("ALTER EVENT e RENAME TO f", "definition"),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "definition"),
        ("CREATE DATABASE x", "opaque"),
        ("ALTER INSTANCE ROTATE INNODB MASTER KEY", "opaque"),
        ("CREATE TEMPORARY TABLE IF NOT EXISTS t (a int)", "temporary"),
        ("DROP TEMPORARY TABLE t", "temporary"),
        ("INSERT INTO t VALUES (1)", "transactional"),
        ("with x as (select 1) update t set a = 1", "transactional"),
        ("(SELECT 1) UNION (SELECT 2)", "transactional"),
        ("DO SLEEP(1)", "transactional"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "opaque"),
        ("SET FOREIGN_KEY_CHECKS = 0", "session"),
        ("SET @a = 1, GLOBAL max_connections = 5", "opaque"),
        ("SET @@GLOBAL.read_only = 1", "opaque"),
        ("SET PASSWORD = 'x'", "opaque"),
        ("SET @x = DEFAULT(a)", "session"),
        ("PREPARE s FROM @x", "session"),
        ("DROP PREPARE s", "session"),
        ("EXECUTE s", "opaque"),
        ("CALL p()", "opaque"),
        ("GRANT SELECT ON t TO a", "opaque"),
        ("TRUNCATE t", "definition"),
        ("ALTER TABLE t AUTO_INCREMENT = 5", "repeatable"),
        ("alter table `a`.`b` auto_increment 5", "repeatable"),
        ("ALTER TABLE t AUTO_INCREMENT = 5, ADD x INT", "definition"),
        ("ALTER TABLE t ADD AUTO_INCREMENT INT", "definition"),
        ("OPTIMIZE TABLE t", "opaque"),
        ("ANALYZE TABLE t", "repeatable"),
        ("'a string'", "opaque"),
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
