"""Prepare the tools that ticketctl is measured beside, in a folder of the user's choice.

None of them is a dependency of the project. A tool whose tool chain is missing is left out, and a line says so.

Usage: python benchmarks/migrations/peers.py DIR
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Peer:
    """A group of tools that are installed in one step.

    Attributes:
        title: What they are called, with their versions.
        needs: Programs without which they cannot be prepared.
        program: File in the folder that is there once they are.
        install: Prepares them in the folder.
    """

    title: str
    needs: tuple[str, ...]
    program: str
    install: Callable[[Path], None]


def _python(folder: Path) -> None:
    venv.create(folder / "python", with_pip=True, clear=True)
    _run(str(folder / "python/bin/python"), "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES)


def _goose(folder: Path) -> None:
    _go_install(folder, GOOSE_WITHOUT, GOOSE)


def _golang_migrate(folder: Path) -> None:
    _go_install(folder, "mysql", GOLANG_MIGRATE)


def _go_install(folder: Path, tags: str, module: str) -> None:
    _run("go", "install", f"-tags={tags}", module, GOBIN=str(folder.resolve() / "go"), CGO_ENABLED="0")


def _flyway(folder: Path) -> None:
    parts = folder / "flyway-parts"
    for artifact in (FLYWAY, FLYWAY_DRIVER):
        _run("mvn", "-B", "-q", PLUGIN, f"-Dartifact={artifact}", f"-DoutputDirectory={parts.resolve()}")
    with tarfile.open(parts / f"flyway-commandline-{FLYWAY_VERSION}.tar.gz") as archive:
        archive.extractall(parts, filter="data")
    unpacked = parts / f"flyway-{FLYWAY_VERSION}"
    shutil.copy(next(parts.glob("mysql-connector-j-*.jar")), unpacked / "drivers")
    unpacked.rename(folder / "flyway")
    shutil.rmtree(parts)


def _run(*arguments: str, **environ: str) -> None:
    subprocess.run(arguments, check=True, env={**os.environ, **environ})


PEERS = (
    Peer("yoyo-migrations 9.0.0, Alembic 1.20.1, Django 5.2.19", (), "python/bin/yoyo", _python),
    Peer("goose 3.29.0", ("go",), "go/goose", _goose),
    Peer("golang-migrate 4.20.1", ("go",), "go/migrate", _golang_migrate),
    Peer(f"Flyway {FLYWAY_VERSION}", ("java", "mvn"), "flyway/flyway", _flyway),
)


def prepare(folder: Path) -> None:
    """Install what is not there yet; a tool that cannot be had is named and left out.

    Args:
        folder: Where to; made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for peer in PEERS:
        missing = [program for program in peer.needs if shutil.which(program) is None]
        if (folder / peer.program).exists():
            print(f"{peer.title}: there already")
        elif missing:
            print(f"{peer.title}: left out, there is no {' and no '.join(missing)} here")
        else:
            _install(peer, folder)


def _install(peer: Peer, folder: Path) -> None:
    try:
        peer.install(folder)
    except (subprocess.CalledProcessError, OSError, tarfile.TarError) as error:
        print(f"{peer.title}: left out, {error}")
    else:
        print(f"{peer.title}: ready")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    prepare(Path(sys.argv[1]))
