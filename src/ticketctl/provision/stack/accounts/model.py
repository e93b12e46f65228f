"""Databases, accounts and rights as plain values: what should exist on each backend.

One description feeds both ways of making it so: the files that a container reads at its first start
(`docker compose up` alone), and the reconciliation at each `ticketctl up`.

A password never stands here. An account names the variable of `compose/.env` that holds it; inside
a container the same value is the file `/run/secrets/<variable in lower case>`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CHARACTER_SET = "utf8mb4"
COLLATION = "utf8mb4_0900_ai_ci"
HOST = "%"  # containers have no fixed address; the port is published on loopback only
MARK = "ticketctl"
"""What an account carries on the server to say that ticketctl made it, and may lock it when nothing uses it."""


@dataclass(frozen=True, slots=True)
class Grant:
    r"""Rights on the whole server, on the databases of a pattern, or on one table.

    Attributes:
        privileges: MySQL's names of them, sorted as MySQL documents them.
        database: A pattern as GRANT takes it (`%` and `_` are wildcards, `\_` is an underscore), or
            with `table` the plain name; None for the whole server (`*.*`).
        table: One table of `database`, None for all of them.
    """

    privileges: tuple[str, ...]
    database: str | None = None
    table: str | None = None

    @property
    def scope(self) -> str:
        """What stands after ON in a GRANT or REVOKE statement."""
        if self.database is None:
            return "*.*"
        table = "*" if self.table is None else quote_identifier(self.table)
        return f"{quote_identifier(self.database)}.{table}"


@dataclass(frozen=True, slots=True)
class MysqlAccount:
    """One MySQL account.

    Attributes:
        name: Account name; its host is always `HOST`.
        password_variable: Variable of `compose/.env` that holds its password.
        grants: All its rights; it has none besides.
    """

    name: str
    password_variable: str
    grants: tuple[Grant, ...]

    @property
    def quoted(self) -> str:
        """The account as SQL writes it: `'booking'@'%'`."""
        return f"{quote_text(self.name)}@{quote_text(HOST)}"

    @property
    def attribute(self) -> str:
        """The mark of ticketctl, as the last words of CREATE USER or ALTER USER."""
        return f"ATTRIBUTE {quote_text(json.dumps({MARK: 'account'}))}"

    def grant_statements(self) -> tuple[str, ...]:
        """Return one GRANT statement for each entry of `grants`."""
        return tuple(f"GRANT {', '.join(grant.privileges)} ON {grant.scope} TO {self.quoted}" for grant in self.grants)


@dataclass(frozen=True, slots=True)
class MysqlServerAccounts:
    """What should exist on one MySQL server.

    Attributes:
        service: The server's name in the Compose file: `mysql`, or `mysql-<database key>`.
        databases: Key of the database to its name on the server.
        accounts: Accounts in the order in which they are made.
    """

    service: str
    databases: Mapping[str, str]
    accounts: tuple[MysqlAccount, ...]

    def database_statements(self) -> tuple[str, ...]:
        """Return one CREATE DATABASE statement for each database; they may be repeated."""
        return tuple(
            f"CREATE DATABASE IF NOT EXISTS {quote_identifier(name)} CHARACTER SET {CHARACTER_SET} COLLATE {COLLATION}"
            for name in self.databases.values()
        )


@dataclass(frozen=True, slots=True)
class RedisAccount:
    """One Redis account.

    Attributes:
        name: Account name.
        password_variable: Variable of `compose/.env` that holds its password.
        rules: Its ACL rules besides `on` and the password, as `ACL SETUSER` takes them.
    """

    name: str
    password_variable: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ElasticsearchRole:
    """One Elasticsearch role.

    Attributes:
        name: Role name.
        cluster: Cluster privileges.
        indices: Index names and patterns that `index_privileges` hold on.
        index_privileges: Index privileges.
    """

    name: str
    cluster: tuple[str, ...]
    indices: tuple[str, ...]
    index_privileges: tuple[str, ...]

    def body(self) -> dict[str, object]:
        """Return the body of `PUT /_security/role/<name>`."""
        indices = [{"names": list(self.indices), "privileges": list(self.index_privileges)}]
        return {
            "cluster": list(self.cluster),
            "indices": indices if self.indices else [],
            "metadata": {MARK: "role"},
        }


@dataclass(frozen=True, slots=True)
class ElasticsearchAccount:
    """One Elasticsearch account, made by the security API.

    Attributes:
        name: Account name.
        password_variable: Variable of `compose/.env` that holds its password.
        role: The role that is made for it, its only one.
    """

    name: str
    password_variable: str
    role: ElasticsearchRole

    def body(self) -> dict[str, object]:
        """Return the body of `PUT /_security/user/<name>`, without the password."""
        return {
            "roles": [self.role.name],
            "full_name": f"ticketctl: {self.name}",
            "metadata": {MARK: "account"},
        }


@dataclass(frozen=True, slots=True)
class DesiredAccounts:
    """Everything that should exist.

    Attributes:
        mysql: The MySQL servers: one, or one for each database.
        redis: The Redis accounts; `default` is switched off.
        elasticsearch: The Elasticsearch accounts besides the built-in `elastic`.
    """

    mysql: tuple[MysqlServerAccounts, ...]
    redis: tuple[RedisAccount, ...]
    elasticsearch: tuple[ElasticsearchAccount, ...]

    def password_variables(self, backend: Literal["mysql", "redis", "elasticsearch"]) -> tuple[str, ...]:
        """Return the variables of all accounts of one backend, each once, in order."""
        found: dict[str, None] = {}
        if backend == "mysql":
            found = {a.password_variable: None for server in self.mysql for a in server.accounts}
        elif backend == "redis":
            found = {account.password_variable: None for account in self.redis}
        else:
            found = {account.password_variable: None for account in self.elasticsearch}
        return tuple(found)


def quote_identifier(name: str) -> str:
    """Return `name` as a MySQL identifier."""
    return "`" + name.replace("`", "``") + "`"


def quote_text(text: str) -> str:
    """Return `text` as a MySQL string that reads the same in every SQL mode.

    Raises:
        ValueError: It contains a backslash, whose meaning depends on the SQL mode.
    """
    if "\\" in text:
        raise ValueError("a backslash has no fixed meaning in an SQL string")
    return "'" + text.replace("'", "''") + "'"


def database_pattern(name: str) -> str:
    """Return the pattern that stands for exactly this database in a GRANT."""
    return name.replace("_", "\\_").replace("%", "\\%")
