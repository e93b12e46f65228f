"""Checksums that see what the server would see.

Line ends, a byte order mark, comments and white space may change in a file that was applied;
literals, names and order may not. The algorithm's name is stored with each checksum, so that a
later one can tell its own from this one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ticketctl.provision.migrate.syntax.tokens import Statement, TokenKind

ALGORITHM = "tokens-1"

_LABELS = {kind: kind.name for kind in TokenKind}


def checksum(statements: Iterable[Statement]) -> str:
    """Return the SHA-256, in hex, over the meaningful tokens of some statements.

    Args:
        statements: Statements in their order.
    """
    digest = hashlib.sha256()
    for statement in statements:
        # The length keeps `a`, `b` apart from `ab`.
        tokens = [f"{_LABELS[kind]}:{len(text)}:{text}\n" for kind, text, _ in statement.tokens]
        digest.update(f"{''.join(tokens)};\n".encode())
    return digest.hexdigest()


def statement_checksum(statement: Statement) -> str:
    """Return the checksum of a single statement.

    Args:
        statement: The statement.
    """
    return checksum((statement,))
