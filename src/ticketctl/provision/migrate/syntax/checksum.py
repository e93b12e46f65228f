"""Checksums that see what the server would see.

Line ends, a byte order mark, comments and white space may change in a file that was applied;
literals, names and order may not. The algorithm's name is stored with each checksum, so that a
later one can tell its own from this one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ticketctl.provision.migrate.syntax.lexer import Statement

ALGORITHM = "tokens-1"


def checksum(statements: Iterable[Statement]) -> str:
    """Return the SHA-256, in hex, over the meaningful tokens of some statements.

    Args:
        statements: Statements in their order.
    """
    digest = hashlib.sha256()
    for statement in statements:
        for token in statement.tokens:
            # The length keeps `a`, `b` apart from `ab`.
            digest.update(f"{token.kind.name}:{len(token.text)}:{token.text}\n".encode())
        digest.update(b";\n")
    return digest.hexdigest()


def statement_checksum(statement: Statement) -> str:
    """Return the checksum of a single statement.

    Args:
        statement: The statement.
    """
    return checksum((statement,))
