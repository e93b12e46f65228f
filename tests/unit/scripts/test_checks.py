"""`make test`: order, names, and a last line that says what failed."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import checks
from checks import Check

ROOT = Path(__file__).parents[3]
OK = (sys.executable, "-c", "pass")
BROKEN = (sys.executable, "-c", "raise SystemExit(3)")


def step(name: str, *commands: Sequence[str]) -> Check:
    return Check(name, lambda: commands)


def test_fast_checks_come_first_and_the_engine_before_what_needs_it() -> None:
    assert [check.name for check in checks.selected([])] == [
        *("lint", "types", "imports", "shell", "unit"),
        *("engine", "leftovers", "images", "integration", "browser", "simulate", "e2e", "docs"),
    ]


def test_a_check_alone_brings_what_it_needs() -> None:
    assert [check.name for check in checks.selected(["e2e", "lint"])] == [
        "lint",
        "engine",
        "leftovers",
        "images",
        "e2e",
    ]


def test_sales_have_a_browser_too() -> None:
    assert [check.name for check in checks.selected(["simulate"])] == [
        *("engine", "leftovers", "images", "browser", "simulate"),
    ]


def test_an_unknown_check_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match="no such check: linting; there are lint, types"):
        checks.selected(["linting"])


def test_the_makefile_offers_every_check_that_stands_for_itself() -> None:
    offered = re.search(r"^CHECKS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert offered is not None
    assert set(offered[1].split()) == {check.name for check in checks.CHECKS} - {
        "engine",
        "leftovers",
        "images",
        "browser",
        "docs",
    }


def test_the_last_line_says_which_check_failed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (step("first", OK), step("second", OK, BROKEN), step("third", OK)))

    assert checks.main(["first", "second", "third"]) == 1

    lines = capfd.readouterr().out.splitlines()
    assert re.fullmatch(r"FAILED: second \(exit 3\) after \d+ s; alone: `make second`", lines[-1])
    assert "== third" not in lines


def waits_for(mine: Path, other: Path, status: int) -> Sequence[str]:
    """A command that ends when another one has begun."""
    code = (
        "import pathlib, sys, time; mine, other = map(pathlib.Path, sys.argv[1:3]); mine.touch(); print('begun')\n"
        "while not other.exists(): time.sleep(0.01)\n"
        "print('ends', end='', file=sys.stderr); sys.exit(int(sys.argv[3]))"
    )
    return (sys.executable, "-c", code, str(mine), str(other), str(status))


def test_commands_that_run_at_once_wait_for_each_other_and_both_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    lanes = Check("lanes", lambda: (waits_for(a, b, 0), waits_for(b, a, 3)), at_once=True)
    monkeypatch.setattr(checks, "CHECKS", (lanes,))

    assert checks.main(["lanes"]) == 1

    out = capfd.readouterr().out
    for line in ("1 | begun\n", "1 | ends", "2 | begun\n", "2 | ends", "FAILED: lanes (exit 3)"):
        assert line in out


def test_every_test_on_servers_is_in_one_of_the_two_runs_or_among_the_sales() -> None:
    apart, others = (command[command.index("pytest") + 1 :] for command in checks.tests_on_servers())
    ((*_, sales),) = next(check for check in checks.CHECKS if check.name == "simulate").commands()

    left_out = (*apart, sales)
    assert others == ("tests/integration", "tests/conformance", *(f"--ignore={folder}" for folder in left_out))


@pytest.mark.parametrize(
    ("names", "counted"),
    [((), ["count combine", "count erase", "count report", "tests counted"]), (("one",), ["tests"])],
)
def test_only_the_whole_run_measures_coverage(
    names: Sequence[str], counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(_: str, commands: Sequence[Sequence[str]], *, at_once: bool = False) -> int:  # noqa: ARG001  # as it is called
        for command in commands:
            if "pytest" in command:
                ran.append("tests counted" if command[1:5] == ("-m", "coverage", "run", "-m") else "tests")
            else:
                ran.append(f"count {command[3]}")
        return 0

    monkeypatch.setattr(checks, "CHECKS", (step("one", (sys.executable, "-m", "pytest", "tests")),))
    monkeypatch.setattr(checks, "run", run)

    assert checks.main(names) == 0
    assert sorted(ran) == counted


def test_every_step_is_named_with_its_duration(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (step("first", OK), step("second")))

    assert checks.main(["first", "second"]) == 0

    out = capfd.readouterr().out
    assert re.search(r"^== first: ok, \d+\.\d s$", out, re.MULTILINE)
    assert "== second: nothing to check here" in out
    assert out.splitlines()[-1].startswith("ok: first, second in ")
