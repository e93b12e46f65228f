"""Prepare the tools that ticketctl is measured beside, in a folder of the user's choice.

Usage: python benchmarks/migrations/peers.py DIR
"""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from preparing import Peer, environment, prepare, run  # noqa: E402  # after the path is set

# One driver for all that are written in Python, the project's own: what differs is then the tool.
PYTHON_PACKAGES = ("yoyo-migrations==9.0.0", "alembic==1.20.1", "django==5.2.19", "pymysql[rsa]==1.2.4")
GOOSE = "github.com/pressly/goose/v3/cmd/goose@v3.29.0"
GOOSE_WITHOUT = " ".join(
    f"no_{name}"
    for name in (
        *("postgres", "clickhouse", "mssql", "vertica", "ydb", "sqlite3"),
        *("libsql", "spanner", "duckdb", "starrocks", "turso"),
    )
)
GOLANG_MIGRATE = "github.com/golang-migrate/migrate/v4/cmd/migrate@v4.20.1"
FLYWAY_VERSION = "11.8.2"
FLYWAY = f"org.flywaydb:flyway-commandline:{FLYWAY_VERSION}:tar.gz"
FLYWAY_DRIVER = "com.mysql:mysql-connector-j:9.3.0:jar"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


def _goose(folder: Path) -> None:
    _go_install(folder, GOOSE_WITHOUT, GOOSE)


def _golang_migrate(folder: Path) -> None:
    _go_install(folder, "mysql", GOLANG_MIGRATE)


def _go_install(folder: Path, tags: str, module: str) -> None:
    run("go", "install", f"-tags={tags}", module, GOBIN=str(folder.resolve() / "go"), CGO_ENABLED="0")


def _flyway(folder: Path) -> None:
    parts = folder / "flyway-parts"
    for artifact in (FLYWAY, FLYWAY_DRIVER):
        run("mvn", "-B", "-q", PLUGIN, f"-Dartifact={artifact}", f"-DoutputDirectory={parts.resolve()}")
    with tarfile.open(parts / f"flyway-commandline-{FLYWAY_VERSION}.tar.gz") as archive:
        archive.extractall(parts, filter="data")
    unpacked = parts / f"flyway-{FLYWAY_VERSION}"
    shutil.copy(next(parts.glob("mysql-connector-j-*.jar")), unpacked / "drivers")
    unpacked.rename(folder / "flyway")
    shutil.rmtree(parts)


PEERS = (
    Peer(
        "yoyo-migrations 9.0.0, Alembic 1.20.1, Django 5.2.19",
        (),
        "python/bin/yoyo",
        environment("python", PYTHON_PACKAGES),
    ),
    Peer("goose 3.29.0", ("go",), "go/goose", _goose),
    Peer("golang-migrate 4.20.1", ("go",), "go/migrate", _golang_migrate),
    Peer(f"Flyway {FLYWAY_VERSION}", ("java", "mvn"), "flyway/flyway", _flyway),
)

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    prepare(PEERS, Path(sys.argv[1]))
