"""`ticketctl engine` and `ticketctl doctor` where no engine answers: text, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ticketctl.cli import runner
from ticketctl.cli.render.doctor import diagnosis_text
from ticketctl.errors import ExitCode
from ticketctl.provision.doctor.model import Diagnosis, blocked, ok, warn


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    monkeypatch.chdir(tmp_path)


def test_status_is_a_negative_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run(["engine", "status"]) == ExitCode.NEGATIVE
    assert capsys.readouterr().out.startswith(
        "unix:///nonexistent/docker.sock (DOCKER_HOST): no engine answers (No such file or directory); "
    )


def test_status_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run(["engine", "status", "--json"]) == ExitCode.NEGATIVE
    assert json.loads(capsys.readouterr().out) == {
        "answer": "silent",
        "address": "unix:///nonexistent/docker.sock",
        "source": "DOCKER_HOST",
        "detail": "No such file or directory",
    }


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_an_engine_elsewhere_is_not_ours_to_start(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run(["engine", "ensure", *options]) == ExitCode.UNREACHABLE

    said = capsys.readouterr().err
    assert "TKT-201" in said
    assert "unset DOCKER_HOST" in said


def test_the_doctor_ends_with_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run(["doctor"]) == ExitCode.NEGATIVE
    assert capsys.readouterr().out.splitlines()[-1] == "`ticketctl up` cannot succeed: engine"


def test_findings_stand_in_columns_with_their_fix_below() -> None:
    findings = (ok("disk", "70 GiB"), warn("vm.max_map_count", "65530", "raise it"), blocked("lock", "a\nb", "c\nd"))

    assert diagnosis_text(Diagnosis(findings)).splitlines() == [
        "ok    disk              70 GiB",
        "warn  vm.max_map_count  65530",
        "                        fix: raise it",
        "fail  lock              a",
        "                        b",
        "                        fix: c",
        "                             d",
        "",
        "`ticketctl up` cannot succeed: lock",
    ]


def test_warnings_do_not_block() -> None:
    assert diagnosis_text(Diagnosis((warn("a", "b", "c"), warn("d", "e", "f")))).endswith(
        "`ticketctl up` can go ahead; 2 warnings"
    )
    assert diagnosis_text(Diagnosis((ok("a", "b"),))).endswith("`ticketctl up` can go ahead")
