"""The tools that ticketctl is measured beside, each with the same statements in its own format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrations.tools import Command, CommandTool, write_sql
from migrations.workload import Migration, as_text
from ticketctl.settings.endpoints import MysqlEndpoint


class PeerTool(CommandTool):
    """A program in the folder that `peers.py` has prepared.

    Args:
        folder: Its own folder, empty.
        peers: The prepared folder.

    Attributes:
        program: Its file in the prepared folder.
        locks: Whether two of its runs wait for each other.
        start: Seconds that it surely needs until it waits for its lock.
    """

    program: str
    locks = False
    start = 3.0

    def __init__(self, folder: Path, peers: Path) -> None:
        super().__init__(folder)
        self.path = str((peers / self.program).resolve())


class Yoyo(PeerTool):
    """yoyo-migrations."""

    title = "yoyo apply"
    program = "python/bin/yoyo"
    locks = True
    verb = "apply"

    def write(self, migrations: Sequence[Migration]) -> None:
        write_sql(self.folder / "sql", {migration.name: migration.text for migration in migrations})
        write_sql(
            self.folder / "sql", {f"{migration.name}.rollback": as_text(migration.undo) for migration in migrations}
        )

    def command(self, endpoint: MysqlEndpoint) -> Command:
        config = f"yoyo-{endpoint.user}.ini"
        (self.folder / config).write_text(
            f"[DEFAULT]\nsources = sql\ndatabase = mysql://{_account(endpoint)}@{endpoint.address}/{endpoint.database}\n",
            encoding="utf-8",
        )
        return Command([self.path, self.verb, "--batch", "--config", config], self.folder)


class YoyoList(Yoyo):
    """yoyo-migrations, only looking."""

    title = "yoyo list"
    verb = "list"


class Alembic(PeerTool):
    """Alembic, a revision a migration."""

    title = "alembic upgrade head"
    program = "python/bin/alembic"

    def write(self, migrations: Sequence[Migration]) -> None:
        revisions = self.folder / "scripts" / "versions"
        revisions.mkdir(parents=True, exist_ok=True)
        (self.folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/scripts\n", encoding="utf-8")
        (self.folder / "scripts/env.py").write_text(_ALEMBIC_ENVIRONMENT, encoding="utf-8")
        before = None
        for migration in migrations:
            (revisions / f"{migration.name}.py").write_text(
                "from alembic import op\n\n"
                f"revision = {migration.name!r}\ndown_revision = {before!r}\n\n\n"
                f"def upgrade():\n{_executes(migration.statements)}\n\ndef downgrade():\n{_executes(migration.undo)}",
                encoding="utf-8",
            )
            before = migration.name

    def command(self, endpoint: MysqlEndpoint) -> Command:
        url = f"mysql+pymysql://{_account(endpoint)}@{endpoint.address}/{endpoint.database}"
        return Command([self.path, "upgrade", "head"], self.folder, {"BENCHMARK_URL": url})


class Django(PeerTool):
    """Django's `migrate`, an app with `RunSQL` operations and no models."""

    title = "django migrate"
    program = "python/bin/python"

    def write(self, migrations: Sequence[Migration]) -> None:
        package = self.folder / "app" / "migrations"
        package.mkdir(parents=True, exist_ok=True)
        for place in (package, package.parent):
            (place / "__init__.py").write_text("", encoding="utf-8")
        (self.folder / "settings.py").write_text(_DJANGO_SETTINGS, encoding="utf-8")
        depends: list[tuple[str, str]] = []
        for migration in migrations:
            name = f"m{migration.name}"
            (package / f"{name}.py").write_text(
                "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
                f"    dependencies = {depends!r}\n"
                f"    operations = [migrations.RunSQL({list(migration.statements)!r}, {list(migration.undo)!r})]\n",
                encoding="utf-8",
            )
            depends = [("app", name)]

    def command(self, endpoint: MysqlEndpoint) -> Command:
        environ = {
            "BENCHMARK_NAME": endpoint.database or "",
            "BENCHMARK_HOST": endpoint.host,
            "BENCHMARK_PORT": str(endpoint.port),
            "BENCHMARK_USER": endpoint.user,
            "BENCHMARK_PASSWORD": endpoint.password.reveal(),
        }
        return Command([self.path, "-m", "django", "migrate", "--settings", "settings"], self.folder, environ)


