"""Tables whose engine knows no transactions: what is written there stays, whatever becomes of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.queries import query
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.names import filled_table, mentioned_names

_READS = {"SELECT", "TABLE", "VALUES", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "SET"}


@dataclass(frozen=True, slots=True)
class OtherEngines:
    """The tables of a database that have no transactions.

    Attributes:
        tables: Their names in lower case.
        indirect: Whether triggers, functions or views may write where a statement does not say so.
    """

    tables: frozenset[str]
    indirect: bool

    def may_take(self, statements: Sequence[Statement]) -> bool:
        """Whether some statements may write to one of them.

        Args:
            statements: Statements that would share a transaction.
        """
        writing = [statement for statement in statements if (statement.words or ("",))[0] not in _READS]
        if not writing or not self.tables:
            return False
        return self.indirect or any(self.tables & _written(statement) for statement in writing)


def _written(statement: Statement) -> set[str]:
    """What a statement may write to: the table that it fills, else anything that it mentions."""
    filled = filled_table(statement)
    return {filled.casefold()} if filled else mentioned_names(statement)


def read_other_engines(session: Session) -> OtherEngines:
    """Read which tables of the session's database have no transactions.

    Args:
        session: The connections.

    Raises:
        BackendError: The server is gone.
    """
    with translating(session.endpoint), session.journal.connection.cursor() as cursor:
        cursor.execute(query("execution", "other_engines"))
        tables = frozenset(str(row[0]).casefold() for row in cursor.fetchall())
        if not tables:
            return OtherEngines(tables, indirect=False)
        cursor.execute(query("execution", "indirect_writers"))
        row = cursor.fetchone()
    return OtherEngines(tables, indirect=bool(row and row[0]))
