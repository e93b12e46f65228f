"""Accounts and databases are reconciled as soon as a backend answers, while the rest still starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial

from ticketctl.events import Emit
from ticketctl.provision.stack.accounts.desired import ELASTIC_VARIABLE, MYSQL_ROOT_VARIABLE, desired_accounts
from ticketctl.provision.stack.accounts.result import ReconcileResult
from ticketctl.provision.stack.alongside import Alongside
from ticketctl.provision.stack.endpoints import admin_endpoints
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.variables import ELASTICSEARCH, example_value, secret_variables
from ticketctl.settings.model import Project
from ticketctl.settings.secret import Secret


class BackendAccounts:
    """The reconciliation of every backend, as work alongside the start.

    Args:
        project: The project.
        env: Its ports and passwords.
        emit: Told of each change.

    Attributes:
        changes: What was changed so far, one line each.
    """

    def __init__(self, project: Project, env: EnvFile, emit: Emit) -> None:
        self.changes: list[str] = []
        self._project = project
        self._env = env
        self._emit = emit
        self._passwords: Mapping[str, Secret] = {
            variable: env.secret(variable) for variable in secret_variables(project.settings)
        }

    def work(self, services: Collection[str]) -> tuple[Alongside, ...]:
        """Return the work on those of the services that are backends with accounts.

        Args:
            services: Services that are brought up.
        """
        wanted = desired_accounts(self._project.settings)
        found = [Alongside(server.service, partial(self._mysql, server.service)) for server in wanted.mysql]
        found.append(Alongside(ELASTICSEARCH, self._elasticsearch))
        return tuple(alongside for alongside in found if alongside.service in services)

    def _mysql(self, service: str) -> None:
        from ticketctl.provision.stack.accounts.mysql import reconcile_mysql

        wanted = desired_accounts(self._project.settings)
        desired = next(server for server in wanted.mysql if server.service == service)
        admin = admin_endpoints(self._project, self._env).mysql[service].endpoint
        self._note(partial(reconcile_mysql, desired, admin), MYSQL_ROOT_VARIABLE)

    def _elasticsearch(self) -> None:
        from ticketctl.provision.stack.accounts.elasticsearch import reconcile_elasticsearch

        accounts = desired_accounts(self._project.settings).elasticsearch
        admin = admin_endpoints(self._project, self._env).elasticsearch
        self._note(partial(reconcile_elasticsearch, accounts, admin), ELASTIC_VARIABLE)

    def _note(self, reconcile: Callable[..., ReconcileResult], admin_variable: str) -> None:
        example = Secret(example_value(admin_variable))
        result = reconcile(self._passwords, example_password=example, emit=self._emit)
        self.changes.extend(result.changes)
