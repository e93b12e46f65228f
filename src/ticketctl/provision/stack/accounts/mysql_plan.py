"""From the databases and accounts of a server as they are to those that should be (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ticketctl.provision.stack.accounts.model import (
    CHARACTER_SET,
    COLLATION,
    HOST,
    MysqlAccount,
    MysqlServerAccounts,
    quote_identifier,
    quote_text,
)
from ticketctl.provision.stack.accounts.mysql_grants import (
    Rights,
    compare,
    desired_rights,
    grant_statement,
    revocable_together,
    revoke_statement,
)

_MOST_PRIVILEGES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """An account as it is on the server.

    Attributes:
        locked: Whether logins are refused.
        marked: Whether it carries the mark of ticketctl.
        rights: What it may do.
        password_accepted: Whether the server lets it in with the password of `compose/.env`.
    """

    locked: bool
    marked: bool
    rights: Rights
    password_accepted: bool


@dataclass(frozen=True, slots=True)
class ObservedServer:
    """A server as it is.

    Attributes:
        databases: Names of its databases.
        accounts: Account name to the account, for those that are wanted or marked.
    """

    databases: frozenset[str]
    accounts: Mapping[str, ObservedAccount]


@dataclass(frozen=True, slots=True)
class Step:
    """One statement.

    Attributes:
        description: What it does, for people.
        before: The statement, up to the password where it has one.
        password_variable: Variable of `compose/.env` whose value comes next, empty for none.
        after: The rest of the statement.
    """

    description: str
    before: str
    password_variable: str = ""
    after: str = ""

    def __str__(self) -> str:
        return self.description


def plan_mysql(desired: MysqlServerAccounts, observed: ObservedServer) -> tuple[Step, ...]:
    """Return the statements that make the server as it should be; none when it is.

    An account that ticketctl made for a service that is gone is locked, never dropped: its name may
    stand in definers and in somebody's notes, and a lock can be undone.

    Args:
        desired: Databases and accounts that should exist.
        observed: What is there.
    """
    return (*_databases(desired, observed), *_accounts(desired, observed), *_orphans(desired, observed))


def _databases(desired: MysqlServerAccounts, observed: ObservedServer) -> Iterator[Step]:
    for name in desired.databases.values():
        if name not in observed.databases:
            yield Step(
                f"create database {name}",
                f"CREATE DATABASE {quote_identifier(name)} CHARACTER SET {CHARACTER_SET} COLLATE {COLLATION}",
            )


def _accounts(desired: MysqlServerAccounts, observed: ObservedServer) -> Iterator[Step]:
    for account in desired.accounts:
        present = observed.accounts.get(account.name)
        if present is None:
            yield _with_password(account, f"create account {account.name}", "CREATE USER", f" {account.attribute}")
        else:
            yield from _existing(account, present)
        yield from _rights(account, present.rights if present else {})


def _existing(account: MysqlAccount, present: ObservedAccount) -> Iterator[Step]:
    if not present.marked:
        yield Step(f"take over account {account.name}", f"ALTER USER {account.quoted} {account.attribute}")
    if not present.password_accepted:
        yield _with_password(account, f"set password of {account.name}", "ALTER USER")
    if present.locked:
        yield Step(f"unlock account {account.name}", f"ALTER USER {account.quoted} ACCOUNT UNLOCK")


def _rights(account: MysqlAccount, present: Rights) -> Iterator[Step]:
    change = compare(desired_rights(account.grants), present)
    for scope, privileges in change.revoke.items():
        for part in revocable_together(privileges):
            text = f"revoke {_listed(part)}{_place(scope)} from {account.name}"
            yield Step(text, revoke_statement(part, scope, account.quoted))
    for scope, privileges in change.grant.items():
        text = f"grant {_listed(privileges)}{_place(scope)} to {account.name}"
        yield Step(text, grant_statement(privileges, scope, account.quoted))


def _orphans(desired: MysqlServerAccounts, observed: ObservedServer) -> Iterator[Step]:
    wanted = {account.name for account in desired.accounts}
    for name, account in observed.accounts.items():
        if name not in wanted and account.marked and not account.locked:
            yield Step(
                f"lock account {name}: nothing in ticketctl.yaml uses it on {desired.service} any more",
                f"ALTER USER {quote_text(name)}@{quote_text(HOST)} ACCOUNT LOCK",
            )


def _with_password(account: MysqlAccount, description: str, verb: str, after: str = "") -> Step:
    return Step(description, f"{verb} {account.quoted} IDENTIFIED BY ", account.password_variable, after)


def _listed(privileges: Iterable[str]) -> str:
    names = [_readable(privilege) for privilege in privileges]
    return ", ".join(names) if len(names) <= _MOST_PRIVILEGES_SHOWN else f"{len(names)} privileges"


def _place(scope: str) -> str:
    return f" on {_readable(scope)}" if scope else ""


def _readable(words: str) -> str:
    return words.replace("`", "").replace("\\", "")
