"""Statements turned so that they can only touch another schema."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.confine import Confinement
from ticketctl.provision.migrate.syntax.guard import NotConfinedError, guard
from ticketctl.provision.migrate.syntax.lexer import Statement, split


def statement(sql: str) -> Statement:
    (one,) = split(f"DELIMITER $$\n{sql}\n$$\n")
    return one


def confinement(*, own_is_table: bool = False) -> Confinement:
    return Confinement("events", "scratch", ["events", "other", "information_schema"], own_is_table=own_is_table)


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("CREATE TABLE seats (x INT)", "CREATE TABLE seats (x INT)"),
        ("CREATE TABLE `events`.seats (x INT)", "CREATE TABLE `scratch`.seats (x INT)"),
        ("ALTER DATABASE events CHARACTER SET latin1", "ALTER DATABASE scratch CHARACTER SET latin1"),
        ("ALTER DATABASE CHARACTER SET latin1", "ALTER DATABASE CHARACTER SET latin1"),
        ("CREATE DEFINER=`a`@`b` VIEW v AS SELECT 1", "CREATE  VIEW v AS SELECT 1".replace("  ", "    ")),
        ("SET @s = 'DROP TABLE events.seats'", "SET @s = 'DROP TABLE scratch.seats'"),
        ("SET @s = 'no events today'", "SET @s = 'no events today'"),
        ("SET @s = 'eventsevents'", "SET @s = 'eventsevents'"),
        ("SET @d = 'events'", "SET @d = 'scratch'"),
        (
            "SET @n = (SELECT 1 FROM information_schema.tables WHERE table_schema='events' AND table_name='events')",
            "SET @n = (SELECT 1 FROM information_schema.tables WHERE table_schema='scratch' AND table_name='events')",
        ),
        (
            "SET @s = 'SELECT 1 FROM information_schema.tables WHERE table_schema = ''events'''",
            "SET @s = 'SELECT 1 FROM information_schema.tables WHERE table_schema = ''scratch'''",
        ),
        ("INSERT INTO t VALUES ('events', 'events.x')", "INSERT INTO t VALUES ('events', 'events.x')"),
        (
            "CREATE VIEW v AS SELECT 1 FROM information_schema.tables t WHERE t.table_schema IN ('events')",
            "CREATE VIEW v AS SELECT 1 FROM information_schema.tables t WHERE t.table_schema IN ('scratch')",
        ),
    ],
)
def test_what_is_sent(sql: str, sent: str) -> None:
    assert confinement().confine(statement(sql)).replace(" ", "") == sent.replace(" ", "")


@pytest.mark.parametrize("own", ["nightclub", "bin", "b", "`tick`"])
def test_a_name_is_read_to_its_last_letter(own: str) -> None:
    confined = Confinement(own, "scratch", [own])
    for quoted in (f"'{own}'", f'"{own}"', f"n'{own}'"):
        assert "scratch" in confined.confine(statement(f"SET @n = (@table_schema = {quoted})"))


def test_a_name_that_is_also_a_tables_stays_where_it_may_be_that() -> None:
    confined = confinement(own_is_table=True)
    assert confined.confine(statement("CALL p('events')")) == "CALL p('events')"
    assert confined.confine(statement("SET @n = (@table_schema = 'events')")) == "SET @n = (@table_schema = 'scratch')"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE other.x", "names another database, other"),
        ("SELECT * FROM unknown_database.x", "names another database, unknown_database"),
        ("UPDATE performance_schema.setup_actors SET x = 1", "names another database, performance_schema"),
        ("DROP DATABASE events", "changes a whole database"),
        ("ALTER DATABASE other CHARACTER SET latin1", "changes a whole database"),
        ("GRANT ALL ON events.* TO a", "accounts or rights"),
        ("CREATE USER a", "accounts or rights"),
        ("DROP ROLE a", "accounts or rights"),
        ("SET PASSWORD = 'x'", "outlasts the connection"),
        ("SET GLOBAL x = 1", "outlasts the connection"),
        ("SET @@GLOBAL.x = 1", "outlasts the connection"),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "an event"),
        ("LOAD DATA INFILE 'x' INTO TABLE t", "files"),
        ("SELECT 1 INTO OUTFILE 'x'", "files"),
        ("ALTER TABLE t IMPORT TABLESPACE", "files"),
        ("KILL 5", "changes the server"),
        ("INSTALL PLUGIN a SONAME 'b'", "changes the server"),
        ("CREATE FUNCTION f RETURNS INT SONAME 'x'", "changes the server"),
        ("CREATE TABLE t (x INT) ENGINE=FEDERATED CONNECTION='x'", "on another server"),
        ("CREATE PROCEDURE p() DROP DATABASE events", "beyond the database's tables"),
        ("CREATE PROCEDURE p() BEGIN SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1; END", "beyond"),
        ("CREATE PROCEDURE p() BEGIN GRANT ALL ON a TO b; END", "the server, accounts or rights"),
        ("CREATE PROCEDURE p() BEGIN SET GLOBAL x = 1; END", "the server"),
        ("CREATE PROCEDURE p() BEGIN SET @@global.x = 1; END", "the server"),
        ("CREATE PROCEDURE p() BEGIN DELETE FROM other.x; END", "names another database, other"),
        ("CREATE PROCEDURE p() BEGIN EXECUTE IMMEDIATE 'x'; END", "puts together itself"),
        ("EXECUTE IMMEDIATE 'DROP TABLE other.x'", "puts together itself"),
        ("SELECT 1 FROM events e JOIN b ON e.x = b.x, events.c", "cannot be told whether events"),
    ],
)
def test_what_is_refused(sql: str, why: str) -> None:
    with pytest.raises(NotConfinedError, match=why):
        confinement().confine(statement(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE PROCEDURE p() BEGIN START TRANSACTION; UPDATE a SET reset = 1, kill = 2; COMMIT; END",
        "CREATE PROCEDURE p() BEGIN DROP TABLE IF EXISTS user; CREATE TEMPORARY TABLE event (x INT); END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1",
        "ALTER TABLE a ADD server INT, ADD event INT",
    ],
)
def test_what_looks_dangerous_and_is_not(sql: str) -> None:
    assert confinement().confine(statement(sql)) == sql


@pytest.mark.parametrize("text", ["DROP TABLE other.x", "DROP DATABASE events", "SELECT 1; SELECT 2", "", "'"])
def test_prepared_texts_are_refused(text: str) -> None:
    with pytest.raises(NotConfinedError):
        confinement().confine_text(text)


def test_a_procedure_that_prepares_gets_checks_that_are_taken_out_again() -> None:
    body = (
        "CREATE PROCEDURE p() BEGIN SET @a = 'ALTER TABLE events.x ADD y INT'; "
        "IF 1 THEN PREPARE one FROM @a; END IF; EXECUTE one; DEALLOCATE PREPARE one; PREPARE two FROM 'DO 0'; END"
    )
    confined = confinement()
    sent = confined.confine(statement(body))
    assert sent.count("REGEXP") == 4
    assert "PREPARE one FROM @a" not in sent
    assert "DEALLOCATE PREPARE one;" in sent
    assert "'ALTER TABLE scratch.x ADD y INT'" in sent
    assert confined.release(sent) == body
    guarded, guards = guard(body, ["other"])
    assert len(guards) == 2
    assert guarded != body


def test_a_preparation_that_cannot_be_looked_into_is_refused() -> None:
    with pytest.raises(NotConfinedError, match="cannot be looked into"):
        guard("CREATE PROCEDURE p() BEGIN PREPARE a FROM CONCAT('x', 'y'); END", ["other"])
