"""The AUTO_INCREMENT counters that the rows of a file depend on (pure).

An INSERT that is undone leaves its numbers used up: done again, it gives its rows others, and rows that
name them by number no longer fit. Where a file fills a table that it has made itself, nobody else uses
the numbers yet, and the counter can be set back.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.names import filled_table, listed_names, mentioned_names

PREFIX = "AUTO_INCREMENT OF "


class Counters:
    """Which counters matter where in a file.

    Args:
        statements: The statements of the file.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        made = {name: at for at, statement in enumerate(statements, start=1) if (name := _counting_table(statement))}
        filled = {filled_table(statement).casefold(): at for at, statement in enumerate(statements, start=1)}
        self._spans = {
            name: (at, filled[name.casefold()]) for name, at in made.items() if filled.get(name.casefold(), 0) > at
        }

    def after(self, position: int) -> tuple[str, ...]:
        """Return the tables whose counters have to be known once a statement is done.

        Args:
            position: Which statement, counted from 1.
        """
        if not self._spans:
            return ()
        mentioned = mentioned_names(self._statements[position - 1])
        return tuple(
            name
            for name, (made, last) in self._spans.items()
            if made <= position and (position <= last or name.casefold() in mentioned)
        )


def _counting_table(statement: Statement) -> str:
    """The table that a statement makes and that numbers its rows, empty for none."""
    if statement.words[:2] != ("CREATE", "TABLE") or "AUTO_INCREMENT" not in statement.words:
        return ""
    place = next(at for at, token in enumerate(statement.tokens) if token.text.upper() == "TABLE")
    return next(listed_names(statement.tokens[place + 1 :]), "")
