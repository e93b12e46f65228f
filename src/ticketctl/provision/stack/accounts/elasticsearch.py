"""Make roles, users and passwords of Elasticsearch what they should be."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ticketctl.errors import BackendLoginError
from ticketctl.events import Emit, Progress, ignore
from ticketctl.infra.elasticsearch import BACKEND, connect, translating
from ticketctl.provision.stack.accounts.elasticsearch_plan import Call, ObservedSecurity, plan_elasticsearch
from ticketctl.provision.stack.accounts.model import MARK, ElasticsearchAccount
from ticketctl.provision.stack.accounts.result import STEP, ReconcileResult
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.secret import Secret

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_ADMIN = "(admin)"
_JSON = {"content-type": "application/json", "accept": "application/json"}
_NOT_FOUND = 404
ANSWER_SECONDS = 60.0
"""The first change of a new node makes the security index; on a busy machine more than 10 s were seen."""
STARTUP_SECONDS = 15.0
"""How long a refused login may be due to the node's start; 2 s were seen on a busy machine."""
_PAUSE = 0.25


def reconcile_elasticsearch(
    accounts: Sequence[ElasticsearchAccount],
    admin: ElasticsearchEndpoint,
    passwords: Mapping[str, Secret],
    *,
    example_password: Secret,
    dry_run: bool = False,
    emit: Emit = ignore,
) -> ReconcileResult:
    """Create what is missing, correct what differs, disable what is no longer wanted.

    Only wanted roles and users, and users that carry ticketctl's mark, are looked at.

    Args:
        accounts: Accounts that should exist, each with its role.
        admin: The cluster and its `elastic` account, with the password of `compose/.env`.
        passwords: Variable of `compose/.env` to its value.
        example_password: The one of `elastic` in `compose/.env.example`. A cluster that still has it
            gets the one of `admin`.
        dry_run: Only say what would be done.
        emit: Told of each change when it is made.

    Raises:
        BackendLoginError: The data was initialised with another password.
        BackendError: The cluster cannot be reached or refuses a call. What was done stays; the next
            call goes on.
    """
    known = {**passwords, _ADMIN: admin.password}
    admin = replace(admin, timeout=max(admin.timeout, ANSWER_SECONDS))
    logged_in, rotation = _log_in(admin, example_password)
    with closing(connect(logged_in)) as client, translating(admin):
        # The password that this connection uses is changed last.
        calls = (*plan_elasticsearch(accounts, _observe(client, accounts, admin, passwords)), *rotation)
        if not dry_run:
            for call in calls:
                _execute(client, call, known)
                emit(Progress(STEP, BACKEND, "changed", call.description))
    return ReconcileResult(tuple(f"{BACKEND}: {call}" for call in calls))


def _log_in(admin: ElasticsearchEndpoint, example_password: Secret) -> tuple[ElasticsearchEndpoint, tuple[Call, ...]]:
    """Return the account that gets in, and what makes it the wanted one.

    A node that was started again refuses right passwords until it has opened the index that holds them, and
    words it like a wrong one: only a refusal that lasts is believed.
    """
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            _authenticate(admin)
        except BackendLoginError as refused:
            if _accepts(admin, admin.user, example_password):
                path = f"/_security/user/{admin.user}/_password"
                rotation = Call(f"replace the example password of {admin.user}", path, {}, _ADMIN)
                return replace(admin, password=example_password), (rotation,)
            if time.monotonic() >= deadline:
                raise _other_password(admin, refused) from refused
        else:
            return admin, ()
        time.sleep(_PAUSE)


def _authenticate(endpoint: ElasticsearchEndpoint) -> None:
    with closing(connect(endpoint)) as client, translating(endpoint):
        client.security.authenticate()


def _other_password(admin: ElasticsearchEndpoint, refused: BackendLoginError) -> BackendLoginError:
    return BackendLoginError(
        f"Elasticsearch at {admin.url} was initialised with another password of {admin.user}",
        backend=BACKEND,
        why="the data volume keeps a password that was set once, and that is neither the one in compose/.env "
        f"nor the example value\n{refused.why}",
        next_step="put the old ELASTIC_PASSWORD back into compose/.env and run `ticketctl up`; "
        "or give the data up: `ticketctl reset` shows what would be lost",
    )


def _observe(
    client: Elasticsearch,
    accounts: Sequence[ElasticsearchAccount],
    admin: ElasticsearchEndpoint,
    passwords: Mapping[str, Secret],
) -> ObservedSecurity:
    names = {account.name for account in accounts}
    optional = client.options(ignore_status=_NOT_FOUND)
    roles = optional.security.get_role(name=",".join(account.role.name for account in accounts)).body
    users: dict[str, Any] = {
        name: user
        for name, user in client.security.get_user().body.items()
        if name in names or MARK in user.get("metadata", {})
    }
    accepted = frozenset(
        account.name
        for account in accounts
        if account.name in users and _accepts(admin, account.name, passwords[account.password_variable])
    )
    return ObservedSecurity(roles, users, accepted)


def _accepts(admin: ElasticsearchEndpoint, name: str, password: Secret) -> bool:
    try:
        _authenticate(replace(admin, user=name, password=password))
    except BackendLoginError:
        return False
    return True


def _execute(client: Elasticsearch, call: Call, passwords: Mapping[str, Secret]) -> None:
    body = None if call.body is None else dict(call.body)
    if body is not None and call.password_variable:
        body["password"] = passwords[call.password_variable].reveal()
    client.perform_request("PUT", call.path, headers=_JSON, body=body)
