"""What has become of every migration of a database, for people and for CI (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.provision.migrate.planning.assess import assess
from ticketctl.provision.migrate.planning.results import DatabaseStatus, MigrationStatus, StatusState
from ticketctl.provision.migrate.record.history import History, Record
from ticketctl.provision.migrate.source.files import Migration


def status_of(key: str, database: str, migrations: Sequence[Migration], history: History) -> DatabaseStatus:
    """Return what has become of the migrations of a database.

    Args:
        key: Its key in the settings.
        database: Its name on the server.
        migrations: Its migrations in their order.
        history: What the database says of them.
    """
    assessed = [assess(migration, history) for migration in migrations]
    applied = [place for place, found in enumerate(assessed) if found.state == "applied"]
    last = applied[-1] if applied else -1
    lines = []
    for place, found in enumerate(assessed):
        record = history.records.get(found.migration)
        when = record.finished_at if record else None
        if found.state == "pending" and place < last:
            detail = f"{assessed[last].migration} is applied already"
            lines.append(MigrationStatus(found.migration, "late", when, detail))
        else:
            lines.append(MigrationStatus(found.migration, found.state, when, found.detail))
    names = {migration.name for migration in migrations}
    lines += [_without_file(record) for name, record in history.records.items() if name not in names]
    lines += [
        MigrationStatus(name, "missing", None, "applied by yoyo, but its file is gone")
        for name in history.changes.applied_by_yoyo
        if name not in names
    ]
    return DatabaseStatus(key, database, history.exists, tuple(lines))


def _without_file(record: Record) -> MigrationStatus:
    if record.state == "applied":
        return MigrationStatus(record.name, "missing", record.finished_at, "applied, but its file is gone")
    state: StatusState = "partial" if record.state == "applying" else "rolling back"
    return MigrationStatus(record.name, state, None, "stopped in the middle, and its file is gone")
