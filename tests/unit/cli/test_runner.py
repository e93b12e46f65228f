"""The command's frame: exit codes, one-screen errors, output forms."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ticketctl.cli import runner
from ticketctl.cli.app import app
from ticketctl.cli.invocation import Invocation
from ticketctl.cli.render.events import JsonLines, LiveDisplay, PlainLines, renderer_for
from ticketctl.cli.render.plain import to_json, to_plain
from ticketctl.errors import BackendLoginError, ConfirmationRequiredError, ExitCode
from ticketctl.events import Event, Notice, Progress, StepFinished, StepStarted
from ticketctl.settings.secret import Secret

EVENTS: list[Event] = [
    StepStarted("up", "start the stack"),
    Progress("up", "mysql", "starting", "first start", done=1, total=12),
    Progress("up", "mysql", "starting", "first start", done=1, total=12),
    Progress("up", "mysql", "healthy"),
    Notice("warn", "port 3306 is taken"),
    StepFinished("up", "changed", "12 services healthy", 3.21),
]


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `ticketctl config show` fail with an error."""

    def fail(_self: object) -> NoReturn:
        raise error

    monkeypatch.setattr(Invocation, "project", property(fail))


LOGIN = BackendLoginError("mysql refused the account", backend="mysql", why="1045", next_step="check the password")


def test_a_known_error_is_one_screen_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, LOGIN)

    assert runner.run(["config", "show"]) == ExitCode.UNREACHABLE
    assert capsys.readouterr().err == "TKT-302 mysql refused the account\n  1045\n  next: check the password\n"


def test_a_known_error_is_a_document_when_json_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, LOGIN)

    assert runner.run(["config", "show", "--json"]) == ExitCode.UNREACHABLE
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "TKT-302"


def test_debug_shows_the_traceback_of_a_known_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, LOGIN)

    runner.run(["--debug", "config", "show"])

    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_error_is_a_bug_with_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, ZeroDivisionError("division by zero"))

    assert runner.run(["config", "show"]) == ExitCode.BUG
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "this is a bug" in shown


def test_ctrl_c_exits_130_with_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, KeyboardInterrupt())

    assert runner.run(["config", "show"]) == ExitCode.INTERRUPTED
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_misspelled_command_is_a_usage_error_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run(["confgi"]) == ExitCode.USAGE
    assert "config" in capsys.readouterr().err


def test_the_reader_of_a_pipe_may_leave_early() -> None:
    command = f"{sys.executable} -m ticketctl.cli.entry config show | head -1; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


FILLING = [("config", "show"), ("config", "show", "--json"), ("migrate", "status", "--json")]  # the last: an error


@pytest.mark.parametrize("command", FILLING, ids=" ".join)
def test_a_full_disk_behind_the_output_is_said_and_no_bug(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "ticketctl.yaml").write_text("{}")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "ticketctl.cli.entry", *command],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ended.returncode == ExitCode.FAILED
    assert ended.stderr == (
        "TKT-206 there is no room left for what the command writes to\n  No space left on device\n"
        "  next: make room, and run the command again: it goes on from what is done\n"
    )


def test_version_is_answered_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    direct = subprocess.run(
        [sys.executable, "-m", "ticketctl.cli.entry", "--version"], capture_output=True, text=True, check=True
    )

    assert runner.run(["--version", "config"]) == ExitCode.DONE
    assert capsys.readouterr().out == direct.stdout


def test_config_show_prints_value_and_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ticketctl.yaml").write_text("redis: {password: hush}\nmysql: {topology: split}\n")
    monkeypatch.chdir(tmp_path)

    assert runner.run(["config", "show"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert re.search(r"mysql.topology +split +ticketctl.yaml:2", shown)
    assert re.search(r"redis.password +\*\*\* +ticketctl.yaml:1", shown)
    assert "hush" not in shown


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Every command of the tree with its help text."""
    found: list[tuple[tuple[str, ...], str]] = []
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        found += commands(command, (*path, name)) if inner else [((*path, name), command.help or "")]
    return found


def test_every_command_has_help_with_examples_that_name_it() -> None:
    for path, text in commands(app):
        assert "Examples:" in text, f"{path} has no examples"
        assert f"ticketctl {' '.join(path)}" in text, f"{path}: its examples do not show it"


def test_plain_lines_repeat_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.strftime", lambda _form: "10:00:00")
    stream = io.StringIO()
    renderer = PlainLines(stream)

    for event in EVENTS:
        renderer(event)
    renderer.close()

    assert stream.getvalue().splitlines() == [
        "10:00:00 up: start the stack",
        "10:00:00 up: mysql starting 1/12 first start",
        "10:00:00 up: mysql healthy",
        "10:00:00 warning: port 3306 is taken",
        "10:00:00 up: done (3.2 s) 12 services healthy",
    ]


def test_json_lines_carry_every_event() -> None:
    stream = io.StringIO()
    renderer = JsonLines(stream)

    for event in EVENTS:
        renderer(event)

    documents = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [item["event"] for item in documents] == [type(event).__name__ for event in EVENTS]
    assert documents[1]["item"] == "mysql"


def test_the_live_display_leaves_the_finished_steps_behind() -> None:
    stream = io.StringIO()
    renderer = LiveDisplay(stream)

    for event in EVENTS:
        renderer(event)
    renderer.close()

    assert "up: done (3.2 s) 12 services healthy" in stream.getvalue()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_live_display_gives_each_item_one_line_however_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    renderer = LiveDisplay(stream)

    renderer(StepStarted("migrate", "migrations"))
    renderer(Progress("migrate", "payment-adapter", "applying", "CREATE TABLE [bold] " + "column " * 40, 1, 4))
    deadline = time.monotonic() + 5
    while "payment-adapter" not in stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.02)  # it draws eight times a second
    renderer.close()

    lines = [line for line in stream.getvalue().splitlines() if "payment-adapter" in line]
    assert lines
    assert {line.partition("\x1b")[0] for line in lines} == {"  payment-adapter  applying  1/4 CREATE…"}


def test_progress_fits_where_it_is_shown() -> None:
    assert isinstance(renderer_for(io.StringIO(), json=True, environ={}), JsonLines)
    assert isinstance(renderer_for(io.StringIO(), json=False, environ={}), PlainLines)
    assert isinstance(renderer_for(Terminal(), json=False, environ={"CI": "true"}), PlainLines)
    assert isinstance(renderer_for(Terminal(), json=False, environ={"TERM": "dumb"}), PlainLines)
    live = renderer_for(Terminal(), json=False, environ={})
    assert isinstance(live, LiveDisplay)
    live.close()


@dataclass(frozen=True)
class Sample:
    password: Secret
    path: Path
    code: ExitCode
    items: tuple[int, ...]


def test_plain_data_masks_secrets() -> None:
    sample = Sample(Secret("hush"), Path("a"), ExitCode.FAILED, (1, 2))

    assert to_plain(sample) == {"password": "***", "path": "a", "code": 5, "items": [1, 2]}
    assert "hush" not in to_json({"x": sample})
    with pytest.raises(TypeError):
        to_plain(object())


def test_deleting_needs_yes_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    invocation = Invocation({})

    invocation.confirm("3 databases will be lost", yes=True)
    with pytest.raises(ConfirmationRequiredError, match="deletes data"):
        invocation.confirm("3 databases will be lost", yes=False)


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("hush")

    assert "hush" not in f"{secret} {secret!r}"
    assert secret == Secret("hush")
    assert secret != "hush"
    assert hash(secret) == hash(Secret("hush"))
    assert not Secret("")
