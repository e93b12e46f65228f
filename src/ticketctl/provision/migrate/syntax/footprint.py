"""Which definitions a statement may change, and whether they tell that it was executed (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

from ticketctl.provision.migrate.syntax.lexer import Statement, Token, TokenKind
from ticketctl.provision.migrate.syntax.reader import CannotBeToldError, StatementReader

ObjectKind = Literal["table", "procedure", "function", "trigger", "event", "contents"]
Effect = Literal["create", "replace", "alter", "drop", "empty"]
# What is not tried elsewhere: an event would run there, and rows are not copied.
UNTRIED: frozenset[ObjectKind] = frozenset({"event", "contents"})


@dataclass(frozen=True, slots=True, order=True)
class SchemaObject:
    """Something in a database that has a definition.

    Attributes:
        kind: What it is; a view is a `table`, as both share their names. The `contents` of a table have no
            definition, but an identity that is another once the table was emptied.
        name: Its name, without quotes and without its database.
    """

    kind: ObjectKind
    name: str

    @property
    def key(self) -> str:
        """The object as one string, for JSON."""
        return f"{self.kind}:{self.name}"

    @classmethod
    def from_key(cls, key: str) -> Self:
        """Return the object of a key.

        Args:
            key: What `key` gave.

        Raises:
            ValueError: It is no such key.
        """
        kind, separator, name = key.partition(":")
        for known in get_args(ObjectKind):
            if kind == known and separator and name:
                return cls(known, name)
        raise ValueError(f"not an object of a schema: {key!r}")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a statement leaves behind.

    Attributes:
        objects: What may have another definition after it, in the order of the statement.
        tellable: Whether those definitions tell that it was executed.
        reason: Why they do not, for a person; empty when they do.
        effect: What it does to the objects: `create` fails where one exists, `replace` does not look at
            what was there, `drop` leaves nothing, what `alter` makes depends on what was there, and `empty`
            leaves rows of nobody.
        guarded: Whether it does nothing, and may be repeated, where it leaves the definitions as they were:
            `IF [NOT] EXISTS`, `OR REPLACE`, and `ALTER` of anything but a table.
    """

    objects: tuple[SchemaObject, ...]
    tellable: bool
    reason: str = ""
    effect: Effect = "alter"
    guarded: bool = False


def footprint(statement: Statement, database: str) -> Footprint:
    """Return which definitions a statement may change.

    Args:
        statement: Any statement.
        database: The database that it is executed in, as the server writes it.
    """
    reader = StatementReader(statement, database)
    verb = reader.take_word()
    try:
        read = _DEFINITION_VERBS.get(verb)
        if read is None:
            raise CannotBeToldError(_REASONS.get(verb, "its effect shows in no definition"))
        return read(reader)
    except CannotBeToldError as error:
        return Footprint((), tellable=False, reason=str(error))


