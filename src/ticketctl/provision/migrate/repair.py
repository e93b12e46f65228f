"""`migrate repair`: change what is recorded of migrations, and nothing else, by explicit command only."""

from __future__ import annotations

from dataclasses import dataclass

from ticketctl import events
from ticketctl.errors import MigrationError
from ticketctl.events import Emit
from ticketctl.provision.migrate.execution.connections import Connections
from ticketctl.provision.migrate.execution.limits import LockWait
from ticketctl.provision.migrate.execution.observe import observe
from ticketctl.provision.migrate.execution.session import Session, open_session
from ticketctl.provision.migrate.news import STEP, waiting_for_lock
from ticketctl.provision.migrate.options import LOCK_TIMEOUT
from ticketctl.provision.migrate.planning.repair_decision import decide
from ticketctl.provision.migrate.planning.repair_plan import RepairAction, RepairPlan, Repairs
from ticketctl.provision.migrate.record.entry import Entry
from ticketctl.provision.migrate.source.files import Migration
from ticketctl.provision.migrate.source.targets import Target


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What was changed in what is recorded.

    Attributes:
        key: Key of the database in the settings.
        database: Its name on the server.
        actions: The changes.
    """

    key: str
    database: str
    actions: tuple[RepairAction, ...]


def plan_repair(target: Target, *, repairs: Repairs) -> RepairPlan:
    """Return what repairs would change in what is recorded; changes nothing.

    Args:
        target: The database with its files.
        repairs: What is to be repaired.

    Raises:
        MigrationRepairError: A repair does not fit what has become of its migration.
        MigrationFileError: A file cannot be used.
        MigrationLockedError: Another run is in the middle of a migration.
        YoyoLedgerError: yoyo is at work.
        MigrationError: The database does not exist.
        BackendError: The server cannot be reached or refuses.
        UnknownNameError: There is no such migration.
    """
    with Connections() as connections:
        return decide(target, observe(connections, target.endpoint), repairs)


def repair(
    target: Target,
    *,
    planned: RepairPlan,
    emit: Emit,
    lock_timeout: float = LOCK_TIMEOUT,
) -> RepairResult:
    """Change what is recorded, exactly as planned and shown, all of it or nothing.

    Args:
        target: The database with its files as they are now, whatever they were when it was planned.
        planned: What `plan_repair` returned.
        emit: Takes the progress.
        lock_timeout: Seconds to wait for another runner.

    Raises:
        MigrationError: What is recorded, or a file, has changed since it was planned; nothing was done.
        MigrationFileError: A file cannot be used.
        MigrationLockedError: Another runner did not finish in time.
        YoyoLedgerError: yoyo is at work.
        BackendError: The server cannot be reached or refuses.
        UnknownNameError: There is no such migration.
    """
    with events.step(emit, STEP, f"repair of {target.database}") as answer, Connections() as connections:
        with open_session(
            connections,
            target.endpoint,
            lock_timeout=lock_timeout,
            wait=LockWait(),
            waiting=waiting_for_lock(target.key, emit),
        ) as session:
            _refuse_changes(target, session, planned)
            for action in planned.actions:
                _record(target, session, action)
            session.journal.flush()
        answer.changed, answer.summary = bool(planned.actions), f"{len(planned.actions)} repaired"
    return RepairResult(target.key, target.database, planned.actions)


def _refuse_changes(target: Target, session: Session, planned: RepairPlan) -> None:
    """What was not shown is not done."""
    now = decide(target, session.history, planned.repairs)
    if now == planned:
        return
    changed = [action for action in now.actions if action not in planned.actions]
    raise MigrationError(
        f"{', '.join(action.name for action in changed)} is no longer as it was when the repair was shown",
        why="\n".join(line for action in changed for line in action.lines()),
        next_step="look whether this is still what you want, and run the command again",
    )


def _record(target: Target, session: Session, action: RepairAction) -> None:
    """Say one change; nothing is written before all of them are said."""
    corrections, name = session.corrections, action.name
    migration = next((one for one in target.migrations if one.name == name), None)
    if action.kind == "unmark":
        if name in session.history.records:
            corrections.unmark(name)
        else:
            corrections.record_in_ledger(name, "unmark")
    elif action.kind in ("landed", "not-landed"):
        corrections.settle(name, action.direction, action.positions[0], landed=action.kind == "landed")
    elif migration is not None and action.kind == "mark":
        known = name in session.history.records
        corrections.record(migration, "mark" if known or name not in session.history.ledger.applied else "yoyo")
    elif migration is not None:
        _accept(session, migration, action)


def _accept(session: Session, migration: Migration, action: RepairAction) -> None:
    file = migration.up
    if action.direction == "rollback" and migration.down is not None:
        file = migration.down
    else:
        session.corrections.accept_file(migration)
    for position in action.positions:
        entry = Entry(migration.name, action.direction, position, file.statements[position - 1], kind="")
        session.corrections.accept_statement(entry)
