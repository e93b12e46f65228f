"""The small files that the stack gives to its containers, as Compose `configs` with inline content.

Inline, because they then reach any engine, a remote one too, and need no file beside the Compose
file. A placeholder `{{name}}` in one of them stands for the secret `/run/secrets/name`; the script
that reads the file fills it in inside the container.
"""

from __future__ import annotations

from importlib.resources import files

from ticketctl.provision.stack.accounts.desired import HEALTH, MYSQL_MIGRATION
from ticketctl.provision.stack.accounts.model import MysqlAccount, MysqlServerAccounts, RedisAccount

FOLDER = "/etc/ticketctl"
# A memory file system of the container's own user, for what is made from secrets at its start.
RUN_FOLDER = "/run/ticketctl"


def script(name: str) -> str:
    """Return the text of a script that runs inside a container.

    Args:
        name: File name in the package folder `container`.
    """
    return files(__package__).joinpath("container", name).read_text(encoding="utf-8")


def secret_file(variable: str) -> str:
    """Return the file under which a container finds the value of a variable of `compose/.env`."""
    return f"/run/secrets/{secret_name(variable)}"


def secret_name(variable: str) -> str:
    """Return the Compose secret that carries a variable of `compose/.env`."""
    return variable.lower()


def placeholder(variable: str) -> str:
    """Return what stands for a password in the files of this module."""
    return "{{" + secret_name(variable) + "}}"


def accounts_sql(server: MysqlServerAccounts) -> str:
    """Return the statements that set up one MySQL server.

    Args:
        server: What should exist on it.
    """
    lines = [
        "-- A quote is then the only special character of a password.",
        "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_BACKSLASH_ESCAPES');",
        "",
        "-- Databases",
        *_ended(server.database_statements()),
    ]
    for account in server.accounts:
        lines += ["", f"-- {_purpose(account)}", *_ended((_create(account), *account.grant_statements()))]
    return "\n".join(lines) + "\n"


def users_acl(accounts: tuple[RedisAccount, ...]) -> str:
    """Return the Redis accounts in the format of an ACL file.

    Args:
        accounts: What should exist; `default` is switched off besides.
    """
    lines = ["user default off resetpass -@all"]
    lines += [
        f"user {account.name} reset on {placeholder(account.password_variable)} {' '.join(account.rules)}"
        for account in accounts
    ]
    return "\n".join(lines) + "\n"


def _create(account: MysqlAccount) -> str:
    password = placeholder(account.password_variable)
    return f"CREATE USER IF NOT EXISTS {account.quoted} IDENTIFIED BY {password} {account.attribute}"


def _ended(statements: tuple[str, ...]) -> list[str]:
    return [f"{statement};" for statement in statements]


def _purpose(account: MysqlAccount) -> str:
    purposes = {HEALTH: "Health check", MYSQL_MIGRATION: "Migrations, and scratch schemas to try them in"}
    return purposes.get(account.name, f"Service {account.name.replace('_', '-')}: its own databases, no schema changes")
