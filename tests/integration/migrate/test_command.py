"""`ticketctl migrate` as it is typed, on a server that ticketctl did not start (`runtime: external`)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.eventually import eventually
from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.server import running, slow
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration
WRAPPER = Path(__file__).parents[3] / "migrations" / "run_migrations.sh"


@dataclass(frozen=True)
class Command:
    """The command in a project folder with one database, its password in the environment."""

    bench: Bench

    def start(
        self, *arguments: str, program: tuple[str, ...] = (), password: Secret | None = None
    ) -> subprocess.Popen[str]:
        endpoint = self.bench.endpoint
        (self.bench.root / "ticketctl.yaml").write_text(
            "runtime: external\n"
            f"databases:\n  main: {{ name: {endpoint.database}, migrations: migrations }}\n"
            "services:\n  one: { description: d, language: python, port: 8080 }\n"
        )
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TICKETCTL_")},
            "TICKETCTL_MYSQL__HOST": endpoint.host,
            "TICKETCTL_MYSQL__PORT": str(endpoint.port),
            "TICKETCTL_MYSQL__USER": endpoint.user,
            "TICKETCTL_MYSQL__PASSWORD": (password or endpoint.password).reveal(),
        }
        default = (sys.executable, "-m", "ticketctl.cli.entry", "migrate")
        return subprocess.Popen(
            [*(program or default), *arguments],
            cwd=self.bench.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process: subprocess.Popen[str]) -> Done:
        out, err = process.communicate(timeout=120)
        assert self.bench.endpoint.password.reveal() not in out + err
        assert "Traceback" not in err
        return Done(process.returncode, out.replace(f"{self.bench.root}/", ""), err)

    def __call__(self, *arguments: str, program: tuple[str, ...] = (), password: Secret | None = None) -> Done:
        return self.end(self.start(*arguments, program=program, password=password))


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def migrate(bench: Bench) -> Command:
    bench.write(_001_a="CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);", _001_a_rollback="DROP TABLE a;")
    return Command(bench)


def test_plan_apply_status_rollback(migrate: Command) -> None:
    database = migrate.bench.endpoint.database
    planned = (
        f"main ({database}): 1 migration\n"
        "  001_a  migrations/001_a.sql\n"
        "    1  CREATE TABLE a (x INT)\n"
        "    2  INSERT INTO a VALUES (1)\n"
    )
    assert migrate("plan") == Done(0, planned, "")
    assert migrate("apply", "--dry-run").out == planned
    pending = migrate("status")
    assert (pending.code, pending.out) == (1, f"main ({database})\n  001_a  pending\n")

    applied = migrate("apply")
    assert applied.code == 0
    assert applied.out.startswith(f"main ({database}): applied 001_a (2 statements, ")
    assert "main applying 2/2 001_a: INSERT INTO a VALUES (1)" in applied.err
    again = migrate("apply")
    assert (again.code, again.out) == (0, f"main ({database}): nothing to apply\n")
    status = migrate("status")
    assert status.code == 0
    assert "  001_a  applied       20" in status.out

    refused = migrate("rollback", "main")
    assert refused.code == 2
    assert "deletes table a: 1 row" in refused.err
    assert migrate.bench.tables() == ["a"]
    assert "deletes table a: 1 row" in migrate("rollback", "main", "--dry-run").out
    done = migrate("rollback", "main", "--yes")
    assert (done.code, done.out) == (0, f"main ({database}): rolled back 001_a\n")
    assert migrate.bench.tables() == []
    assert migrate("rollback", "main").out == f"main ({database}): nothing to roll back\n"


def test_json_is_the_result_and_nothing_else(migrate: Command) -> None:
    applied = json.loads(migrate("apply", "--json").out)
    assert applied["databases"][0]["applied"][0]["name"] == "001_a"
    status = json.loads(migrate("status", "--json").out)
    assert status["databases"][0]["migrations"][0]["state"] == "applied"
    assert json.loads(migrate("plan", "--json").out)["databases"][0]["steps"] == []


def test_a_failed_statement_is_one_screen(migrate: Command) -> None:
    migrate.bench.write(_002_b="CREATE TABLE b (x INT);\nALTER TABLE nothing ADD y INT;")
    done = migrate("apply")
    assert done.code == 5
    for part in ("TKT-402", "002_b.sql:2", "1146", "ALTER TABLE nothing ADD y INT", "next"):
        assert part in done.err
    status = migrate("status")
    assert status.code == 1
    assert "002_b  partial       statement 2 failed: 1146" in status.out


def test_an_edited_file(migrate: Command) -> None:
    migrate("apply")
    migrate.bench.write(_001_a="CREATE TABLE a (x BIGINT);")
    done = migrate("apply")
    assert (done.code, "TKT-404" in done.err) == (5, True)
    assert "edited" in migrate("status").out


def test_ctrl_c_in_a_statement_loses_nothing(migrate: Command, root: Root) -> None:
    migrate.bench.write(_002_b=f"INSERT INTO a SELECT {slow(root)};\nINSERT INTO a VALUES (3);")
    process = migrate.start("apply")
    eventually(lambda: running(root, "INSERT INTO a SELECT BENCHMARK"), bool, 60)
    process.send_signal(signal.SIGINT)
    done = migrate.end(process)
    assert done.code == 130
    assert "the server finishes the statement that it has begun" in done.err

    assert migrate("apply", "--lock-timeout", "300").code == 0
    assert migrate.bench.query("SELECT x FROM a ORDER BY x") == [(0,), (1,), (3,)]


def test_a_wrong_password(migrate: Command) -> None:
    done = migrate("apply", password=Secret("wrong-and-secret"))
    assert (done.code, "TKT-302" in done.err, "wrong-and-secret" in done.err) == (4, True, False)


def test_an_unknown_database(migrate: Command) -> None:
    done = migrate("apply", "--only", "mian")
    assert done.code == 2
    assert "did you mean 'main'?" in done.err


def test_the_shell_script_is_the_same_command(migrate: Command, tmp_path: Path) -> None:
    script = tmp_path / "migrations" / "run_migrations.sh"
    script.write_bytes(WRAPPER.read_bytes())
    script.chmod(0o755)
    on_path = tmp_path / ".venv" / "bin"
    on_path.mkdir(parents=True)
    (on_path / "ticketctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m ticketctl.cli.entry "$@"\n')
    (on_path / "ticketctl").chmod(0o755)

    planned = migrate("--dry-run", program=(str(script),))

    assert planned.code == 0
    assert "CREATE TABLE a (x INT)" in planned.out
    assert migrate(program=(str(script),)).code == 0
    assert migrate.bench.tables() == ["a"]


def test_the_shell_script_says_when_there_is_no_command(migrate: Command, tmp_path: Path) -> None:
    script = tmp_path / "migrations" / "run_migrations.sh"
    script.write_bytes(WRAPPER.read_bytes())
    done = migrate(program=("env", "PATH=/usr/bin:/bin", "/bin/sh", str(script)))
    assert done.code == 127
    assert "no ticketctl" in done.err
