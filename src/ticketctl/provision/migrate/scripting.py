"""`migrate plan --sql`: what `apply` would do, as SQL for the `mysql` client."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.observe import observe
from ticketctl.provision.migrate.planning.plan import Plan, plan_database
from ticketctl.provision.migrate.planning.script import Script, script_of
from ticketctl.provision.migrate.source.targets import Target


def plan_script(targets: Sequence[Target], *, allow_late: bool = False) -> Script:
    """Return what `apply` would do as SQL, to be run by hand and then recorded; changes nothing.

    Args:
        targets: The databases with their files.
        allow_late: Whether a migration may run that belongs before an applied one.

    Raises:
        MigrationFileError: A file cannot be used.
        MigrationEditedError: An applied migration has changed.
        MigrationInDoubtError: A statement's outcome is unknown.
        MigrationLateError: A pending migration belongs before an applied one.
        BackendError: A server cannot be reached or refuses.
    """
    with Connections() as connections:
        planned = [
            plan_database(
                target.key,
                target.database,
                target.migrations,
                observe(connections, target.endpoint),
                allow_late=allow_late,
            )
            for target in targets
        ]
    return script_of(Plan(tuple(planned)), targets)
