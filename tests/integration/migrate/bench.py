"""A throw-away database with migration files of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ticketctl.events import Event, Progress
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.planning.plan import Plan
from ticketctl.provision.migrate.planning.results import ApplyResult, DatabaseResult
from ticketctl.provision.migrate.planning.rollback_plan import RollbackPlan
from ticketctl.provision.migrate.rollback import plan_rollback, rollback
from ticketctl.provision.migrate.source.targets import Target, find_targets
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.model import DatabaseSettings

KEY = "main"


@dataclass
class Bench:
    """One database, its migrations folder, and the runner on both.

    Attributes:
        endpoint: The database, with the migration account.
        root: Project folder; its `migrations` folder is the database's.
        events: What the runner emitted.
    """

    endpoint: MysqlEndpoint
    root: Path
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    @property
    def folder(self) -> Path:
        return self.root / "migrations"

    @property
    def databases(self) -> Mapping[str, DatabaseSettings]:
        return {KEY: DatabaseSettings(self.endpoint.database or "", "migrations")}

    @property
    def endpoints(self) -> Mapping[str, MysqlEndpoint]:
        return {KEY: self.endpoint}

    def target(self) -> Target:
        """It with its files as they are now."""
        (target,) = find_targets(self.root, self.databases, self.endpoints)
        return target

    def write(self, **files: str) -> Bench:
        """Write `name=text` as `name.sql`; `_001_x` is `001_x`, as Python's names begin with no digit."""
        for name, text in files.items():
            path = name.removeprefix("_").replace("_rollback", ".rollback")
            (self.folder / f"{path}.sql").write_text(text, encoding="utf-8")
        return self

    def apply(self, *, dry_run: bool = False, **options: Any) -> ApplyResult:
        return runner.apply(
            (self.target(),),
            emit=self.events.append,
            dry_run=dry_run,
            options=Options(**options),
        ).raise_failed()

    def plan(self) -> Plan:
        return runner.plan((self.target(),))

    def states(self) -> dict[str, str]:
        (database,) = runner.status((self.target(),)).databases
        return {migration.name: migration.state for migration in database.migrations}

    def plan_rollback(self, steps: int = 1) -> RollbackPlan:
        return plan_rollback(self.target(), steps=steps)

    def rollback(self, planned: RollbackPlan | None = None) -> DatabaseResult:
        planned = planned or self.plan_rollback()
        return rollback(self.target(), planned=planned, emit=self.events.append)

    def progress(self, state: str) -> list[str]:
        """Details of the progress events with this state."""
        return [event.detail for event in self.events if isinstance(event, Progress) and event.state == state]

    def query(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        with connect(self.endpoint) as connection, connection.cursor() as cursor:
            cursor.execute(sql, arguments or None)
            return list(cursor.fetchall())

    def tables(self) -> list[str]:
        """Its tables but for those that keep the books."""
        return [name for (name,) in self.query("SHOW TABLES") if not name.startswith(("ticketctl_", "_yoyo", "yoyo_"))]

    def journal(self) -> list[tuple[Any, ...]]:
        """Migration, direction, position, state."""
        return self.query(
            "SELECT migration, direction, position, state FROM ticketctl_migration_statement"
            " ORDER BY migration, direction, position"
        )

    @contextmanager
    def runner_process(self) -> Iterator[subprocess.Popen[str]]:
        """Run `apply` in a process of its own, so that it can be killed."""
        endpoint = self.endpoint
        process = subprocess.Popen(
            [sys.executable, "-c", _APPLY, str(self.root), endpoint.host, str(endpoint.port), endpoint.user],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(f"{endpoint.database}\n{endpoint.password.reveal()}\n")
        process.stdin.close()
        process.stdin = None
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def on(self, database: str) -> Bench:
        """The same server and files with another database."""
        return Bench(replace(self.endpoint, database=database), self.root)


_APPLY = """
import sys
from pathlib import Path
from ticketctl.events import ignore
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.source.targets import read_target
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

root, host, port, user = sys.argv[1:]
database, password = (sys.stdin.readline().rstrip("\\n") for _ in range(2))
endpoint = MysqlEndpoint(host, int(port), user, Secret(password), database)
runner.apply((read_target("main", endpoint, Path(root, "migrations")),), emit=ignore).raise_failed()
print("applied", "yoyo" in sys.modules)
"""
