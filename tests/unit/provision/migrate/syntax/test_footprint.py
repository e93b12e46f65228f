"""What statements may change, told from their text."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.footprint import SchemaObject, footprint
from ticketctl.provision.migrate.syntax.lexer import Statement, split


def parsed(text: str) -> Statement:
    (statement,) = split(f"DELIMITER $$\n{text}$$")
    return statement


TELLABLE = {
    "CREATE TABLE a (id INT)": "create table:a",
    "create table a(id int)": "create table:a",
    "CREATE TABLE IF NOT EXISTS `a b` (id INT)": "create? table:a b",
    "CREATE TABLE `a``b` LIKE other": "create table:a`b",
    "CREATE TABLE shop.a (id INT)": "create table:a",
    "CREATE TABLE `shop` . `a` AS SELECT 1": "create table:a",
    "CREATE TABLE shop (id INT)": "create table:shop",
    'CREATE TABLE "shop"."a""b" (id INT)': 'create table:a"b',
    "CREATE /* why */ TABLE -- how\n a (id INT)": "create table:a",
    "/*!50001 CREATE TABLE a (id INT) */": "create table:a",
    "CREATE /*!99999 TEMPORARY_NOT */ TABLE a (id INT)": "create table:a",
    "CREATE OR REPLACE TABLE a (id INT)": "replace? table:a",
    "CREATE TABLE table_of_users (user INT, event INT)": "create table:table_of_users",
    "CREATE TABLE a (b INT REFERENCES other.c (d))": "create table:a",
    "ALTER TABLE a ADD b INT": "alter table:a",
    "ALTER TABLE a ADD COLUMN rename INT, ALGORITHM=INSTANT": "alter table:a",
    "ALTER TABLE a RENAME b": "alter table:a table:b",
    "ALTER TABLE a ADD c ENUM('x,y', 'RENAME TO z'), RENAME TO shop.b, DROP d": "alter table:a table:b",
    "ALTER TABLE a RENAME AS `rename`": "alter table:a table:rename",
    "ALTER TABLE a RENAME COLUMN b TO c, RENAME INDEX d TO e, RENAME KEY f TO g": "alter table:a",
    "ALTER TABLE a RENAME `column`": "alter table:a table:column",
    "ALTER TABLE a ENGINE=InnoDB": "alter table:a",
    "ALTER TABLE a AUTO_INCREMENT=5, COMMENT='x'": "alter table:a",
    "ALTER TABLE a ORDER BY b, c, ADD d INT NULL": "alter table:a",
    "ALTER TABLE a DROP PARTITION p": "alter table:a",
    "ALTER TABLE a ADD CHECK (b > 0)": "alter table:a",
    "DROP TABLE a": "drop table:a",
    "DROP TABLES IF EXISTS a, shop.b, `c` RESTRICT": "drop? table:a table:b table:c",
    "RENAME TABLE a TO b": "alter table:a table:b",
    "RENAME TABLES a TO tmp, shop.b TO a, tmp TO `b`": "alter table:a table:tmp table:b",
    "CREATE INDEX i ON a (b)": "alter table:a",
    "CREATE UNIQUE INDEX `on` USING BTREE ON shop.a (b)": "alter table:a",
    "CREATE FULLTEXT INDEX i ON a (b) WITH PARSER ngram": "alter table:a",
    "CREATE SPATIAL INDEX i ON a (b)": "alter table:a",
    "DROP INDEX `PRIMARY` ON a": "alter table:a",
    "CREATE VIEW v AS SELECT 1": "create table:v",
    "CREATE OR REPLACE VIEW shop.v (a) AS SELECT 1": "replace? table:v",
    "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`view`@`%` SQL SECURITY INVOKER VIEW v AS SELECT 1": "replace? table:v",
    "CREATE DEFINER = table@localhost VIEW v AS SELECT 1": "create table:v",
    "CREATE DEFINER=CURRENT_USER() VIEW IF NOT EXISTS v AS SELECT 1": "create? table:v",
    "/*!50001 CREATE */ /*!50013 DEFINER='a'@'b' SQL SECURITY DEFINER */ /*!50001 VIEW v AS SELECT 1 */": (
        "create table:v"
    ),
    "ALTER SQL SECURITY INVOKER VIEW v AS SELECT 1": "alter? table:v",
    "DROP VIEW IF EXISTS v, w": "drop? table:v table:w",
    "CREATE PROCEDURE p () BEGIN DROP TABLE a; END": "create procedure:p",
    "CREATE DEFINER='a'@'%' PROCEDURE IF NOT EXISTS shop.p (IN event INT) SELECT 1": "create? procedure:p",
    "ALTER PROCEDURE p COMMENT 'x'": "alter? procedure:p",
    "DROP PROCEDURE IF EXISTS p": "drop? procedure:p",
    "CREATE FUNCTION f () RETURNS INT RETURN 1": "create function:f",
    "CREATE AGGREGATE FUNCTION f () RETURNS INT RETURN 1": "create function:f",
    "ALTER FUNCTION f SQL SECURITY INVOKER": "alter? function:f",
    "DROP FUNCTION f": "drop function:f",
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = 1": "create trigger:t",
    "CREATE DEFINER=a@b TRIGGER shop.t AFTER DELETE ON shop.a FOR EACH ROW SET @x = 1": "create trigger:t",
    "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`h`*/ /*!50003 TRIGGER t BEFORE UPDATE ON a FOR EACH ROW BEGIN END */": (
        "create trigger:t"
    ),
    "DROP TRIGGER IF EXISTS shop.t": "drop? trigger:t",
}


@pytest.mark.parametrize("sql", TELLABLE)
def test_what_a_definition_tells(sql: str) -> None:
    found = footprint(parsed(sql), "shop")

    said = " ".join([found.effect + "?" * found.guarded, *(one.key for one in found.objects)])
    assert (found.tellable, found.reason, said) == (True, "", TELLABLE[sql])


UNTELLABLE = {
    "CREATE TABLE other.a (id INT)": "another database, other",
    "CREATE TABLE Shop.a (id INT)": "another database, Shop",
    "ALTER TABLE a RENAME TO other.a": "another database",
    "RENAME TABLE a TO other.a": "another database",
    "DROP TABLE a, other.b": "another database",
    "CREATE INDEX i ON other.a (b)": "another database",
    "CREATE TRIGGER t BEFORE INSERT ON other.a FOR EACH ROW SET @x = 1": "another database",
    "CREATE TEMPORARY TABLE a (id INT)": "temporary",
    "DROP TEMPORARY TABLE a": "temporary",
    "CREATE EVENT e ON SCHEDULE AT '2030-01-01' DO DROP TABLE a": "event",
    "CREATE EVENT e ON SCHEDULE AT '2030-01-01' ON COMPLETION NOT PRESERVE DO SELECT 'PRESERVE'": "event",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ENDS '2030-01-01' DO DROP TABLE a": "event",
    "ALTER EVENT e RENAME TO f": "event",
    "ALTER EVENT e DISABLE": "event",
    "CREATE DATABASE a": "whole database",
    "ALTER SCHEMA a CHARACTER SET utf8mb4": "whole database",
    "CREATE USER table@localhost": "accounts or rights",
    "ALTER USER a IDENTIFIED BY 'TABLE a'": "accounts or rights",
    "DROP ROLE a": "accounts or rights",
    "RENAME USER a TO b": "accounts or rights",
    "GRANT SELECT ON TABLE a TO b": "accounts or rights",
    "REVOKE ALL ON a FROM b": "accounts or rights",
    "CREATE TABLESPACE t ADD DATAFILE 'x'": "the server",
    "CREATE UNDO TABLESPACE t ADD DATAFILE 'x'": "the server",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x')": "the server",
    "CREATE SPATIAL REFERENCE SYSTEM 1 NAME 'x'": "the server",
    "ALTER INSTANCE ROTATE INNODB MASTER KEY": "the server",
    "CREATE FUNCTION f RETURNS INT SONAME 'f.so'": "the server",
    "CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'x'": "library",
    "CALL p()": "what it calls",
    "EXECUTE s": "what it calls",
    "DO f()": "what it calls",
    "OPTIMIZE TABLE a": "as it is",
    "ANALYZE TABLE a": "as it is",
    "REPAIR TABLE a": "as it is",
    "SET GLOBAL x = 1": "setting",
    "SET PERSIST x = 1": "setting",
    "INSERT INTO a VALUES (1)": "rows",
    "LOAD DATA INFILE 'x' INTO TABLE a": "rows",
    "INSTALL PLUGIN p SONAME 'x'": "the server",
    "SELECT 1": "no definition",
    "ALTER TABLE a FORCE": "does not show",
    "ALTER TABLE a FORCE, ALGORITHM=INPLACE, LOCK=NONE": "does not show",
    "ALTER TABLE a ORDER BY b, c DESC, d": "does not show",
    "ALTER TABLE a AUTO_INCREMENT = 5": "does not show",
    "ALTER TABLE a DISCARD TABLESPACE": "does not show",
    "ALTER TABLE a IMPORT PARTITION p TABLESPACE": "does not show",
    "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b": "does not show",
    "ALTER TABLE a TRUNCATE PARTITION p": "does not show",
    "ALTER TABLE a REBUILD PARTITION ALL": "does not show",
    "ALTER TABLE a CHECK PARTITION p": "does not show",
    "ALTER TABLE a DISABLE KEYS": "does not show",
    "ALTER TABLE a": "does not show",
    "CREATE": "names nothing",
    "CREATE TABLE": "names nothing",
    "CREATE TABLE IF NOT EXISTS": "names nothing",
    "DROP TABLE a,": "names nothing",
    "RENAME TABLE a": "names nothing",
    "CREATE INDEX i": "names nothing",
    f"CREATE TABLE {'x' * 65} (a INT)": "names nothing",
    "CREATE TABLE `` (a INT)": "names nothing",
    "CREATE NOTHING a": "names nothing",
}


@pytest.mark.parametrize("sql", UNTELLABLE)
def test_what_no_definition_tells_says_why(sql: str) -> None:
    found = footprint(parsed(sql), "shop")

    assert (found.tellable, found.objects) == (False, ())
    assert UNTELLABLE[sql] in found.reason


def test_the_database_is_compared_as_the_server_writes_it() -> None:
    assert footprint(parsed("DROP TABLE `my shop`.a"), "my shop").tellable
    assert not footprint(parsed("DROP TABLE shop.a"), "my shop").tellable


def test_an_object_survives_as_a_key() -> None:
    for one in (SchemaObject("table", "a:b"), SchemaObject("trigger", "ä")):
        assert SchemaObject.from_key(one.key) == one
    assert str(SchemaObject("table", "seats")) == "table seats"


@pytest.mark.parametrize("key", ["table", "table:", "view:a", ":a", ""])
def test_other_texts_are_no_keys(key: str) -> None:
    with pytest.raises(ValueError, match="not an object"):
        SchemaObject.from_key(key)
