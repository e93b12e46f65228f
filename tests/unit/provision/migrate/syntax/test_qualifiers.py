"""Which names before a dot are databases."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.provision.migrate.syntax.qualifiers import name_of, qualifiers

DATABASES = {"events", "other"}


def found(sql: str) -> list[str]:
    """The names that are databases; with a question mark where that cannot be told."""
    (statement,) = split(f"DELIMITER $$\n{sql}\n$$\n")
    tokens = [token for token in statement.tokens if not token.text.startswith(("/*", "*/"))]
    return [
        name_of(tokens[index]) + ("?" if place == "unclear" else "") for index, place in qualifiers(tokens, DATABASES)
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM events.seats", ["events"]),
        ("SELECT events.seats.id FROM events.seats", ["events", "events"]),
        ("SELECT s.id, s.* FROM `events`.seats s WHERE s.id = 1.5", ["events"]),
        ("SELECT seats.id FROM seats JOIN other.x ON x.id = seats.id", ["other"]),
        ("SELECT 1 FROM a JOIN b ON a.x = b.x, other.c", ["other"]),
        ("SELECT 1 FROM (a, other.b)", ["other"]),
        ("SELECT other.f(1)", ["other"]),
        ("INSERT INTO seats (seats.id) VALUES (1)", []),
        ("INSERT IGNORE other.seats VALUES (1)", ["other"]),
        ("REPLACE other.seats VALUES (1)", ["other"]),
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE t.x = 1, t.y = 2", []),
        ("UPDATE LOW_PRIORITY other.seats SET seats.x = 1", ["other"]),
        ("UPDATE a, other.b SET a.x = b.x", ["other"]),
        ("DELETE FROM a USING other.b", ["other"]),
        ("DELETE a.*, b.* FROM a JOIN b ON a.x = b.x", []),
        ("DELETE other.b FROM other.b", ["other", "other"]),
        ("TRUNCATE other.x", ["other"]),
        ("SELECT TRUNCATE(s.x, 2), REPLACE(s.y, 'a', 'b') FROM s", []),
        ("SELECT EXTRACT(YEAR FROM s.at), TRIM(BOTH ' ' FROM s.x) FROM s", []),
        ("CREATE TABLE a LIKE other.b", ["other"]),
        ("SELECT 1 FROM s WHERE s.a LIKE s.b", []),
        ("CREATE INDEX i ON other.t (x)", ["other"]),
        ("CREATE TRIGGER other.g BEFORE INSERT ON other.t FOR EACH ROW SET NEW.x = OLD.y", ["other", "other"]),
        ("CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (t.x, a.y)", []),
        ("RENAME TABLE a TO other.b, other.c TO d", ["other", "other"]),
        ("ALTER TABLE a RENAME AS other.b", ["other"]),
        ("CREATE TABLE a (x INT, FOREIGN KEY (x) REFERENCES other.b (x))", ["other"]),
        ("CREATE TABLE m (x INT) ENGINE=MERGE UNION=(a, other.b)", ["other"]),
        ("CALL other.p(1.5)", ["other"]),
        ("CALL p(t.x)", []),
        ("CREATE VIEW v AS SELECT a.x FROM a WHERE a.x IN (a.y, a.z)", []),
        ("SET @x = @@session.sql_mode", []),
        ('SELECT 1 FROM "other"."x"', ["other"]),
        ("/*!50000 DROP TABLE other.x */", ["other"]),
        # A table of the database's name.
        ("UPDATE events SET events.x = 1 WHERE events.y = 2", []),
        ("INSERT INTO events.events (x) SELECT events.x + 1 FROM events.events", ["events", "events"]),
        ("SELECT x FROM events AS e WHERE events.x = 1", []),
        # Nothing has made this name one for a table.
        ("SELECT other.x FROM seats", ["other"]),
        ("SELECT 1 FROM events e JOIN b ON e.x = b.x, events.c", ["events?"]),
    ],
)
def test_databases(sql: str, expected: list[str]) -> None:
    assert found(sql) == expected
