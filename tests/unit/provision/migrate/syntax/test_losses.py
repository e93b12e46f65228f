"""What a rollback would delete is read from its statements."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.provision.migrate.syntax.losses import Loss, losses


@pytest.mark.parametrize(
    ("sql", "lost"),
    [
        ("DROP TABLE IF EXISTS a, `b``c`, d.e CASCADE", [Loss("a"), Loss("b`c"), Loss("e")]),
        ("drop table `a`.`b`", [Loss("b")]),
        ("DROP TABLE a; DROP TABLE a", [Loss("a")]),
        ("TRUNCATE TABLE a; TRUNCATE b", [Loss("a"), Loss("b")]),
        ("DELETE FROM a WHERE x = 1", [Loss("a", some=True)]),
        ("ALTER TABLE a DROP COLUMN b, DROP `c d`, DROP INDEX i, DROP PRIMARY KEY", [Loss("a", "b"), Loss("a", "c d")]),
        ("ALTER TABLE a.b DROP c", [Loss("b", "c")]),
        ("ALTER TABLE a ALTER x DROP DEFAULT, DROP FOREIGN KEY f, DROP CONSTRAINT g, DROP CHECK h", []),
        ("/*!50001 DROP TABLE a */", [Loss("a")]),
        ("DROP VIEW v; DROP DATABASE d; SELECT 'DROP TABLE x'; INSERT INTO a VALUES (1)", []),
    ],
)
def test_tables_and_columns(sql: str, lost: list[Loss]) -> None:
    assert list(losses(split(sql))) == lost
