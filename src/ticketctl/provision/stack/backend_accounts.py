"""Accounts and databases are reconciled as soon as a backend answers, while the rest still starts."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from ticketctl.events import Emit
from ticketctl.provision.stack.accounts.reconcile import reconcile_server, servers_with_accounts
from ticketctl.provision.stack.alongside import Alongside
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.settings.model import Project


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

    def work(self, services: Collection[str]) -> tuple[Alongside, ...]:
        """Return the work on those of the services that are backends with accounts.

        Args:
            services: Services that are brought up.
        """
        servers = (name for name in servers_with_accounts(self._project) if name in services)
        return tuple(Alongside(name, partial(self._reconcile, name)) for name in servers)

    def _reconcile(self, service: str) -> None:
        # Whoever works alongside is called again while the service does not answer.
        result = reconcile_server(self._project, self._env, service, patience=0.0, emit=self._emit)
        self.changes.extend(result.changes)
