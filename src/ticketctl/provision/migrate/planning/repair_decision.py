"""Which changes of what is recorded a repair comes to, or why it does not fit (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticketctl.errors import MigrationError, MigrationLockedError, MigrationRepairError, UnknownNameError
from ticketctl.provision.migrate.planning.doubt import refuse_yoyo_at_work
from ticketctl.provision.migrate.planning.mark import Mark, find_mark
from ticketctl.provision.migrate.planning.plan import PlannedStatement
from ticketctl.provision.migrate.planning.repair_plan import Kind, RepairAction, RepairPlan, Repairs
from ticketctl.provision.migrate.planning.results import MigrationStatus
from ticketctl.provision.migrate.planning.status import status_of
from ticketctl.provision.migrate.planning.verification import next_step
from ticketctl.provision.migrate.record.history import Direction, History, Record, StatementRecord
from ticketctl.provision.migrate.source.files import Migration, SqlFile
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.checksum import statement_checksum
from ticketctl.provision.migrate.syntax.statements import EXCERPT_LENGTH, excerpt, kind_of

_PURPOSES: dict[Kind, str] = {
    "accept-edit": "accepts a file that was edited after it was executed",
    "mark": "records as applied, without executing it, what is not",
    "unmark": "forgets what is recorded of a migration, and undoes nothing",
    "landed": "answers for a statement that was started and whose outcome is not known",
    "not-landed": "answers for a statement that was started and whose outcome is not known",
}


def decide(target: Target, history: History, repairs: Repairs) -> RepairPlan:
    """Return what repairs would change.

    Args:
        target: The database with its files.
        history: What the database says of them.
        repairs: What is to be repaired.

    Raises:
        UnknownNameError: No migration has such a name.
        MigrationRepairError: A repair does not fit what has become of the migration.
        MigrationLockedError: Another run is in the middle of a migration.
        YoyoLedgerError: yoyo is at work.
        MigrationError: The database does not exist.
        MigrationFileError: A file cannot be used.
    """
    _refuse_database(target, history)
    decision = _Decision(target, history, repairs)
    UnknownNameError.check("migration", (name for _, name in repairs.pairs()), decision.statuses)
    seen: dict[str, Kind] = {}
    for kind, name in repairs.pairs():
        if name in seen:
            raise MigrationRepairError(
                f"{name} is named by --{seen[name]} and by --{kind}",
                migration=name,
                state=decision.statuses[name].state,
                next_step="repair a migration in one way, then look at `ticketctl migrate status` again",
            )
        seen[name] = kind
    actions = tuple(decision.action(seen[name], name) for name in decision.statuses if name in seen)
    return RepairPlan(target.key, target.database, repairs, actions)


def _refuse_database(target: Target, history: History) -> None:
    if not history.exists:
        raise MigrationError(
            f"the database {target.database} does not exist, and nothing is recorded of it",
            next_step=f"`ticketctl migrate apply --only {target.key}` creates it",
        )
    refuse_yoyo_at_work(target.database, history.ledger)
    if history.held_by:
        raise MigrationLockedError(
            f"another run is changing {target.database}",
            why=f"its lock is held by {history.held_by}",
            next_step="wait for it, and look at `ticketctl migrate status` again",
        )


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where a migration stopped in the middle."""

    direction: Direction
    file: SqlFile
    journal: tuple[StatementRecord, ...]
    mark: Mark


