"""What changes the structure of a table, and the texts that forbid the server to copy or lock it (pure).

MySQL does an ALTER TABLE in the cheapest way that it can, and says nothing when that is to copy the
whole table while nobody may write to it. `ALGORITHM` and `LOCK` turn that into an error:
https://dev.mysql.com/doc/refman/8.4/en/alter-table.html#alter-table-performance
https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html
https://dev.mysql.com/doc/refman/8.4/en/online-ddl-partitioning.html

Where the grammar takes the clauses (the tests ask the server for each form):

- ALTER TABLE takes them behind the name of the table, with a comma before the next clause but none
  before `PARTITION BY` and `REMOVE PARTITIONING`.
- CREATE INDEX and DROP INDEX take them at the end, with nothing but a space between them.
- `DISCARD` and `IMPORT` of a tablespace take only `DEFAULT` (error 1845), and are left as written.
- `ANALYZE`, `CHECK`, `EXCHANGE`, `OPTIMIZE` and `REPAIR PARTITION` take the clauses and do what they
  do: nothing is gained by them.
- INSTANT and LOCK together are an error (1221). No index is made or dropped instantly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind, said_by
from ticketctl.provision.migrate.syntax.names import bare

Verb = Literal["ALTER TABLE", "CREATE INDEX", "DROP INDEX"]

_INSTANT = ("ALGORITHM=INSTANT",)
_INPLACE = ("ALGORITHM=INPLACE", "LOCK=NONE")
_ALGORITHMS = {"=", "DEFAULT", "INSTANT", "INPLACE", "COPY", "NOCOPY"}
_WHOLE_PARTITIONS = {"ANALYZE", "CHECK", "EXCHANGE", "OPTIMIZE", "REPAIR"}
_INDEX_KINDS = {"UNIQUE", "FULLTEXT", "SPATIAL", "OR", "REPLACE", "ONLINE", "OFFLINE"}  # the last four are MariaDB's
_NAMES = {TokenKind.WORD, TokenKind.IDENTIFIER, TokenKind.STRING}


class TableName(NamedTuple):
    """A table as a statement names it.

    Attributes:
        database: Its database, empty for the default one.
        table: Its name, without quotes.
    """

    database: str
    table: str


@dataclass(frozen=True, slots=True)
class Alteration:
    """A statement that changes the structure of a table.

    Attributes:
        verb: How it begins.
        table: What it changes.
        variants: Texts to try instead of it, the cheapest first, each refused by the server unless it
            can be done like that; empty where no clause helps, or the statement has its own.
        references: Tables that its new foreign keys point to.
    """

    verb: Verb
    table: TableName
    variants: tuple[str, ...]
    references: tuple[TableName, ...] = ()


def variants(statement: Statement) -> tuple[str, ...]:
    """Return the texts to try instead of a statement, so that no table is copied or locked silently.

    Args:
        statement: Any statement.

    Returns:
        The cheapest first; empty where no clause helps, or the statement has its own.
    """
    alteration = read_alteration(statement)
    return alteration.variants if alteration else ()


def read_alteration(statement: Statement) -> Alteration | None:
    """Return what a statement does to the structure of a table, None for any other statement.

    Args:
        statement: Any statement.
    """
    if statement.words[:1] == ("CREATE",) and "INDEX" not in statement.words:
        return None  # most statements of most migrations
    tokens = statement.code
    said = said_by(tokens)
    if said[:1] == ["ALTER"]:
        return _alter_table(statement, tokens, said)
    if said[:1] == ["CREATE"] or said[:2] == ["DROP", "INDEX"]:
        return _index(statement, tokens, said)
    return None


def _alter_table(statement: Statement, tokens: Sequence[Token], said: Sequence[str]) -> Alteration | None:
    place = _behind(said, 1, "ONLINE", "IGNORE")  # both MariaDB's
    if said[place : place + 1] != ["TABLE"]:
        return None
    name, place = _table_name(tokens, said, _behind(said, place + 1, "IF", "EXISTS"))
    if name is None:
        return None
    clauses = said[place:]
    texts: tuple[str, ...] = ()
    if clauses and not _is_left_alone(clauses):
        where = tokens[place - 1].end - statement.tokens[0].start
        comma = "" if clauses[:2] in (["PARTITION", "BY"], ["REMOVE", "PARTITIONING"]) else ","
        # Lines stay where they are, as the server's messages count them.
        space = "" if statement.text[where].isspace() else " "
        texts = tuple(
            f"{statement.text[:where]} {', '.join(clause)}{comma}{space}{statement.text[where:]}"
            for clause in (_INSTANT, _INPLACE)
        )
    return Alteration("ALTER TABLE", name, texts, tuple(_references(tokens, said)))


def _index(statement: Statement, tokens: Sequence[Token], said: Sequence[str]) -> Alteration | None:
    place = next((place for place, word in enumerate(said[1:], start=1) if word not in _INDEX_KINDS), len(said))
    if said[place : place + 1] != ["INDEX"] or "ON" not in said:
        return None
    name, place = _table_name(tokens, said, said.index("ON") + 1)
    if name is None:
        return None
    options = [word for word, depth in _depths(said[place:]) if depth == 0]
    own = {"ALGORITHM", "LOCK"} & set(options)
    return Alteration(
        "CREATE INDEX" if said[0] == "CREATE" else "DROP INDEX",
        name,
        () if own else (_at_the_end(statement, " ".join(_INPLACE)),),
    )


def _at_the_end(statement: Statement, clause: str) -> str:
    first, last = statement.tokens[0], statement.tokens[-1]
    if first.text.startswith("/*!") and last.text == "*/":
        inside = last.start - first.start
        return f"{statement.text[:inside].rstrip()} {clause} {statement.text[inside:]}"
    return f"{statement.text} {clause}"


def _is_left_alone(clauses: Sequence[str]) -> bool:
    """Whether the server refuses or ignores the clauses here, or the statement has its own."""
    if clauses[0] in ("DISCARD", "IMPORT", "SECONDARY_LOAD", "SECONDARY_UNLOAD"):
        return True
    if clauses[0] in _WHOLE_PARTITIONS and clauses[1:2] == ["PARTITION"]:
        return True
    starts = True
    following = [*clauses[1:], ""]
    for (word, depth), behind in zip(_depths(clauses), following, strict=True):
        # A column may be called algorithm; LOCK is reserved, but so is its place.
        if starts and ((word == "ALGORITHM" and behind in _ALGORITHMS) or word == "LOCK"):
            return True
        starts = depth == 0 and word == ","
    return False


def _references(tokens: Sequence[Token], said: Sequence[str]) -> Iterator[TableName]:
    for place, word in enumerate(said):
        if word == "REFERENCES":
            name, _ = _table_name(tokens, said, place + 1)
            if name is not None:
                yield name


def _table_name(tokens: Sequence[Token], said: Sequence[str], place: int) -> tuple[TableName | None, int]:
    """The name at a place, and the place behind it and behind MariaDB's NOWAIT or WAIT n."""
    if place >= len(tokens) or tokens[place].kind not in _NAMES:
        return None, place
    name = TableName("", _unquoted(tokens[place]))
    place += 1
    if said[place : place + 1] == ["."] and place + 1 < len(tokens):
        name = TableName(name.table, _unquoted(tokens[place + 1]))
        place += 2
    if said[place : place + 1] == ["NOWAIT"]:
        return name, place + 1
    return name, place + 2 if said[place : place + 1] == ["WAIT"] else place


def _unquoted(token: Token) -> str:
    # In quotes it is a name under sql_mode ANSI_QUOTES, and no statement otherwise.
    return token.text[1:-1].replace('""', '"') if token.kind is TokenKind.STRING else bare(token)


def _behind(said: Sequence[str], place: int, *optional: str) -> int:
    for word in optional:
        place += said[place : place + 1] == [word]
    return place


def _depths(said: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each word with the number of parentheses that are open around it."""
    depth = 0
    for word in said:
        depth -= word == ")"
        yield word, depth
        depth += word == "("
