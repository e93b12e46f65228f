"""What the children of the warm process do: run the migrations of one folder in one database, by us or by yoyo."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from integration.migrate.warm_process import Outcome, Task
from ticketctl.errors import MigrationInDoubtError, TicketctlError
from ticketctl.events import ignore
from ticketctl.infra import mysql
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.execution import lock_wait, resolve
from ticketctl.provision.migrate.execution.probe import Finding
from ticketctl.provision.migrate.execution.stages import AlterWatch
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.planning.repair_plan import Repairs
from ticketctl.provision.migrate.planning.results import StatusResult
from ticketctl.provision.migrate.repair import plan_repair, repair
from ticketctl.provision.migrate.rollback import plan_rollback, rollback
from ticketctl.provision.migrate.source.targets import Target, read_target
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

KEY = "main"
LOCK_TIMEOUT = 30.0
YOYO_LOCK_TIMEOUT = 0.1  # seconds; whoever holds the row is dead


def load() -> None:
    """Import everything that an action imports while it runs."""
    import pymysql.cursors  # noqa: F401
    import yoyo  # noqa: F401

    import ticketctl.provision.migrate.apply  # noqa: F401

    mysql._tls_context()
    # Looking how far a statement is takes packets of its own, on a busy machine only.
    defaults = AlterWatch.__init__.__kwdefaults__
    assert defaults is not None
    defaults["patience"] = LOCK_TIMEOUT


def perform(task: Task) -> Outcome:
    """Do a task and say what became of it."""
    try:
        for name in task.changes:
            CHANGES[name]()
        return Outcome(changed=ACTIONS[task.action](task))
    except TicketctlError as error:
        doubtful = isinstance(error, MigrationInDoubtError)
        return Outcome(type(error).__name__, f"{error.what}\n{error.why}", error.next_step, doubtful=doubtful)
    except Exception as error:  # yoyo's own, and bugs: the test says which it allows
        return Outcome(type(error).__name__, str(error))


def kill(pid: int) -> None:
    """End a child where it stands."""
    os.kill(pid, signal.SIGKILL)


def endpoint_of(task: Task) -> MysqlEndpoint:
    """The task's database, with an account that needs no password."""
    return MysqlEndpoint(task.host, task.port, task.user, Secret(""), task.database)


def settle(task: Task, migration: str, *, landed: bool) -> None:
    """Say what the statement has done in which a migration stopped, as `migrate repair` does."""
    chosen = Repairs(landed=(migration,)) if landed else Repairs(not_landed=(migration,))
    planned = plan_repair(_target(task), repairs=chosen)
    repair(_target(task), planned=planned, emit=ignore, lock_timeout=LOCK_TIMEOUT)


def states(task: Task) -> dict[str, str]:
    """What `migrate status` says of each migration."""
    result: StatusResult = runner.status((_target(task),))
    (database,) = result.databases
    return {migration.name: migration.state for migration in database.migrations}


def _target(task: Task) -> Target:
    return read_target(KEY, endpoint_of(task), Path(task.root, task.folder))


def _apply(task: Task) -> bool:
    result = runner.apply((_target(task),), emit=ignore, options=Options(lock_timeout=LOCK_TIMEOUT))
    return result.raise_failed().changed


def _rollback(task: Task) -> bool:
    """Undo everything that is not undone yet."""
    planned = plan_rollback(_target(task), steps=1000)
    if not planned.is_empty:
        rollback(_target(task), planned=planned, emit=ignore, lock_timeout=LOCK_TIMEOUT)
    return not planned.is_empty


def _yoyo_apply(task: Task) -> bool:
    import yoyo

    backend = _yoyo_backend(task)
    with backend.lock(timeout=YOYO_LOCK_TIMEOUT):
        pending = backend.to_apply(yoyo.read_migrations(str(Path(task.root, task.folder))))
        backend.apply_migrations(pending)
        return bool(pending)


def _yoyo_break_lock(task: Task) -> bool:
    _yoyo_backend(task).break_lock()
    return True


def _yoyo_backend(task: Task) -> Any:
    import yoyo

    return yoyo.get_backend(f"mysql://{task.user}@127.0.0.1:{task.port}/{task.database}")


def _lock_apart() -> None:
    """Hold the migration lock on a connection of its own, as is usually done."""
    from pymysql.cursors import Cursor

    execute = Cursor.execute
    holders: list[Any] = []

    def diverted(self: Cursor, query: str, args: Any = None) -> int:
        if "GET_LOCK(" in query:
            from pymysql.connections import Connection

            connection = self.connection
            if not holders:
                holders.append(
                    Connection(host=connection.host, port=connection.port, user=connection.user, ssl_disabled=True)
                )
            cursor = holders[0].cursor()
            answer = execute(cursor, query, args)
            vars(self).update({name: value for name, value in vars(cursor).items() if name != "connection"})
            return answer
        # Still looked after, by the number of the connection that has it.
        return execute(self, _OWNER.sub(lambda _: str(holders[0].thread_id()), query), args)

    Cursor.execute = diverted  # type: ignore[method-assign]


def _believe(outcome: Literal["landed", "not landed"]) -> None:
    """Take a statement in doubt for carried out, or for not carried out, without looking."""
    setattr(resolve, "probe", lambda *_: Finding(outcome, "not looked at"))  # noqa: B010  # it is not the module's own


_OWNER = re.compile(r"(?<=\) = )(%\(owner\)s|CONNECTION_ID\(\)|\d+(?=, 0, \(SELECT))")

ACTIONS: dict[str, Callable[[Task], bool]] = {
    "apply": _apply,
    "rollback": _rollback,
    "yoyo apply": _yoyo_apply,
    "yoyo break-lock": _yoyo_break_lock,
}


def _notice_soon() -> None:
    """Give a silent peer up within 4 seconds instead of within 60, by the same means."""
    mysql.KEEPALIVE = (("TCP_KEEPIDLE", 1), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 4000))


CHANGES: dict[str, Callable[[], None]] = {
    "notice soon": _notice_soon,
    "given up soon": lambda: setattr(lock_wait, "SILENCE", 2),
    "lock apart": _lock_apart,
    "believe it landed": lambda: _believe("landed"),
    "believe it did not": lambda: _believe("not landed"),
}
