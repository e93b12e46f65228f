"""Run the project's checks, fast ones first, each with its name and duration.

`python scripts/checks.py` runs all of them and then judges the coverage of the whole run;
`python scripts/checks.py lint unit` runs the named ones, faster, as it measures no coverage. The first
that fails ends the run, and the last line says which it was.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
TICKETCTL = (PYTHON, "-m", "ticketctl.cli.entry")
# What uses the engine gets the group that lets it, should this run have installed the engine.
WITH_ENGINE = ("scripts/with_engine.sh",)
SHELL = re.compile(r"#!.*\b(ba)?sh\b|# shellcheck shell=")
# Sales take all that a machine has, and are judged by how long things take: nothing runs beside them.
SALES = "tests/integration/simulate"
Command = Sequence[str]


@dataclass(frozen=True, slots=True)
class Check:
    """One named step.

    Attributes:
        name: What it is called on the command line and in the report.
        commands: Returns what to run, in order; nothing means that the step does not apply here.
        needs: Steps that come before it when it is asked for alone.
        at_once: Whether its commands run beside each other.
    """

    name: str
    commands: Callable[[], Sequence[Command]]
    needs: tuple[str, ...] = ()
    at_once: bool = False


def pytest_in(*folders: str, launcher: Command = ()) -> Callable[[], Sequence[Command]]:
    """Return the command of the tests in those of the folders that are there."""

    def commands() -> Sequence[Command]:
        present = [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]
        return [(*launcher, PYTHON, "-m", "pytest", *present)] if present else []

    return commands


def tests_on_servers() -> Sequence[Command]:
    """Return two runs of the tests that talk to servers, of about the same length: they wait more than they compute."""
    apart = ("tests/integration/migrate", "tests/conformance/reservations")
    others = pytest_in("tests/integration", "tests/conformance", launcher=WITH_ENGINE)()
    return [
        *pytest_in(*apart, launcher=WITH_ENGINE)(),
        *((*command, *(f"--ignore={folder}" for folder in (*apart, SALES))) for command in others),
    ]


def shell_scripts() -> Sequence[Command]:
    """Check the shell scripts: what ends in `.sh`, and what a first line hands to a shell."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    first_lines = {name: first_line(ROOT / name) for name in listed if (ROOT / name).is_file()}
    own = [name for name, line in first_lines.items() if SHELL.match(line)]
    # What containers are handed has no first line of its own: bash or sh is named where it is started.
    handed = [name for name in first_lines if name.endswith(".sh") and name not in own]
    return [("shellcheck", "--external-sources", *own), ("shellcheck", "--shell=bash", *handed)]


def first_line(path: Path) -> str:
    """Return the first line of a file, empty where it is no text."""
    with path.open("rb") as stream:
        return stream.readline(200).decode("utf-8", "ignore")


_ENGINE = ("engine", "leftovers", "images")
CHECKS = (
    Check("lint", lambda: [("ruff", "check", "."), ("ruff", "format", "--check", ".")]),
    Check("types", lambda: [(PYTHON, "-m", "mypy"), (PYTHON, "-m", "pyright")]),
    Check("imports", lambda: [("lint-imports",)]),
    Check("shell", shell_scripts),
    Check("unit", pytest_in("tests/unit", "tests/architecture")),
    Check("engine", lambda: [(*TICKETCTL, "engine", "ensure")]),
    Check("leftovers", lambda: [(*WITH_ENGINE, PYTHON, "tests/leftovers.py")]),
    Check("images", lambda: [(*WITH_ENGINE, *TICKETCTL, "images", "build")]),
    Check("integration", tests_on_servers, needs=_ENGINE, at_once=True),
    Check("browser", lambda: [("scripts/browser.sh",)]),
    Check("simulate", pytest_in(SALES, launcher=WITH_ENGINE), needs=(*_ENGINE, "browser")),
    Check("e2e", pytest_in("tests/e2e", launcher=WITH_ENGINE), needs=_ENGINE),
    Check("docs", lambda: [(PYTHON, "docs/generate.py", "--check"), (*TICKETCTL, "compose", "render", "--check")]),
)


def selected(names: Sequence[str]) -> list[Check]:
    """Return the checks of those names with what they need, in the order of `CHECKS`; all for no names."""
    known = {check.name: check for check in CHECKS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no such check: {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = {need for name in names for need in (*known[name].needs, name)}
    return [check for check in CHECKS if not names or check.name in wanted]


def run(name: str, commands: Sequence[Command], *, at_once: bool = False) -> int:
    """Run a step's commands, print its duration, and return the first exit status that is not 0."""
    grouped = bool(os.environ.get("GITHUB_ACTIONS"))
    print(f"::group::{name}" if grouped else f"== {name}", flush=True)
    started = time.monotonic()
    status = in_lanes(commands) if at_once and len(commands) > 1 else one_by_one(commands)
    verdict = "failed" if status else "ok" if commands else "nothing to check here"
    if grouped:
        print("::endgroup::")
    print(f"== {name}: {verdict}, {time.monotonic() - started:.1f} s\n", flush=True)
    return status


def one_by_one(commands: Sequence[Command]) -> int:
    """Run commands up to the first that fails, and return its exit status."""
    for command in commands:
        if status := subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode:
            return status
    return 0


def in_lanes(commands: Sequence[Command]) -> int:
    """Run commands beside each other to their ends, each line marked with its lane; return the first failure."""
    with ThreadPoolExecutor(len(commands)) as lanes:
        statuses = list(lanes.map(in_lane, range(1, len(commands) + 1), commands))
    return next(filter(None, statuses), 0)


def in_lane(number: int, command: Command) -> int:
    """Run a command, print what it says line by line, and return its exit status."""
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(f"{number} | {line}", end="", flush=True)
    return process.returncode


def environment() -> dict[str, str]:
    """Return the environment of the checks: tools of the virtual environment come first, and none looks for news."""
    path = f"{Path(PYTHON).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}


def coverage(*arguments: str) -> Command:
    """Return a command of the coverage tool."""
    return (PYTHON, "-m", "coverage", *arguments)


def measured(command: Command) -> Command:
    """Return the command of tests so that it counts what they cover; any other as it is."""
    if "pytest" not in command:
        return command
    option = command.index("pytest") - 1
    return (*command[:option], "-m", "coverage", "run", *command[option:])


def main(names: Sequence[str]) -> int:
    """Run the checks and return the exit status."""
    checks = selected(names)
    steps = [(check.name, check.commands(), check.at_once) for check in checks]
    if not names:
        # Only the whole run says how much is covered: no test file of one kind covers it alone.
        run("coverage of earlier runs", [coverage("erase")])
        steps = [(name, [measured(command) for command in commands], at_once) for name, commands, at_once in steps]
        steps.append(("coverage", [coverage("combine", "--quiet"), coverage("report")], False))
    started = time.monotonic()
    for name, commands, at_once in steps:
        if status := run(name, commands, at_once=at_once):
            alone = f"; alone: `make {name}`" if name != "coverage" else ""
            print(f"FAILED: {name} (exit {status}) after {time.monotonic() - started:.0f} s{alone}", flush=True)
            return 1
    print(f"ok: {', '.join(name for name, *_ in steps)} in {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
