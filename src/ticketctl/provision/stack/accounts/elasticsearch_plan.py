"""From the roles and users of Elasticsearch as they are to those that should be (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketctl.provision.stack.accounts.model import MARK, ElasticsearchAccount

Body = Mapping[str, Any]

# What the server adds to its answers, and what says nothing about rights.
_NOT_COMPARED = frozenset({"transient_metadata", "username", "email", "profile_uid"})


@dataclass(frozen=True, slots=True)
class ObservedSecurity:
    """Roles and users as they are.

    Attributes:
        roles: Role name to what the server says of it; those that are wanted.
        users: User name to what the server says of it; those that are wanted or carry the mark.
        passwords_accepted: Names of users that get in with the password of `compose/.env`.
    """

    roles: Mapping[str, Body]
    users: Mapping[str, Body]
    passwords_accepted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the security API.

    Attributes:
        description: What it does, for people.
        path: Its path; the method is PUT.
        body: Its body without a password, None for none.
        password_variable: Variable of `compose/.env` whose value is sent along, empty for none.
    """

    description: str
    path: str
    body: Body | None = None
    password_variable: str = ""

    def __str__(self) -> str:
        return self.description


def plan_elasticsearch(accounts: Sequence[ElasticsearchAccount], observed: ObservedSecurity) -> tuple[Call, ...]:
    """Return the calls that make roles and users as they should be; none when they are.

    Args:
        accounts: Accounts that should exist.
        observed: What is there.
    """
    wanted = {account.name for account in accounts}
    calls = [call for account in accounts for call in (*_role(account, observed), *_user(account, observed))]
    orphans = (name for name, user in observed.users.items() if name not in wanted and _is_ours_and_on(user))
    return (*calls, *map(_disable, orphans))


def _role(account: ElasticsearchAccount, observed: ObservedSecurity) -> Iterator[Call]:
    role, body = account.role, account.role.body()
    present = observed.roles.get(role.name)
    if present is None:
        yield Call(f"create role {role.name}", f"/_security/role/{role.name}", body)
    elif _rights(present) != _rights(body):
        yield Call(f"set rights of role {role.name}", f"/_security/role/{role.name}", body)


def _user(account: ElasticsearchAccount, observed: ObservedSecurity) -> Iterator[Call]:
    path, body = f"/_security/user/{account.name}", account.body()
    present = observed.users.get(account.name)
    if present is None:
        yield Call(f"create account {account.name}", path, body, account.password_variable)
        return
    if _rights(present) != _rights({**body, "enabled": True}):
        enabled = "enable account" if not present.get("enabled") else "set roles of account"
        yield Call(f"{enabled} {account.name}", path, {**body, "enabled": True})
    if account.name not in observed.passwords_accepted:
        yield Call(f"set password of {account.name}", f"{path}/_password", {}, account.password_variable)


def _is_ours_and_on(user: Body) -> bool:
    return MARK in user.get("metadata", {}) and bool(user.get("enabled"))


def _disable(name: str) -> Call:
    return Call(
        f"disable account {name}: nothing in ticketctl.yaml uses it any more", f"/_security/user/{name}/_disable"
    )


def _rights(body: Body) -> object:
    """Return a body in one spelling: what is empty or off is the same as what is not there."""
    return _spelled({key: value for key, value in body.items() if key not in _NOT_COMPARED})


def _spelled(value: object) -> object:
    if isinstance(value, Mapping):
        items = {key: _spelled(item) for key, item in value.items()}
        return tuple(sorted((key, item) for key, item in items.items() if item not in (None, False, (), "")))
    if isinstance(value, (list, tuple)):
        return tuple(sorted((_spelled(item) for item in value), key=repr))
    return value