class _Decision:
    def __init__(self, target: Target, history: History, repairs: Repairs) -> None:
        self._target = target
        self._history = history
        self._repairs = repairs
        self._migrations = {migration.name: migration for migration in target.migrations}
        found = status_of(target.key, target.database, target.migrations, history).migrations
        self.statuses: Mapping[str, MigrationStatus] = {status.name: status for status in found}

    def action(self, kind: Kind, name: str) -> RepairAction:
        if kind == "unmark":
            return self._unmark(name)
        migration = self._migrations.get(name)
        if migration is None:
            raise self._misfit(kind, name)
        if kind == "mark":
            return self._mark(migration)
        if kind == "accept-edit":
            return self._accept_edit(migration)
        return self._settle(kind, migration)

    def _mark(self, migration: Migration) -> RepairAction:
        name = migration.name
        record = self._history.records.get(name)
        undone = name in self._history.changes.removed_by_yoyo
        if record is None and name in self._history.ledger.applied:
            return self._whole("mark", migration, "applied, in the journal as well as in yoyo's ledger")
        if record is not None and record.state == "applied" and not undone:
            raise self._misfit("mark", name)
        return self._whole("mark", migration, f"applied, nothing of {migration.up.path} is executed{self._late(name)}")

    def _unmark(self, name: str) -> RepairAction:
        if self.statuses[name].state in ("pending", "late"):
            raise self._misfit("unmark", name)
        before = self._recorded(name)
        if name not in self._migrations:
            return RepairAction("unmark", name, before, "forgotten; what it did stays")
        behind = self._applied_behind(name)
        late = f", and late, as {behind} is applied" if behind else ""
        return RepairAction("unmark", name, before, f"pending{late}; what it did stays, and `apply` executes it again")

    def _accept_edit(self, migration: Migration) -> RepairAction:
        name = migration.name
        record = self._history.records.get(name)
        if record is not None and record.state == "applied":
            if self.statuses[name].state != "edited":
                raise self._misfit("accept-edit", name)
            return self._whole("accept-edit", migration, f"applied as {migration.up.path} says now")
        stop = self._stop(migration, record)
        if stop is None or stop.mark.problem != "edited":
            raise self._misfit("accept-edit", name)
        return self._accept_statements(name, stop)

    def _accept_statements(self, name: str, stop: _Stop) -> RepairAction:
        """What is done of a migration in the middle counts as what its file says there now."""
        statements = stop.file.statements
        done = [row for place, row in enumerate(stop.journal, 1) if row.state == "done" and row.position == place]
        if len(done) > len(statements):
            raise MigrationRepairError(
                f"{stop.file.path} has fewer statements than were executed",
                migration=name,
                state=self.statuses[name].state,
                why=f"{len(done)} statements are done, and the file has {len(statements)}",
                next_step="restore those that are missing"
                + (
                    f": `ticketctl migrate diff {self._target.key} {name}` shows them"
                    if stop.direction == "apply"
                    else ""
                ),
            )
        changed = [row.position for row in done if statement_checksum(statements[row.position - 1]) != row.checksum]
        return RepairAction(
            "accept-edit",
            name,
            f"{_of(stop)}{_numbered(changed)} done, with other text",
            f"{_of(stop)}{_numbered(changed)} done as {stop.file.path} says now; {self._goes_on(stop, len(done) + 1)}",
            stop.direction,
            tuple(changed),
            tuple(_shown(stop.file, position) for position in changed),
            stop.file.sha256,
        )

    def _settle(self, kind: Kind, migration: Migration) -> RepairAction:
        stop = self._stop(migration, self._history.records.get(migration.name))
        if stop is None or stop.mark.problem == "edited":
            raise self._misfit(kind, migration.name)
        if stop.mark.problem == "lost":
            return self._lost(kind, migration.name, stop)
        started = stop.mark.open
        if started is None:
            raise self._misfit(kind, migration.name)
        at, statements = started.position, stop.file.statements
        if kind == "landed":
            after = f"{_of(stop)}statement {at} done; {self._goes_on(stop, at + 1)}"
            if at > len(statements) or statement_checksum(statements[at - 1]) != started.checksum:
                after = f"statement {at} done; {stop.file.path} says something else there now, and will count as edited"
        else:
            after = f"{_of(stop)}statement {at} not executed; {self._goes_on(stop, at)}"
        shown = _shown(stop.file, at) if started.sql_text is None and at <= len(statements) else _sent(started)
        before = f"{_of(stop)}statement {at} started, its outcome not known"
        return RepairAction(kind, migration.name, before, after, stop.direction, (at,), (shown,), stop.file.sha256)

    def _lost(self, kind: Kind, name: str, stop: _Stop) -> RepairAction:
        """A temporary table has ended with its connection: what made it, and all below, is executed again."""
        at, following = stop.mark.at, stop.mark.next
        if kind == "landed":
            raise MigrationRepairError(
                f"{stop.file.path} cannot go on behind statement {at}, whatever has landed",
                migration=name,
                state=self.statuses[name].state,
                why=stop.mark.why,
                next_step=f"`ticketctl migrate repair {self._target.key} --not-landed {name}` shows which statements "
                "would then be executed again, before it changes anything",
            )
        again = tuple(range(at, following))
        return RepairAction(
            kind,
            name,
            f"{_of(stop)}{_numbered(again)} done, and the temporary table of statement {at} is gone",
            f"not executed; {self._goes_on(stop, at)}, and executes them a second time",
            stop.direction,
            (at,),
            tuple(_shown(stop.file, position) for position in again),
            stop.file.sha256,
        )

    def _stop(self, migration: Migration, record: Record | None) -> _Stop | None:
        if record is None or record.state == "applied":
            return None
        direction: Direction = "rollback" if record.state == "rolling_back" else "apply"
        file = migration.down if direction == "rollback" else migration.up
        if file is None:
            return None
        journal = tuple(self._history.statements(migration.name, direction))
        return _Stop(direction, file, journal, find_mark(file.statements, journal))

    def _whole(self, kind: Kind, migration: Migration, after: str) -> RepairAction:
        before = self._recorded(migration.name)
        return RepairAction(kind, migration.name, before, after, file_sha256=migration.up.sha256)

    def _recorded(self, name: str) -> str:
        """What is recorded of a migration, in words."""
        status = self.statuses[name]
        record = self._history.records.get(name)
        if record is None:
            return "applied by yoyo, and not in the journal" if name in self._history.ledger.applied else "pending"
        if record.state != "applied":
            return "its rollback stopped in the middle" if record.state == "rolling_back" else "stopped in the middle"
        when = f"applied {status.applied_at:%Y-%m-%d %H:%M:%S} UTC" if status.applied_at else "applied"
        added = {
            "edited": ", with other text",
            "undone by yoyo": ", but not in yoyo's ledger",
            "missing": ", file gone",
        }
        return when + added.get(status.state, "")

    def _counts_as_applied(self, name: str) -> bool:
        """Whether a migration will be recorded as applied after the repair."""
        record = self._history.records.get(name)
        now = record.state == "applied" if record else name in self._history.ledger.applied
        return (now or name in self._repairs.mark) and name not in self._repairs.unmark

    def _applied_behind(self, name: str) -> str:
        """The last migration behind this one that counts as applied, empty if that does not matter."""
        if self._migrations[name].allows_late:
            return ""
        names = list(self._migrations)
        behind = [other for other in names[names.index(name) + 1 :] if self._counts_as_applied(other)]
        return behind[-1] if behind else ""

    def _late(self, name: str) -> str:
        """Which migrations come late once this one counts as applied, in words."""
        names = list(self._migrations)
        pending = [other for other in names[: names.index(name)] if self.statuses[other].state == "pending"]
        left = [
            other for other in pending if other not in self._repairs.mark and not self._migrations[other].allows_late
        ]
        if not left:
            return ""
        return f"; {left[0]}{f' and {len(left) - 1} more' if len(left) > 1 else ''}, still pending, will be late"

    def _goes_on(self, stop: _Stop, position: int) -> str:
        command = "rollback" if stop.direction == "rollback" else "apply"
        total = len(stop.file.statements)
        if any(row.position == position and row.state == "started" for row in stop.journal) and stop.mark.open is None:
            return f"statement {position} was started, and is looked at next"
        if position > total:
            return f"nothing of the file is left, and `{command}` ends it"
        return f"`{command}` goes on at statement {position} of {total}"

    def _misfit(self, kind: Kind, name: str) -> MigrationRepairError:
        status = self.statuses[name]
        what = f"is {status.state}" if status.state != "partial" else "stopped in the middle"
        repair = f"`ticketctl migrate repair {self._target.key}"
        steps = {
            "applied": f"nothing is to be repaired; {repair} --unmark {name}` would forget that it is applied",
            "pending": f"`ticketctl migrate apply --only {self._target.key}` executes it; "
            f"{repair} --mark {name}` records it as applied without",
            "partial": f"`ticketctl migrate apply --only {self._target.key}` goes on there; if all of it is done by "
            f"other means, {repair} --mark {name}`; to begin anew, `--unmark {name}`",
        }
        state = "pending" if status.state == "late" else status.state
        said = f"{status.detail}\n" if status.detail else ""
        return MigrationRepairError(
            f"--{kind} does not fit {name}, which {what} in {self._target.database}",
            migration=name,
            state=status.state,
            why=f"{said}--{kind} {_PURPOSES[kind]}",
            next_step=steps.get(state) or next_step(self._target.key, status),
        )


def _of(stop: _Stop) -> str:
    return "rollback: " if stop.direction == "rollback" else ""


def _numbered(positions: Sequence[int]) -> str:
    if len(positions) == 1:
        return f"statement {positions[0]}"
    if list(positions) == list(range(positions[0], positions[-1] + 1)):
        return f"statements {positions[0]} to {positions[-1]}"
    return f"statements {', '.join(map(str, positions))}"


def _shown(file: SqlFile, position: int) -> PlannedStatement:
    statement = file.statements[position - 1]
    return PlannedStatement(position, statement.line, kind_of(statement).value, excerpt(statement))


def _sent(started: StatementRecord) -> PlannedStatement:
    """A statement as it was sent; below the mark the file may have been edited since."""
    text = " ".join((started.sql_text or "").split())
    return PlannedStatement(
        started.position, started.line, started.kind, text[:EXCERPT_LENGTH] or "(its text was not recorded)"
    )
