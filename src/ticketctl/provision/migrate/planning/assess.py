"""What has become of a migration: its file against what the database says of it (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ticketctl.provision.migrate.planning.mark import Mark, find_mark
from ticketctl.provision.migrate.record.history import History, Record
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.syntax.checksum import ALGORITHM

State = Literal["pending", "applied", "partial", "edited", "in doubt", "rolling back", "running", "undone by yoyo"]

BEGINNING = Mark(next=1)
WAS_EMPTY = "the file held no statement when it was applied"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What has become of one migration.

    Attributes:
        migration: Its name.
        state: `partial` stopped in the middle and can go on; `in doubt` cannot without being looked at;
            `running` is being executed by somebody else now; `undone by yoyo` was applied, and yoyo's
            ledger says that it no longer is.
        mark: Where it goes on.
        detail: The state in words, empty where the state says it all.
    """

    migration: str
    state: State
    mark: Mark = BEGINNING
    detail: str = ""


def assess(migration: Migration, history: History) -> Assessment:
    """Return what has become of a migration.

    Args:
        migration: It, as its file is now.
        history: What the database says.
    """
    name = migration.name
    record = history.records.get(name)
    if record is None and name in history.ledger.applied:
        return Assessment(name, "applied", detail="by yoyo; `apply` takes it into the journal")
    if record is None and not history.statements(name, "apply"):
        return Assessment(name, "pending")
    if record is not None and record.state == "applied":
        return _applied(migration, record, history)
    if history.held_by:
        return Assessment(name, "running", detail=history.held_by)
    if record is not None and record.state == "rolling_back":
        return Assessment(name, "rolling back", detail="some statements of its rollback are done")
    return _in_the_middle(migration, history)


def _applied(migration: Migration, record: Record, history: History) -> Assessment:
    if migration.name in history.changes.removed_by_yoyo:
        return Assessment(migration.name, "undone by yoyo", detail="rolled back or unmarked behind the journal")
    if is_unchanged(migration, record):
        return Assessment(migration.name, "applied", detail=record.recorded)
    detail = WAS_EMPTY if record.statements == 0 else "the file is not what was applied"
    return Assessment(migration.name, "edited", detail=detail)


def is_unchanged(migration: Migration, record: Record) -> bool:
    """Whether a file says what it said when it was applied.

    Args:
        migration: The file as it is now.
        record: What the database recorded.
    """
    if migration.up.sha256 == record.file_sha256:
        return True  # not one byte has changed: no need to read it
    return record.algorithm == ALGORITHM and migration.up.checksum == record.checksum


def _in_the_middle(migration: Migration, history: History) -> Assessment:
    journal = history.statements(migration.name, "apply")
    mark = find_mark(migration.up.statements, journal)
    if mark.problem is not None:
        state: State = "edited" if mark.problem == "edited" else "in doubt"
        why = f"statement {mark.at}: {mark.why}" if mark.problem == "in doubt" else mark.why
        return Assessment(migration.name, state, mark, why)
    failed = next((row for row in journal if row.state == "failed"), None)
    detail = f"stopped before statement {mark.next} of {len(migration.up.statements)}"
    if mark.open is not None:
        detail = f"stopped in statement {mark.next} of {len(migration.up.statements)}; `apply` looks whether it landed"
    elif failed is not None:
        detail = f"statement {failed.position} failed: {failed.error_number} {failed.error_message}"
    return Assessment(migration.name, "partial", mark, detail)
