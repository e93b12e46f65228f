"""Random stored programs by MySQL's grammar, with the names and functions that look like its blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

_HEADS = (
    "CREATE PROCEDURE no_such_database.p()",
    "CREATE DEFINER = `begin`@`%` PROCEDURE no_such_database.p(IN `case` INT, OUT end ENUM('a;', ')')) NO SQL",
    "create procedure no_such_database.begin() comment 'begin; end' reads sql data",
    "CREATE TRIGGER no_such_database.t AFTER UPDATE ON no_such_database.begin FOR EACH ROW",
    "CREATE TRIGGER no_such_database.t BEFORE INSERT ON no_such_database.a FOR EACH ROW FOLLOWS end",
    "CREATE EVENT no_such_database.e ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 HOUR COMMENT 'do; begin' DO",
    "ALTER EVENT no_such_database.e ON COMPLETION PRESERVE DO",
)
_LEAVES = (
    "1",
    "end",
    "begin",
    "a.end",
    "a.begin",
    "@begin",
    "@end",
    "'; END'",
    '"IF"',
    "`case`",
    "NULL",
    "b'1'",
    "5--1",
)
_OPERATORS = (
    "+",
    "=",
    ">=",
    "AND",
    "OR",
    "XOR",
    "DIV",
    "LIKE",
    "IS NOT NULL AND",
    "<=>",
    "REGEXP",
    "COLLATE utf8mb4_bin =",
)
_GAPS = (" ", " ", " ", "\n", "\n\t", " /* ; END */ ", " -- BEGIN;\n", " # IF;\n")
_CONDITIONS = ("SQLEXCEPTION", "NOT FOUND", "SQLWARNING", "1062", "SQLSTATE '23000'", "SQLSTATE VALUE '42S01'")


class Programs:
    """Makes programs; the same seed makes the same ones.

    Args:
        seed: Where to begin.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  # nothing is kept secret with it
        self._labels = 0

    def one(self) -> str:
        """The next program, without a delimiter."""
        self._labels = 0
        *pieces, last = [self._choose(_HEADS), *self._statement(4)][:-1]  # without its semicolon
        return "".join(piece + self._choose(_GAPS) for piece in pieces) + last

    def _choose(self, among: Sequence[str]) -> str:
        return self._random.choice(among)

    def _statement(self, depth: int) -> list[str]:
        blocks: tuple[Callable[[int], list[str]], ...] = (
            *(self._block, self._block, self._if, self._case, self._searched_case),
            *(self._loop, self._repeat, self._while),
        )
        if depth > 0 and self._random.random() < 0.6:
            return [*self._random.choice(blocks)(depth - 1), ";"]
        return [*self._simple(), ";"]

    def _statements(self, depth: int) -> list[str]:
        return [piece for _ in range(self._random.randint(1, 3)) for piece in self._statement(depth)]

    def _simple(self) -> list[str]:
        value = self._expression(3)
        return self._random.choice(
            (
                ["SET", "@a", self._choose(("=", ":=")), *value],
                ["SET", "@begin", "=", *value, ",", "@end", "=", "1"],
                ["DO", *value],
                ["UPDATE", "a", "SET", "end", "=", *value, ",", "begin", "=", "end", "WHERE", *self._expression(2)],
                ["INSERT", "INTO", "a", "(begin, end)", "VALUES", "(", *value, ")"],
                ["SELECT", *value, "AS", "end", "FROM", "a", "ORDER BY", "end", "INTO", "@b"],
                ["DELETE", "FROM", "a", "WHERE", *value, "LIMIT", "1"],
                ["DROP", "TEMPORARY", "TABLE", "IF", "EXISTS", "begin"],
                ["XA", "BEGIN", "'x'"],
            )
        )

    def _expression(self, depth: int) -> list[str]:
        if depth == 0 or self._random.random() < 0.3:
            return [self._choose(_LEAVES)]
        left, right, third = (self._expression(depth - 1) for _ in range(3))
        return self._random.choice(
            (
                ["(", *left, ")", self._choose(_OPERATORS), "(", *right, ")"],
                ["IF(", *left, ",", *right, ",", *third, ")"],
                ["REPEAT(", *left, ",", "3", ")"],
                ["NOT", "(", *left, ")"],
                ["(", "SELECT", *left, "FROM", "a", "WHERE", *right, "LIMIT 1", ")"],
                ["CASE", *left, "WHEN", *right, "THEN", *third, "END"],
                ["CASE", "WHEN", *left, "THEN", *right, "WHEN", "end", "THEN", "end", "ELSE", *third, "END"],
            )
        )

    def _labelled(self, pieces: list[str]) -> list[str]:
        self._labels += 1
        label = self._choose((f"l{self._labels}", f"`end {self._labels}`"))
        return self._random.choice((pieces, [f"{label}:", *pieces], [f"{label} :", *pieces, label]))

    def _block(self, depth: int) -> list[str]:
        pieces = ["BEGIN"]
        if self._random.random() < 0.3:
            pieces += ["DECLARE", f"v{self._labels}", "INT", "DEFAULT", *self._expression(2), ";"]
        if self._random.random() < 0.4:
            conditions = ", ".join(self._random.sample(_CONDITIONS, self._random.randint(1, 3)))
            kind = self._choose(("EXIT", "CONTINUE"))
            pieces += ["DECLARE", kind, "HANDLER", "FOR", conditions, *self._statement(depth)]
        body = self._statements(depth) if self._random.random() < 0.9 else []
        return self._labelled([*pieces, *body, "END"])

    def _if(self, depth: int) -> list[str]:
        pieces = ["IF", *self._expression(2), "THEN", *self._statements(depth)]
        if self._random.random() < 0.4:
            pieces += ["ELSEIF", *self._expression(2), "THEN", *self._statements(depth)]
        if self._random.random() < 0.4:
            pieces += ["ELSE", *self._statements(depth)]
        return [*pieces, "END", "IF"]

    def _case(self, depth: int) -> list[str]:
        return ["CASE", *self._expression(2), *self._whens(depth), "END", "CASE"]

    def _searched_case(self, depth: int) -> list[str]:
        return ["CASE", *self._whens(depth), "ELSE", *self._statements(depth), "END", "CASE"]

    def _whens(self, depth: int) -> list[str]:
        whens = [["WHEN", *self._expression(2), "THEN", *self._statements(depth)] for _ in range(2)]
        return [piece for when in whens for piece in when]

    def _loop(self, depth: int) -> list[str]:
        return self._labelled(["LOOP", *self._statements(depth), "END", "LOOP"])

    def _repeat(self, depth: int) -> list[str]:
        return self._labelled(["REPEAT", *self._statements(depth), "UNTIL", *self._expression(2), "END", "REPEAT"])

    def _while(self, depth: int) -> list[str]:
        return self._labelled(["WHILE", *self._expression(2), "DO", *self._statements(depth), "END", "WHILE"])
