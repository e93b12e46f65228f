"""Procedures that look at each statement that they put together before they prepare it (pure).

What a procedure prepares is known only when it runs. So each `PREPARE name FROM source` in its body is
replaced by a block that takes the statement only if it begins like one that changes this schema or reads,
and names none of the databases that it must not touch. Otherwise what is prepared is no SQL, and the
procedure fails, whatever handlers it has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.syntax.lexer import Token, TokenKind, said_by, tokenize, without_marks
from ticketctl.provision.migrate.syntax.names import bare

SENT = "@ticketctl_sent"  # the user variable that the statements go through
REFUSED = "ticketctl: this statement names another database or changes more than the schema"

_S = "[[:space:]]"
_QUALIFICATIONS = (
    f"(OR{_S}+REPLACE|TEMPORARY|UNIQUE|FULLTEXT|SPATIAL|ALGORITHM{_S}*={_S}*[A-Z]+|SQL{_S}+SECURITY{_S}+[A-Z]+)"
)
_ALLOWED = (
    f"^{_S}*([(]{_S}*SELECT|SET{_S}+(@|NAMES|SESSION|LOCAL|[A-Z]+_[A-Z_]+{_S}*:?=)"
    "|(INSERT|REPLACE|UPDATE|DELETE|SELECT|WITH|TRUNCATE|CALL|DO|ANALYZE|OPTIMIZE|CHECK|SHOW"
    f"|RENAME{_S}+TABLES?|(CREATE|ALTER|DROP){_S}+({_QUALIFICATIONS}{_S}+)*(TABLE|INDEX|VIEW))([^A-Z0-9_]|$))"
)
_LASTING = "(^|[^A-Z_])(GLOBAL|PERSIST|PERSIST_ONLY|OUTFILE|DUMPFILE|FEDERATED)([^A-Z_]|$)"


class NotConfinedError(Exception):
    """A statement cannot be kept from touching something else; the message says what."""


def guard(text: str, databases: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return a CREATE PROCEDURE that looks at what it prepares.

    Args:
        text: The statement.
        databases: Names of the databases that what it prepares must not name.

    Returns:
        The statement, and what stood in it before, by what now stands there.

    Raises:
        NotConfinedError: It prepares a statement in a way that cannot be looked into.
    """
    tokens = without_marks(token for token in tokenize(text) if token.kind.is_code)
    said = said_by(tokens)
    guards: dict[str, str] = {}
    pieces, done = [], 0
    for index, word in enumerate(said):
        if word == "EXECUTE" and said[index + 1 : index + 2] == ["IMMEDIATE"]:
            raise NotConfinedError("it executes statements that it puts together itself")
        if word != "PREPARE" or said[index - 1] in ("DEALLOCATE", "DROP"):
            continue
        begin, end = tokens[index].start, tokens[_last_of_prepare(tokens, said, index)].end
        guarded = _guarded(bare(tokens[index + 1]), text[tokens[index + 3].start : end], databases)
        guards[guarded] = text[begin:end]
        pieces += [text[done:begin], guarded]
        done = end
    return "".join([*pieces, text[done:]]), guards


def _guarded(name: str, source: str, databases: Collection[str]) -> str:
    names = "|".join(map(_as_pattern, sorted(databases)))
    # A comment may stand between the name and its dot.
    foreign = f'(^|[^0-9A-Z_$])({names})[`"]?{_S}*([.]|/[*]|#|--)|{_LASTING}'
    looked_at = f"CONVERT({source} USING utf8mb4)"
    return (
        f"BEGIN SET {SENT} = NULL; SET {SENT} = IF({looked_at} REGEXP '{foreign}'"
        f" OR {looked_at} NOT REGEXP '{_ALLOWED}', '{REFUSED}', {source});"
        f" PREPARE {quote_identifier(name)} FROM {SENT}; END"
    )


def _last_of_prepare(tokens: Sequence[Token], said: Sequence[str], index: int) -> int:
    """The index of the last token of `PREPARE name FROM @variable`, or FROM a string."""
    if said[index + 2 : index + 3] == ["FROM"] and index + 3 < len(tokens):
        if tokens[index + 3].kind is TokenKind.STRING:
            return index + 3
        if said[index + 3] == "@" and index + 4 < len(tokens):
            return index + 4
    raise NotConfinedError("it prepares a statement in a way that cannot be looked into")


def _as_pattern(name: str) -> str:
    """A name for REGEXP; what has a meaning there stands for any character."""
    return "".join(letter if letter.isalnum() or letter == "_" else "." for letter in name)
