"""What an operation wants done, one thing after the other, and what it is told; no connection, no clock.

An operation is a generator. It yields a `Statement` for MySQL, or another of the classes here, is sent what came of it,
and returns its result. Whoever has connections runs it: `sync/` and `aio/`, which decide nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")


class Statement(NamedTuple):
    """One statement for MySQL.

    Attributes:
        sql: Its text; each `%s` is a parameter.
        parameters: Their values.
        reads: Whether it answers with rows.
    """

    sql: str
    parameters: tuple[object, ...] = ()
    reads: bool = False


class Answer(NamedTuple):
    """What MySQL said.

    Attributes:
        rowcount: Rows that were changed.
        sent: When the statement was sent, by the monotonic clock of this machine, in seconds.
        rows: All rows of a statement that reads.
    """

    rowcount: int
    sent: float
    rows: Sequence[Sequence[Any]] = ()


def answer_of(rows: Sequence[Any], sent: float) -> Answer:
    """Return the answer that a driver's rows are: sequences, or mappings of the columns in their order."""
    if rows and isinstance(rows[0], Mapping):
        rows = [tuple(row.values()) for row in rows]
    return Answer(len(rows), sent, rows)


class Commands(NamedTuple):
    """Commands for Redis, in one write; the answer is a list of their replies, None where Redis cannot be reached.

    Attributes:
        packed: The commands in Redis' format.
        owed: Whether they are sent later if Redis cannot be reached now.
    """

    packed: tuple[bytes, ...]
    owed: bool = False


class Sleep(NamedTuple):
    """Wait.

    Attributes:
        seconds: How long.
    """

    seconds: float


class Renew(NamedTuple):
    """Close the connection, whose state is not known, and go on with another one."""


class Again(Exception):  # noqa: N818  # no failure
    """Raised inside of a transaction: what was read does not hold any more; roll back and begin anew."""


Step: TypeAlias = Statement | Commands
"""What may come inside of a transaction."""
Effect: TypeAlias = Statement | Commands | Sleep | Renew
"""What whoever runs an operation can do."""
Steps: TypeAlias = Generator[Step, Any, T]
"""The inside of a transaction: yields steps, is sent an `Answer` or replies, and returns its result."""
Running: TypeAlias = Generator[Effect, Any, T]
"""A whole operation, which is sent answers or has errors thrown into it."""
