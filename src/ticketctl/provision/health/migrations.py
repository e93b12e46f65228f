"""Is each database where its migration files are?"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ticketctl.provision.health.model import Finding, fail, ok, skipped, warn
from ticketctl.provision.health.mysql import MysqlSession
from ticketctl.provision.health.target import Check
from ticketctl.provision.migrate.planning.results import DatabaseStatus
from ticketctl.provision.migrate.runner import status
from ticketctl.provision.migrate.source.targets import read_target
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.model import Project

_ADVICE = {
    "pending": "`ticketctl migrate apply`",
    "partial": "`ticketctl migrate apply` goes on where it stopped",
}
_SHOWN = 3


def migrations_check(project: Project, key: str, endpoint: MysqlEndpoint) -> Check[MysqlSession]:
    """Return the check of one database.

    Args:
        project: The project, whose folders hold the migrations.
        key: Key of the database.
        endpoint: Where it is.
    """
    settings = project.settings.databases[key]

    def check(session: MysqlSession) -> Finding:
        if settings.name in session.unusable:
            return skipped(f"{settings.name} cannot be used")
        here = replace(endpoint, database=settings.name)
        found = status((read_target(key, here, project.root / settings.migrations),))
        return judge(found.databases[0])

    return Check(f"migrations {settings.name}", check)


def judge(database: DatabaseStatus) -> Finding:
    """Return the verdict on the migrations of one database.

    Args:
        database: What `migrate status` says of it.
    """
    states = Counter(migration.state for migration in database.migrations)
    if database.at_head:
        if states["missing"]:
            gone = [migration.name for migration in database.migrations if migration.state == "missing"]
            return warn(
                f"at head, but files of applied migrations are gone: {_listed(gone)}",
                "is this checkout older than the database? `ticketctl migrate status`",
            )
        return ok(f"at head, {states['applied']} applied")
    waiting = [migration for migration in database.migrations if migration.state not in ("applied", "missing")]
    advice = {_ADVICE.get(migration.state, "`ticketctl migrate status` says what to do") for migration in waiting}
    counts = ", ".join(f"{count} {state}" for state, count in states.items() if state not in ("applied", "missing"))
    return fail(f"{counts}: {_listed([migration.name for migration in waiting])}", max(advice))


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
