"""Make databases, accounts, passwords and rights of a MySQL server what they should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ticketctl.errors import BackendLoginError
from ticketctl.events import Emit, Progress, ignore
from ticketctl.infra.mysql import BACKEND, connect, translating
from ticketctl.provision.stack.accounts.model import HOST, MARK, MysqlServerAccounts, quote_text
from ticketctl.provision.stack.accounts.mysql_grants import parse_grants
from ticketctl.provision.stack.accounts.mysql_plan import ObservedAccount, ObservedServer, Step, plan_mysql
from ticketctl.provision.stack.accounts.result import STEP, ReconcileResult
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

ANSWER_SECONDS = 30.0
"""No statement here takes long, unless the server hangs."""

# What SHOW GRANTS prints and how a string is read depend on these.
_SESSION = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES', sql_quote_show_create = 1"
_ACCOUNTS = "SELECT User, account_locked, User_attributes FROM mysql.user WHERE Host = %s"
# The account that logs in comes last: where a rotation was interrupted, the next one starts again.
_SAME_NAME = "SELECT Host FROM mysql.user WHERE User = %s ORDER BY Host = %s"


def reconcile_mysql(
    desired: MysqlServerAccounts,
    admin: MysqlEndpoint,
    passwords: Mapping[str, Secret],
    *,
    example_password: Secret,
    dry_run: bool = False,
    emit: Emit = ignore,
) -> ReconcileResult:
    """Create what is missing, correct what differs, lock what is no longer wanted.

    Only wanted accounts and those that carry ticketctl's mark are looked at.

    Args:
        desired: Databases and accounts that should exist.
        admin: The server and its root account, with the password of `compose/.env`.
        passwords: Variable of `compose/.env` to its value.
        example_password: Root's password in `compose/.env.example`. A server that was initialised
            with it gets the one of `admin`.
        dry_run: Only say what would be done.
        emit: Told of each change when it is made.

    Raises:
        BackendLoginError: The server was initialised with another root password.
        BackendError: The server cannot be reached or refuses a statement. What was done stays; the
            next call goes on.
    """
    connection, rotation = _log_in(admin, example_password)
    with closing(connection), translating(admin), connection.cursor() as cursor:
        cursor.execute(_SESSION)
        root = _rotation_steps(cursor, admin) if rotation else ()
        steps = (*root, *plan_mysql(desired, _observe(cursor, desired, admin, passwords)))
        if not dry_run:
            known = {**passwords, _ROOT: admin.password}
            for step in steps:
                _execute(cursor, step, known)
                emit(Progress(STEP, desired.service, "changed", step.description))
    return ReconcileResult(tuple(f"{desired.service}: {step}" for step in steps))


# --- root ----------------------------------------------------------------------------------------

_ROOT = "(root)"


def _log_in(admin: MysqlEndpoint, example_password: Secret) -> tuple[Connection[Cursor], bool]:
    """Return a connection as root, and whether root still has the example password."""
    try:
        return connect(admin, read_timeout=ANSWER_SECONDS), False
    except BackendLoginError as refused:
        try:
            return connect(replace(admin, password=example_password), read_timeout=ANSWER_SECONDS), True
        except BackendLoginError:
            raise _other_password(admin, refused) from refused


def _rotation_steps(cursor: Cursor, admin: MysqlEndpoint) -> tuple[Step, ...]:
    cursor.execute(_SAME_NAME, (admin.user, HOST))
    accounts = [f"{quote_text(admin.user)}@{quote_text(str(row[0]))}" for row in cursor.fetchall()]
    return tuple(
        Step(
            f"replace the example password of {account.replace(chr(39), '')}",
            f"ALTER USER {account} IDENTIFIED BY ",
            _ROOT,
        )
        for account in accounts
    )


def _other_password(admin: MysqlEndpoint, refused: BackendLoginError) -> BackendLoginError:
    return BackendLoginError(
        f"MySQL at {admin.address} was initialised with another password of {admin.user}",
        backend=BACKEND,
        why="the data volume keeps the password of its first start, and that is neither the one in compose/.env "
        f"nor the example value\n{refused.why}",
        next_step="put the old MYSQL_ROOT_PASSWORD back into compose/.env and run `ticketctl up`; "
        "or give the data up: `ticketctl reset` shows what would be lost",
    )


# --- observe -------------------------------------------------------------------------------------


def _observe(
    cursor: Cursor, desired: MysqlServerAccounts, admin: MysqlEndpoint, passwords: Mapping[str, Secret]
) -> ObservedServer:
    cursor.execute("SHOW DATABASES")
    databases = frozenset(str(row[0]) for row in cursor.fetchall())
    cursor.execute(_ACCOUNTS, (HOST,))
    variables = {account.name: account.password_variable for account in desired.accounts}
    accounts: dict[str, ObservedAccount] = {}
    for name, locked, attributes in cursor.fetchall():
        marked = _is_marked(attributes)
        if name not in variables and not marked:
            continue
        accepted = name in variables and locked == "N" and _accepts(admin, name, passwords[variables[name]])
        cursor.execute("SHOW GRANTS FOR %s@%s", (name, HOST))
        rights = parse_grants(str(row[0]) for row in cursor.fetchall())
        accounts[name] = ObservedAccount(locked == "Y", marked, rights, accepted)
    return ObservedServer(databases, accounts)


def _is_marked(attributes: str | None) -> bool:
    metadata = json.loads(attributes or "{}").get("metadata") or {}
    return MARK in metadata


def _accepts(admin: MysqlEndpoint, name: str, password: Secret) -> bool:
    """Log in: the one question whose answer is the truth, whatever the plugin, expiry or host rules."""
    try:
        connect(replace(admin, user=name, password=password, database=None)).close()
    except BackendLoginError:
        return False
    return True


# --- execute -------------------------------------------------------------------------------------


def _execute(cursor: Cursor, step: Step, passwords: Mapping[str, Secret]) -> None:
    if not step.password_variable:
        cursor.execute(step.before)
        return
    # The driver fills in arguments by `%`, which account names hold as well.
    statement = f"{step.before.replace('%', '%%')}%s{step.after.replace('%', '%%')}"
    cursor.execute(statement, (passwords[step.password_variable].reveal(),))