_ROWS = "it changes rows and no definition"
_SERVER = "it changes the server and no definition of this database"
_RIGHTS = "it changes accounts or rights and no definition of this database"
_ROUTINE = "what it does is decided by what it calls"
_EVENT = "it changes an event, which may have run and removed itself since"
_UPKEEP = "it leaves the definition of the table as it is"
_REASONS = {
    **dict.fromkeys(("INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "LOAD", "IMPORT"), _ROWS),
    **dict.fromkeys(("GRANT", "REVOKE"), _RIGHTS),
    **dict.fromkeys(("CALL", "EXECUTE", "DO"), _ROUTINE),
    **dict.fromkeys(("OPTIMIZE", "ANALYZE", "REPAIR", "CHECK"), _UPKEEP),
    "SET": "it changes a setting and no definition",
    **dict.fromkeys(("INSTALL", "UNINSTALL", "FLUSH", "RESET", "KILL", "CHANGE", "START", "STOP", "PURGE"), _SERVER),
}
_OBJECT_REASONS = {
    **dict.fromkeys(("USER", "ROLE"), _RIGHTS),
    **dict.fromkeys(("SERVER", "TABLESPACE", "RESOURCE", "REFERENCE", "INSTANCE", "LOGFILE"), _SERVER),
    "LIBRARY": "it changes a library, whose definition is not compared",
    "PREPARE": "it ends a prepared statement of the connection",
    **dict.fromkeys(("DATABASE", "SCHEMA"), "it changes a whole database and no definition in it"),
}
_OBJECT_WORDS = {"TABLE", "TABLES", "VIEW", "INDEX", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", *_OBJECT_REASONS}

# The first word of those clauses of ALTER TABLE that leave the definition alone.
_INVISIBLE_CLAUSES = {"FORCE", "ORDER", "DISCARD", "IMPORT", "EXCHANGE", "TRUNCATE", "REBUILD", "OPTIMIZE", "ANALYZE"}
_INVISIBLE_CLAUSES |= {"REPAIR", "CHECK", "ENABLE", "DISABLE", "SECONDARY_LOAD", "SECONDARY_UNLOAD"}
_INVISIBLE_CLAUSES |= {"ALGORITHM", "LOCK", "WITH", "WITHOUT"}
_RENAMES_A_PART = {"COLUMN", "INDEX", "KEY"}


def _create(reader: StatementReader) -> Footprint:
    replaces = reader.accept("OR", "REPLACE")
    word = _object_word(reader)
    guarded = reader.accept("IF", "NOT", "EXISTS") or replaces
    effect: Effect = "replace" if replaces else "create"
    if word == "INDEX":
        reader.skip_to(("ON",))
        return _visible("alter", [SchemaObject("table", reader.name())], guarded=False)
    found = [SchemaObject(_kind(word), reader.name())]
    if word == "TRIGGER":
        reader.skip_to(("ON",))
        reader.name()  # a trigger of another database's table is that database's
    if word == "EVENT" and not _lasts(reader):
        raise CannotBeToldError(_EVENT)
    if word == "FUNCTION" and reader.word() in ("RETURNS", "SONAME"):
        raise CannotBeToldError(_SERVER)
    return _visible(effect, found, guarded=guarded)


def _lasts(reader: StatementReader) -> bool:
    """Whether an event stays after it has run, so that its absence says that it was not made."""
    said = reader.rest()
    said = said[: said.index("DO")] if "DO" in said else said
    kept = "PRESERVE" in said and said[said.index("PRESERVE") - 1] != "NOT"
    return kept or ("EVERY" in said and "ENDS" not in said)


def _alter(reader: StatementReader) -> Footprint:
    word = _object_word(reader)
    if word == "EVENT":
        raise CannotBeToldError(_EVENT)
    reader.accept("IF", "EXISTS")
    found = [SchemaObject(_kind(word), reader.name())]
    if word == "TABLE":
        clauses = reader.clauses()
        if _is_invisible(clauses):
            raise CannotBeToldError("its effect does not show in the definition of the table")
        found += _renamed(reader, clauses)
    # Of a view or routine everything is in its definition: where that stays, nothing has happened.
    return _visible("alter", found, guarded=word != "TABLE")


def _drop(reader: StatementReader) -> Footprint:
    word = _object_word(reader)
    guarded = reader.accept("IF", "EXISTS")
    if word == "INDEX":
        reader.skip_to(("ON",))
        return _visible("alter", [SchemaObject("table", reader.name())], guarded=False)
    found = [SchemaObject(_kind(word), reader.name())]
    while reader.accept(","):
        found.append(SchemaObject(_kind(word), reader.name()))
    return _visible("drop", found, guarded=guarded)


def _rename(reader: StatementReader) -> Footprint:
    word = _object_word(reader)
    if word not in ("TABLE", "TABLES"):
        raise CannotBeToldError(_OBJECT_REASONS.get(word, _SERVER))
    found = []
    while True:
        found.append(SchemaObject("table", reader.name()))
        reader.skip_to(("TO",))
        found.append(SchemaObject("table", reader.name()))
        if not reader.accept(","):
            return _visible("alter", found, guarded=False)


def _truncate(reader: StatementReader) -> Footprint:
    reader.accept("TABLE")
    return _visible("empty", [SchemaObject("contents", reader.name())], guarded=False)


_DEFINITION_VERBS: dict[str, Callable[[StatementReader], Footprint]] = {
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "RENAME": _rename,
    "TRUNCATE": _truncate,
}


def _object_word(reader: StatementReader) -> str:
    if reader.word() == "TEMPORARY":
        raise CannotBeToldError("a temporary table ends with its connection")
    word = reader.skip_to(_OBJECT_WORDS)
    if word in _OBJECT_REASONS:
        raise CannotBeToldError(_OBJECT_REASONS[word])
    return word


def _kind(word: str) -> ObjectKind:
    kinds: dict[str, ObjectKind] = {"PROCEDURE": "procedure", "FUNCTION": "function", "TRIGGER": "trigger"}
    return kinds.get(word, "event" if word == "EVENT" else "table")


def _visible(effect: Effect, objects: Iterable[SchemaObject], *, guarded: bool) -> Footprint:
    return Footprint(tuple(dict.fromkeys(objects)), tellable=True, effect=effect, guarded=guarded)


def _is_invisible(clauses: Sequence[Sequence[Token]]) -> bool:
    """Whether no clause of an ALTER TABLE shows in the definition."""
    sorting = False
    for clause in clauses:
        said = [token.text.upper() if token.kind is not TokenKind.IDENTIFIER else "" for token in clause]
        # `ORDER BY a, b DESC`: what follows the comma is no clause of its own.
        sorting = said[0] == "ORDER" or (sorting and len(said) <= 2)
        counter = said[0] == "AUTO_INCREMENT" and len(said) <= 3
        if not (sorting or counter or said[0] in _INVISIBLE_CLAUSES):
            return False
    return True


def _renamed(reader: StatementReader, clauses: Sequence[Sequence[Token]]) -> list[SchemaObject]:
    found = []
    for clause in clauses:
        said = [token.text.upper() if token.kind is TokenKind.WORD else token.text for token in clause]
        if said[0] == "RENAME" and not (said[1:2] and said[1] in _RENAMES_A_PART):
            reader.go_to(clause[0])
            reader.take_word()
            if reader.word() in ("TO", "AS", "="):
                reader.take_word()
            found.append(SchemaObject("table", reader.name()))
    return found