class Goose(PeerTool):
    """goose."""

    title = "goose up"
    program = "go/goose"

    def write(self, migrations: Sequence[Migration]) -> None:
        sections = "-- +goose Up\n{up}\n-- +goose Down\n{down}"
        write_sql(
            self.folder / "sql",
            {
                migration.name: sections.format(up=migration.text, down=as_text(migration.undo))
                for migration in migrations
            },
        )

    def command(self, endpoint: MysqlEndpoint) -> Command:
        environ = {
            "GOOSE_DRIVER": "mysql",
            "GOOSE_DBSTRING": f"{_account(endpoint)}@tcp({endpoint.address})/{endpoint.database}?parseTime=true",
            "GOOSE_MIGRATION_DIR": "sql",
        }
        return Command([self.path, "up"], self.folder, environ)


class GolangMigrate(PeerTool):
    """golang-migrate, which takes the account on its command line only."""

    title = "golang-migrate up"
    program = "go/migrate"
    locks = True

    def write(self, migrations: Sequence[Migration]) -> None:
        write_sql(self.folder / "sql", {f"{migration.name}.up": migration.text for migration in migrations})
        write_sql(self.folder / "sql", {f"{migration.name}.down": as_text(migration.undo) for migration in migrations})

    def command(self, endpoint: MysqlEndpoint) -> Command:
        url = f"mysql://{_account(endpoint)}@tcp({endpoint.address})/{endpoint.database}?multiStatements=true"
        return Command([self.path, "-path", "sql", "-database", url, "up"], self.folder)


class Flyway(PeerTool):
    """Flyway's command line."""

    title = "flyway migrate"
    program = "flyway/flyway"
    locks = True
    start = 8.0

    def write(self, migrations: Sequence[Migration]) -> None:
        write_sql(
            self.folder / "sql", {f"V{migration.number}__{migration.name}": migration.text for migration in migrations}
        )

    def command(self, endpoint: MysqlEndpoint) -> Command:
        environ = {
            "FLYWAY_URL": f"jdbc:mysql://{endpoint.address}/{endpoint.database}"
            "?allowPublicKeyRetrieval=true&useSSL=false",
            "FLYWAY_USER": endpoint.user,
            "FLYWAY_PASSWORD": endpoint.password.reveal(),
            "FLYWAY_LOCATIONS": f"filesystem:{self.folder.resolve() / 'sql'}",
            "REDGATE_DISABLE_TELEMETRY": "true",
        }
        return Command([self.path, "-skipCheckForUpdate", "migrate"], self.folder, environ)


# goose first, beside ticketctl: a ratio of neighbours suffers least from a machine whose speed drifts.
PEER_TOOLS: tuple[type[PeerTool], ...] = (Goose, GolangMigrate, Alembic, Django, Yoyo, Flyway)


def _account(endpoint: MysqlEndpoint) -> str:
    return f"{endpoint.user}:{endpoint.password.reveal()}"


def _executes(statements: Sequence[str]) -> str:
    return "".join(f"    op.execute({statement!r})\n" for statement in statements)


_ALEMBIC_ENVIRONMENT = """\
import os

from alembic import context
from sqlalchemy import create_engine, pool

with create_engine(os.environ["BENCHMARK_URL"], poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

_DJANGO_SETTINGS = """\
import os

import pymysql

pymysql.install_as_MySQLdb()

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        **{key: os.environ[f"BENCHMARK_{key}"] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")},
    }
}
INSTALLED_APPS = ["app"]
"""
