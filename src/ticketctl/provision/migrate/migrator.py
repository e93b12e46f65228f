"""One database and one folder of migrations, for programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ticketctl.errors import MigrationError, SettingsError, SettingsProblem
from ticketctl.events import Emit, ignore
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.planning.baseline_plan import BaselinePlan, BaselineResult
from ticketctl.provision.migrate.planning.plan import DatabasePlan
from ticketctl.provision.migrate.planning.repair_plan import RepairPlan, Repairs
from ticketctl.provision.migrate.planning.results import DatabaseResult, DatabaseStatus
from ticketctl.provision.migrate.planning.rollback_plan import RollbackPlan
from ticketctl.provision.migrate.planning.verification import DatabaseVerification, verification_of
from ticketctl.provision.migrate.source.targets import Target, read_target
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.mysql_url import parse_mysql_url
from ticketctl.settings.secret import Secret


class Migrator:
    """Migrates one database with the files of one folder.

    It does what `ticketctl migrate` does and nothing else: it prints nothing and reads neither settings nor
    the environment. Every call reads the files, opens connections of its own and closes them.

    Args:
        database: `mysql://user:password@host:port/database`, or an endpoint with its database.
        folder: Folder with the migrations.
        password: The password, where it does not stand in the URL.
        key: What messages call the database; its name when left out.
        options: What a run may do, and how long it waits.
        emit: Takes the progress; from several threads never at once.

    Raises:
        SettingsError: The URL cannot be read, or names no database.

    Example:
        >>> migrator = Migrator(url, "migrations/orders")
        >>> print(migrator.plan())
        orders_test (orders_test): 1 migration, creates the database
          001_orders  migrations/orders/001_orders.sql
            1  CREATE TABLE orders (id BIGINT PRIMARY KEY)
        >>> [migration.name for migration in migrator.apply().applied]
        ['001_orders']
        >>> migrator.status().at_head
        True
        >>> [migration.name for migration in migrator.rollback().applied]
        ['001_orders']
    """

    def __init__(
        self,
        database: str | MysqlEndpoint,
        folder: str | Path,
        *,
        password: str | Secret | None = None,
        key: str = "",
        options: Options | None = None,
        emit: Emit = ignore,
    ) -> None:
        self._endpoint = _endpoint(database, password)
        self._folder = Path(folder)
        self._key = key or self._endpoint.database or ""
        self._options = options or Options()
        self._emit = emit

    def __repr__(self) -> str:
        return f"Migrator({self._endpoint.database} at {self._endpoint.address}, {self._folder})"

    def plan(self) -> DatabasePlan:
        """Return what `apply` would do, statement by statement; changes nothing.

        Raises:
            MigrationFileError: A file cannot be used.
            MigrationEditedError: An applied migration has changed.
            MigrationInDoubtError: A statement's outcome is unknown.
            MigrationLateError: A pending migration belongs before an applied one.
            YoyoLedgerError: yoyo is at work, or has changed what is applied.
            BackendError: The server cannot be reached or refuses.
        """
        (planned,) = runner.plan((self._target(),), allow_late=self._options.allow_late).databases
        return planned

    def status(self) -> DatabaseStatus:
        """Return what has become of every migration; changes nothing. Pending ones are an answer, not an error.

        Raises:
            MigrationFileError: A file cannot be used.
            BackendError: The server cannot be reached or refuses.
        """
        (status,) = runner.status((self._target(),)).databases
        return status

    def verify(self) -> DatabaseVerification:
        """Return what is wrong, each with what to do about it; changes nothing.

        Wrong is all that is not applied as its file says, and what is applied with its file gone.

        Raises:
            MigrationFileError: A file cannot be used.
            BackendError: The server cannot be reached or refuses.
        """
        (found,) = verification_of(runner.status((self._target(),))).databases
        return found

    def apply(self) -> DatabaseResult:
        """Apply what is pending, each statement once; create the database if it is missing.

        A run that is killed at any moment may simply be repeated: it goes on where it stopped. Runs at the
        same time wait for each other. Nothing is ever undone by itself.

        Raises:
            MigrationFileError: A file cannot be used; nothing was done.
            MigrationEditedError: An applied migration has changed.
            MigrationInDoubtError: A statement's outcome is unknown, and cannot be found out.
            MigrationLateError: A pending migration belongs before an applied one.
            MigrationStatementError: The server refused a statement; those before it stay done.
            MigrationDefinitionError: What a statement would make is there already, and is something else.
            MigrationCopyError: A statement would copy a large table, which its file does not allow.
            MigrationBlockedError: Others kept a table locked for too long.
            MigrationLockedError: Another run did not finish in time, or the lock was lost.
            YoyoLedgerError: yoyo is at work, or has changed what is applied.
            BackendError: The server cannot be reached or refuses.
        """
        result = runner.apply((self._target(),), emit=self._emit, options=self._options)
        (done,) = result.raise_failed().databases
        return done

    def plan_rollback(self, steps: int = 1) -> RollbackPlan:
        """Return what `rollback` would do, with the rows that it would delete; changes nothing.

        Args:
            steps: How many migrations, from the newest on.

        Raises:
            MigrationFileError: A rollback file is missing or cannot be used.
            MigrationEditedError: The executed part of a rollback file has changed.
            MigrationInDoubtError: A statement's outcome is unknown.
            MigrationLockedError: Another run is in the middle of a migration.
            YoyoLedgerError: yoyo is at work, or has changed what is applied.
            BackendError: The server cannot be reached or refuses.
        """
        from ticketctl.provision.migrate.rollback import plan_rollback

        return plan_rollback(self._target(), steps=steps)

    def rollback(self, steps: int = 1) -> DatabaseResult:
        """Undo the newest migrations by their rollback files. It asks nobody: `plan_rollback` shows what goes.

        Args:
            steps: How many migrations, from the newest on.

        Returns:
            The migrations that were undone; none where nothing was applied.

        Raises:
            MigrationFileError: A rollback file is missing or cannot be used.
            MigrationEditedError: The executed part of a rollback file has changed.
            MigrationInDoubtError: A statement's outcome is unknown.
            MigrationStatementError: The server refused a statement.
            MigrationLockedError: Another run did not finish in time.
            YoyoLedgerError: yoyo is at work, or has changed what is applied.
            BackendError: The server cannot be reached or refuses.
        """
        from ticketctl.provision.migrate.rollback import rollback

        planned = self.plan_rollback(steps)
        if planned.is_empty:
            return DatabaseResult(planned.key, planned.database, created=False, applied=())
        return rollback(self._target(), planned=planned, emit=self._emit, lock_timeout=self._options.lock_timeout)

    def plan_repair(self, repairs: Repairs) -> RepairPlan:
        """Return what `repair` would change in what is recorded; changes nothing.

        Args:
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
        from ticketctl.provision.migrate.repair import plan_repair

        return plan_repair(self._target(), repairs=repairs)

    def repair(self, repairs: Repairs) -> RepairPlan:
        """Change what is recorded of migrations, all of it or nothing; the schema is not touched.

        Args:
            repairs: What is to be repaired, such as `Repairs(landed=("003_close_old_bookings",))`.

        Returns:
            What was changed.

        Raises:
            MigrationRepairError: A repair does not fit what has become of its migration.
            MigrationFileError: A file cannot be used.
            MigrationLockedError: Another run did not finish in time.
            YoyoLedgerError: yoyo is at work.
            MigrationError: The database does not exist, or what is recorded has changed meanwhile.
            BackendError: The server cannot be reached or refuses.
            UnknownNameError: There is no such migration.
        """
        from ticketctl.provision.migrate.repair import repair

        planned = self.plan_repair(repairs)
        repair(self._target(), planned=planned, emit=self._emit, lock_timeout=self._options.lock_timeout)
        return planned

    def plan_baseline(self, to: str = "") -> BaselinePlan:
        """Return what `baseline` would record, and what its comparison would leave out; compares nothing yet.

        Args:
            to: Name of the last migration to record; empty for the last file.

        Raises:
            MigrationFileError: A file cannot be used.
            MigrationError: There is no database, or it has a history already.
            YoyoLedgerError: yoyo has managed it, or is at work.
            BackendError: The server cannot be reached or refuses.
            UnknownNameError: There is no such migration.
        """
        from ticketctl.provision.migrate.baseline import plan_baseline

        return plan_baseline(self._target(), to=to)

    def baseline(self, to: str = "") -> BaselineResult:
        """Record migrations as applied, if the database is what they make it; executes nothing in it.

        Args:
            to: Name of the last migration to record; empty for the last file.

        Raises:
            BaselineDifferentError: The database is something else; nothing was recorded.
            MigrationStatementError: The server refused a statement in the empty schema beside it.
            MigrationFileError: A file cannot be used.
            MigrationError: There is no migration, no database, or it has a history already.
            MigrationLockedError: Another run did not finish in time.
            YoyoLedgerError: yoyo has managed it, or is at work.
            BackendError: The server cannot be reached or refuses.
            UnknownNameError: There is no such migration.
        """
        from ticketctl.provision.migrate.baseline import baseline

        planned = self.plan_baseline(to)
        if planned.is_empty:
            raise MigrationError(
                f"there is no migration to record for {planned.database}",
                why=f"{self._folder} has none",
                next_step="write what the database has as the first migration",
            )
        return baseline(self._target(), planned=planned, emit=self._emit, lock_timeout=self._options.lock_timeout)

    def _target(self) -> Target:
        """The database with its files: a plan and what executes it read them each for itself."""
        return read_target(self._key, self._endpoint, self._folder)


def _endpoint(database: str | MysqlEndpoint, password: str | Secret | None) -> MysqlEndpoint:
    secret = Secret(password) if isinstance(password, str) else password
    if isinstance(database, str):
        endpoint = parse_mysql_url(database, secret)
    else:
        endpoint = replace(database, password=secret) if secret is not None else database
    if not endpoint.database:
        raise SettingsError(
            [SettingsProblem("the database to migrate", "", "its name is missing")],
            next_step="end the URL in /NAME, or give the endpoint its `database`",
        )
    return endpoint
