"""`ticketctl compose render`: writes, checks, and never overwrites what somebody edited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from projects import project_of
from ticketctl.cli import runner
from ticketctl.errors import ExitCode
from ticketctl.settings.model import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = project_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    return project


def render(*options: str) -> int:
    return runner.run(["compose", "render", *options])


def test_it_writes_both_files_and_then_finds_them_up_to_date(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render() == ExitCode.DONE
    assert render("--check") == ExitCode.DONE
    assert project.compose_file.is_file()
    assert (project.compose_dir / ".env.example").is_file()
    assert capsys.readouterr().out.splitlines()[-1].endswith(".env.example: up to date")


def test_a_check_of_an_outdated_file_exits_1_with_the_difference_and_writes_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    render()
    before = project.compose_file.read_text()
    project_of(project.root, limits="{redis: 300m}")

    assert render("--check") == ExitCode.NEGATIVE
    assert "+    mem_limit: 300m" in capsys.readouterr().out
    assert project.compose_file.read_text() == before


def test_a_dry_run_writes_nothing_and_is_no_failure(project: Project) -> None:
    assert render("--dry-run") == ExitCode.DONE
    assert not project.compose_file.exists()


def test_an_edited_file_is_refused_until_forced(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    render()
    project.compose_file.write_text(project.compose_file.read_text() + "# mine\n")

    assert render() == ExitCode.SETTINGS
    assert "TKT-104" in capsys.readouterr().err
    assert render("--force") == ExitCode.DONE
    assert "# mine" not in project.compose_file.read_text()


def test_the_file_can_be_printed(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert render("--stdout") == ExitCode.DONE
    assert capsys.readouterr().out.startswith("# generated from ticketctl.yaml by ticketctl ")
    assert not project.compose_file.exists()


@pytest.mark.usefixtures("project")
def test_json_says_which_files_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert render("--check", "--json") == ExitCode.NEGATIVE
    document = json.loads(capsys.readouterr().out)

    assert document["up_to_date"] is False
    assert [file["outcome"] for file in document["files"]] == ["changed", "changed"]
