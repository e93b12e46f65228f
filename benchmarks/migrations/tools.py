"""What is measured: one interface for every tool, and the two of it that are no peers, bare DDL and ticketctl."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from migrations.workload import Migration, as_text
from ticketctl.events import ignore
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate import runner
from ticketctl.provision.migrate.source.targets import read_target
from ticketctl.settings.endpoints import MysqlEndpoint

Action = Callable[[], None]
KEY = "main"
BARE_PROGRAM = Path(__file__).with_name("bare_ddl.py")


class RefusedError(Exception):
    """A tool ended with an error; its last line says why."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program call.

    Attributes:
        arguments: The program and its arguments.
        folder: Where it runs.
        environ: Variables beside those of this process.
    """

    arguments: Sequence[str]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[str]:
        """Start it as the leader of a process group of its own."""
        # Compiled modules are kept, as anywhere else: a shell that forbids it would slow some of the tools only.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.Popen(
            self.arguments,
            cwd=self.folder,
            env={**inherited, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self) -> None:
        """Run it to its end.

        Raises:
            RefusedError: It ended with an error.
        """
        finish(self.start())


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for a program.

    Raises:
        RefusedError: It ended with an error.
    """
    output, _ = process.communicate()
    if process.returncode:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        raise RefusedError(f"exit {process.returncode}: {lines[-1] if lines else 'no word'}")


class Tool(ABC):
    """One way to apply a folder of migrations.

    Args:
        folder: Its own folder, empty.

    Attributes:
        title: Its name in the tables.
        in_process: Whether it runs within the benchmark's own process.
    """

    title: str
    in_process = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def write(self, migrations: Sequence[Migration]) -> None:
        """Write the migrations in the tool's format."""

    @abstractmethod
    def bind(self, endpoint: MysqlEndpoint) -> Action:
        """Return the action that applies what is pending; whatever need not be timed is done before."""


class CommandTool(Tool):
    """A tool that is a program."""

    @abstractmethod
    def command(self, endpoint: MysqlEndpoint) -> Command:
        """Return the call that applies what is pending."""

    def bind(self, endpoint: MysqlEndpoint) -> Action:
        return self.command(endpoint).run


class BareDdl(Tool):
    """The statements over one connection, in this process."""

    title = "bare DDL, in process"
    in_process = True

    def write(self, migrations: Sequence[Migration]) -> None:
        self._statements = [statement for migration in migrations for statement in migration.statements]

    def bind(self, endpoint: MysqlEndpoint) -> Action:
        def act() -> None:
            with connect(endpoint) as connection, connection.cursor() as cursor:
                for statement in self._statements:
                    cursor.execute(statement)

        return act


class BareDdlProcess(CommandTool):
    """The statements over one connection, in a process that does nothing else."""

    title = "bare DDL, a process"

    def write(self, migrations: Sequence[Migration]) -> None:
        write_sql(self.folder, {migration.name: migration.text for migration in migrations})

    def command(self, endpoint: MysqlEndpoint) -> Command:
        where = (endpoint.host, str(endpoint.port), endpoint.user, endpoint.database or "")
        environ = {"BARE_PASSWORD": endpoint.password.reveal()}
        return Command([sys.executable, str(BARE_PROGRAM), str(self.folder), *where], self.folder, environ)


class TicketctlLibrary(Tool):
    """ticketctl in this process."""

    title = "ticketctl, in process"
    in_process = True

    def write(self, migrations: Sequence[Migration]) -> None:
        _write_pairs(self.folder / "migrations", migrations)

    def bind(self, endpoint: MysqlEndpoint) -> Action:
        def act() -> None:
            runner.apply((read_target(KEY, endpoint, self.folder / "migrations"),), emit=ignore).raise_failed()

        return act


class TicketctlCommand(CommandTool):
    """The installed `ticketctl`."""

    title = "ticketctl migrate apply"

    def write(self, migrations: Sequence[Migration]) -> None:
        _write_pairs(self.folder / "migrations", migrations)

    def command(self, endpoint: MysqlEndpoint) -> Command:
        (self.folder / "ticketctl.yaml").write_text(
            "runtime: external\n"
            f"databases: {{ {KEY}: {{ name: {endpoint.database}, migrations: migrations }} }}\n"
            f"mysql: {{ host: {endpoint.host}, port: {endpoint.port}, user: {endpoint.user} }}\n",
            encoding="utf-8",
        )
        program = shutil.which("ticketctl", path=str(Path(sys.executable).parent)) or "ticketctl"
        environ = {"TICKETCTL_MYSQL__PASSWORD": endpoint.password.reveal()}
        return Command([program, "migrate", "apply"], self.folder, environ)


def write_sql(folder: Path, files: Mapping[str, str]) -> None:
    """Write `name.sql` files into a folder, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def _write_pairs(folder: Path, migrations: Sequence[Migration]) -> None:
    write_sql(folder, {migration.name: migration.text for migration in migrations})
    write_sql(folder, {f"{migration.name}.rollback": as_text(migration.undo) for migration in migrations})
