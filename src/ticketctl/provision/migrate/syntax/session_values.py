"""What statements leave on the connection for later ones: user variables and LAST_INSERT_ID() (pure).

A run that is resumed has a new connection. The values are therefore kept in the journal and set again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ticketctl.provision.migrate.syntax.lexer import Statement, TokenKind

LAST_INSERT_ID = "LAST_INSERT_ID()"
Value = None | int | float | str | bytes | Decimal


def values_used(statements: Sequence[Statement]) -> tuple[str, ...]:
    """Return the expressions whose values some statements may take from earlier ones.

    Args:
        statements: Statements of a file.

    Returns:
        `@name` as it can stand in a statement, each once, and `LAST_INSERT_ID()`.
    """
    found: dict[str, None] = {}
    for statement in statements:
        found.update(dict.fromkeys(_variables(statement)))
        if "LAST_INSERT_ID" in statement.words:
            found[LAST_INSERT_ID] = None
    return tuple(found)


def _variables(statement: Statement) -> list[str]:
    if "@" not in statement.text:
        return []
    tokens = statement.tokens
    names = []
    for before, sign, name in zip((None, *tokens), tokens, tokens[1:], strict=False):
        follows = sign.text == "@" and name.start == sign.end and name.text != "@"
        of_an_account = before is not None and before.end == sign.start and before.kind in _NAMES
        if follows and not of_an_account and not (before is not None and before.text == "@"):
            names.append(f"@{_quoted(name.kind, name.text)}")
    return names


_NAMES = (TokenKind.WORD, TokenKind.STRING, TokenKind.IDENTIFIER)


def _quoted(kind: TokenKind, text: str) -> str:
    # `@x` and @'x' are the same variable; names ignore case.
    bare = text[1:-1] if kind in (TokenKind.STRING, TokenKind.IDENTIFIER) else text
    return "`" + bare.replace("``", "`").casefold().replace("`", "``") + "`"


def to_document(values: Mapping[str, object]) -> dict[str, list[str | None]]:
    """Return values in a form that survives JSON: the kind of each and its text.

    Args:
        values: Values by expression, as the driver read them.
    """
    return {name: _described(value) for name, value in values.items()}


def to_value(described: Sequence[str | None]) -> Value:
    """Return a value from the form of `to_document`.

    Args:
        described: Kind and text.
    """
    kind, text = described
    if text is None or kind == "null":
        return None
    if kind == "bytes":
        return bytes.fromhex(text)
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    return Decimal(text) if kind == "decimal" else text


def _described(value: object) -> list[str | None]:
    if value is None:
        return ["null", None]
    if isinstance(value, bytes | bytearray):
        return ["bytes", bytes(value).hex()]
    for kind, cls in (("int", int), ("float", float), ("decimal", Decimal)):
        if isinstance(value, cls):
            return [kind, repr(value) if cls is float else str(value)]
    return ["str", str(value)]
