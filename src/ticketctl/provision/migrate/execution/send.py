"""Send one statement: bounded waits, no silent copy of a large table, and progress while it takes long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ticketctl.errors import MigrationLockedError
from ticketctl.infra.mysql import execute_all, translating
from ticketctl.provision.migrate.execution.algorithm import choose, run_choice
from ticketctl.provision.migrate.execution.blockers import Blockers, read_blockers
from ticketctl.provision.migrate.execution.limits import Limits, News
from ticketctl.provision.migrate.execution.lock_wait import try_repeatedly
from ticketctl.provision.migrate.execution.session import Session
from ticketctl.provision.migrate.execution.stages import AlterWatch
from ticketctl.provision.migrate.syntax.lexer import Statement, TokenKind
from ticketctl.provision.migrate.syntax.names import bare

# Notes of a statement that found its object there and did nothing.
ALREADY_THERE = {1007, 1050, 1060, 1061, 1304, 1359, 1537}

_T = TypeVar("_T")


class Sender:
    """Sends the statements of a file.

    Args:
        session: The connections, with the lock.
        limits: What a statement may cost others.
        news: Takes what a reader should know meanwhile.
    """

    def __init__(self, session: Session, limits: Limits, news: News) -> None:
        self._session = session
        self._limits = limits
        self._news = news

    def send(self, statement: Statement) -> str:
        """Send a statement as it is, once.

        Returns:
            The server's note that its object was there already, or an empty string.

        Raises:
            BackendError: The server refuses or is gone.
            MigrationLockedError: The lock is no longer held; nothing was sent.
        """
        with self._watching():
            return self._execute(statement.text)

    def define(self, statement: Statement, where: str) -> str:
        """Send a statement that commits by itself and did nothing if it fails.

        Args:
            statement: It.
            where: File and line, for messages.

        Returns:
            The server's note that its object was there already, or an empty string.

        Raises:
            MigrationCopyError: It would copy a large table; nothing was done.
            MigrationBlockedError: Others hold the table; nothing was done.
            BackendError: The server refuses or is gone.
            MigrationLockedError: The lock is no longer held; nothing was sent.
        """
        return self._patiently(lambda: self._choose_and_execute(statement), [statement], where)

    def together(self, attempt: Callable[[], _T], statements: Sequence[Statement], where: str) -> _T:
        """Execute a transaction that may be repeated as a whole.

        Args:
            attempt: Executes it from its beginning on.
            statements: Its statements.
            where: File and line of the first, for messages.

        Raises:
            MigrationBlockedError: Others hold what it needs; nothing was done.
            BackendError: The server refuses or is gone.
        """
        return self._patiently(attempt, statements, where, undo=self._undo)

    def _patiently(
        self,
        attempt: Callable[[], _T],
        statements: Sequence[Statement],
        where: str,
        undo: Callable[[], None] | None = None,
    ) -> _T:
        return try_repeatedly(
            attempt,
            where=where,
            wait=self._limits.wait,
            blockers=lambda: self._blockers(statements, rows=undo is not None),
            waiting=self._news.blocked,
            undo=undo,
        )

    def _choose_and_execute(self, statement: Statement) -> str:
        session, limits = self._session, self._limits
        choice = choose(
            session.connection, session.endpoint, statement, allow_copy=limits.allow_copy, limit=limits.copy_limit
        )
        if choice.warning:
            self._news.warn(choice.warning)
        with self._watching():
            return run_choice(self._execute, choice, copying=self._news.warn)

    def _undo(self) -> None:
        with translating(self._session.endpoint):
            self._session.connection.rollback()

    def _watching(self) -> AlterWatch:
        return AlterWatch(self._session.endpoint, self._session.owner, self._news.stage)

    def _blockers(self, statements: Sequence[Statement], *, rows: bool) -> Blockers:
        session = self._session
        named = (TokenKind.WORD, TokenKind.IDENTIFIER)
        names = {bare(token) for statement in statements for token in statement.tokens if token.kind in named}
        return read_blockers(
            session.journal.connection,
            session.endpoint,
            [("", name) for name in sorted(names)],
            excluding=(session.owner,),
            rows=rows,
        )

    def _execute(self, text: str) -> str:
        session = self._session
        with translating(session.endpoint), session.connection.cursor() as cursor:
            if session.hazards:
                cursor.execute("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", (session.lock,))
                row = cursor.fetchone()
                if row is None or not row[0]:
                    raise MigrationLockedError(
                        f"the migration lock of {session.endpoint.database} is not held by the connection "
                        "that would execute the next statement",
                        why=session.hazards[0],
                        next_step="connect to the server itself, and run the command again",
                    )
            execute_all(cursor, text)
            if not cursor.warning_count:
                return ""
            cursor.execute("SHOW WARNINGS")
            return next((str(message) for _, number, message in cursor.fetchall() if number in ALREADY_THERE), "")
