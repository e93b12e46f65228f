"""Commands that are imported when they are asked for, and parameters that are read without pydantic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.exceptions import TyperException

from ticketctl.cli.parameters import read_lightly

LINES = [
    [],
    ["--wait", "3", "here"],
    ["--wait", "-1", "here"],
    ["--wait", "soon", "here"],
    ["--only", "a", "--only", "b", "here", "there"],
    ["--file", "/nowhere", "--no-yes", "here"],
    ["--count", "7", "--how", "loud", "here"],
    ["--count", "7.5", "here"],
    ["--how", "shrill", "here"],
    ["", ""],
]


def answer(arguments: list[str], *, lightly: bool) -> tuple[str, Any]:
    """What a command with one parameter of each form gets, or the error that it ends with."""
    got: dict[str, Any] = {}

    def act(  # noqa: PLR0917  # one of each form
        names: Annotated[list[str], typer.Argument()],
        only: Annotated[list[str] | None, typer.Option()] = None,
        wait: Annotated[float, typer.Option(min=0)] = 60.0,
        count: Annotated[int | None, typer.Option(min=1)] = None,
        file: Annotated[Path | None, typer.Option(exists=True)] = None,
        text: Annotated[str, typer.Option()] = "",
        how: Annotated[Literal["low", "loud"], typer.Option()] = "low",
        yes: Annotated[bool, typer.Option()] = False,
    ) -> None:
        got.update(locals())
        del got["got"]

    app = typer.Typer(add_completion=False)
    app.command()(act)
    command: Any = typer.main.get_command(app)
    if lightly:
        read_lightly(command)
    try:
        command.main(arguments, standalone_mode=False)
    except TyperException as error:
        return type(error).__name__, str(error)
    return "", got


@pytest.mark.parametrize("arguments", LINES, ids=" ".join)
def test_a_command_gets_what_typer_itself_would_give_it(arguments: list[str]) -> None:
    assert answer(arguments, lightly=True) == answer(arguments, lightly=False)


def test_a_command_imports_neither_the_others_nor_pydantic(tmp_path: Path) -> None:
    (tmp_path / "ticketctl.yaml").write_text("{}")
    arguments = ["migrate", "plan", "--only", "nothing"]
    program = f"import sys\nfrom ticketctl.cli.runner import run\nrun({arguments})\nprint(*sys.modules)"

    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    modules = set(ended.stdout.split())
    assert "TKT-103" in ended.stderr
    assert "ticketctl.cli.migrate.look" in modules
    assert not modules & {"ticketctl.cli.migrate.apply", "ticketctl.cli.stack", "ticketctl.cli.index", "pydantic"}
