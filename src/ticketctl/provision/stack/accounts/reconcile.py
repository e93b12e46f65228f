"""Reconcile the accounts of a stack, server by server.

A server is worked on as soon as it lets its administrator in, and must not be waited for to be
healthy: its health check logs in with an account whose password is perhaps set only here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ticketctl.errors import BackendUnreachableError
from ticketctl.events import Emit, ignore
from ticketctl.provision.stack.accounts.desired import ELASTIC_VARIABLE, MYSQL_ROOT_VARIABLE, desired_accounts
from ticketctl.provision.stack.accounts.elasticsearch import reconcile_elasticsearch
from ticketctl.provision.stack.accounts.mysql import reconcile_mysql
from ticketctl.provision.stack.accounts.result import ReconcileResult
from ticketctl.provision.stack.endpoints import admin_endpoints
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.variables import ELASTICSEARCH, example_value, secret_variables
from ticketctl.settings.model import Project
from ticketctl.settings.secret import Secret

RETRY_SECONDS = 0.3
PATIENCE = 30.0
"""Seconds by default: a healthy Elasticsearch still makes its index of accounts when it is first asked for one."""


def servers_with_accounts(project: Project) -> tuple[str, ...]:
    """Return the names, in the Compose file, of the servers whose accounts are reconciled.

    Redis is not among them: it reads its accounts from a file when it starts.

    Args:
        project: The project.
    """
    return (*(server.service for server in desired_accounts(project.settings).mysql), ELASTICSEARCH)


def reconcile_server(
    project: Project,
    env: EnvFile,
    service: str,
    *,
    dry_run: bool = False,
    patience: float = PATIENCE,
    emit: Emit = ignore,
) -> ReconcileResult:
    """Reconcile one server; several may be worked on at once, by a thread each.

    Args:
        project: The project.
        env: Its ports and passwords.
        service: Name of the server in the Compose file, one of `servers_with_accounts`.
        dry_run: Only say what would be done.
        patience: Seconds during which a server that does not answer yet is tried again.
        emit: Told of each change when it is made.

    Raises:
        EnvFileError: A port or password is missing.
        BackendUnreachableError: It did not answer in time.
        BackendError: It was initialised with another password, or refuses a change.
    """
    deadline = time.monotonic() + patience
    work = _work(project, env, service, dry_run=dry_run, emit=emit)
    while True:
        try:
            return work()
        except BackendUnreachableError:
            if time.monotonic() + RETRY_SECONDS > deadline:
                raise
        time.sleep(RETRY_SECONDS)


def _work(project: Project, env: EnvFile, service: str, *, dry_run: bool, emit: Emit) -> Callable[[], ReconcileResult]:
    desired = desired_accounts(project.settings)
    admin = admin_endpoints(project, env)
    passwords = _passwords(project, env)
    if service == ELASTICSEARCH:
        return lambda: reconcile_elasticsearch(
            desired.elasticsearch,
            admin.elasticsearch,
            passwords,
            example_password=Secret(example_value(ELASTIC_VARIABLE)),
            dry_run=dry_run,
            emit=emit,
        )
    server = next(server for server in desired.mysql if server.service == service)
    return lambda: reconcile_mysql(
        server,
        admin.mysql[service].endpoint,
        passwords,
        example_password=Secret(example_value(MYSQL_ROOT_VARIABLE)),
        dry_run=dry_run,
        emit=emit,
    )


def _passwords(project: Project, env: EnvFile) -> Mapping[str, Secret]:
    return {variable: env.secret(variable) for variable in secret_variables(project.settings)}
