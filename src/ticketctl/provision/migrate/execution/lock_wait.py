"""How long a statement waits for a table or a row, how often it tries again, and what is said meanwhile.

While a DDL statement waits for a metadata lock, everybody who wants the table queues up behind it; so
it waits briefly, lets the others through, and comes again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ticketctl.errors import BackendOperationError, MigrationBlockedError
from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.blockers import Blockers
from ticketctl.provision.migrate.execution.limits import LockWait
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_T = TypeVar("_T")

LOCK_WAIT_TIMEOUT = 1205
DEADLOCK = 1213
# Seconds after which the server gives up a runner that went without a word, and with it the migration lock.
# Without it the server would wait for eight hours, or two where its kernel looks whether anybody is there.
SILENCE = 60


@dataclass(frozen=True, slots=True)
class Blocked:
    """A try that failed because others held what it needs.

    Attributes:
        blockers: Who.
        tried: Which try it was, counted from 1.
        tries: How many there are.
        pause: Seconds until the next one.
    """

    blockers: Blockers
    tried: int
    tries: int
    pause: float

    def __str__(self) -> str:
        return f"try {self.tried} of {self.tries}, the next in {self.pause:.0f} s; held by {self.blockers}"


def limit_waits(connection: Connection[Cursor], endpoint: MysqlEndpoint, wait: LockWait) -> None:
    """Bound how long a connection waits for metadata and row locks, and how long the server waits for it.

    The server's defaults are a year and 50 s. Who waits for a row meanwhile holds the rows that it has
    changed already: both are therefore bound alike.
    https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_lock_wait_timeout
    https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html#sysvar_innodb_lock_wait_timeout

    Args:
        connection: The connection that executes statements.
        endpoint: Where it goes, for messages.
        wait: How long.

    Raises:
        BackendError: The server is gone.
    """
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute(
            "SET SESSION lock_wait_timeout = %s, SESSION innodb_lock_wait_timeout = %s, SESSION wait_timeout = %s",
            (wait.seconds, wait.seconds, SILENCE),
        )


def try_repeatedly(
    attempt: Callable[[], _T],
    *,
    where: str,
    wait: LockWait,
    blockers: Callable[[], Blockers],
    waiting: Callable[[Blocked], None],
    undo: Callable[[], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> _T:
    """Execute a statement until it gets its locks.

    A DDL statement that timed out has done nothing. Statements on rows belong into a transaction that
    `attempt` begins, as a timeout undoes the statement alone and keeps the transaction's locks. A
    statement that commits in its middle (CALL, EXECUTE) must not come here.
    https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html

    Args:
        attempt: Executes it, from the beginning of its transaction on; raises what `translating` raises.
        where: File and line of the statement, for messages.
        wait: How patient it is.
        blockers: Reads who is in the way, on another connection.
        waiting: Told after each try but the last.
        undo: Ends the transaction after a failed try. With it, deadlocks are tried again too.
        sleep: Waits some seconds.

    Raises:
        MigrationBlockedError: No try got the locks; nothing was done.
        BackendError: What else `attempt` raises.
    """
    numbers = {LOCK_WAIT_TIMEOUT} if undo is None else {LOCK_WAIT_TIMEOUT, DEADLOCK}
    began = time.monotonic()
    for tried in range(1, wait.tries + 1):
        this = time.monotonic()
        try:
            return attempt()
        except BackendOperationError as error:
            if error.number not in numbers:
                raise
            took = time.monotonic() - this
            if undo is not None:
                undo()
            found = blockers()
            if tried == wait.tries or took > wait.worth_repeating:
                raise _blocked(where, found, time.monotonic() - began, tried, took > wait.worth_repeating) from error
            pause = wait.pause * 2 ** (tried - 1) * random.uniform(0.5, 1)  # noqa: S311  # nobody guesses it
            waiting(Blocked(found, tried, wait.tries, pause))
            sleep(pause)
    raise ValueError(f"nothing is tried {wait.tries} times")


def _blocked(where: str, found: Blockers, seconds: float, tries: int, long: bool) -> MigrationBlockedError:
    why = f"{tries} tries in {seconds:.0f} s" if tries > 1 else f"one try of {seconds:.0f} s"
    if long:
        why += ": nearly all of its work was done, and undone because the table could not be had at the end"
    kills = " or ".join(f"`{one.kill}`" for one in found.found)
    end = f"end {'it' if len(found.found) == 1 else 'them'} ({kills}) or wait" if kills else "wait until they have gone"
    return MigrationBlockedError(
        f"{where}: other sessions hold what this statement needs",
        why=f"{why}; held by\n{found}",
        next_step=f"{end}, then run the command again: nothing of this statement was done, and it goes on here",
    )
