"""Claim: `ticketctl --version` takes at most 1.3 x an empty console script installed the same way,
and no command imports a driver that it does not use.

Builds a wheel of ticketctl and one of an empty package, installs both into one fresh environment,
and runs their scripts in turn.

Usage: python benchmarks/startup/run.py [--rounds 21]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from pairs import command, interleave, table  # noqa: E402  # after the path is set

LIMIT = 1.3
EMPTY = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "empty-script"
version = "1"
[project.scripts]
empty-script = "empty_script:main"
"""
COMMANDS = ("--version", "--help", "config show", "compose render --check", "up --help")
DRIVERS = ("docker", "elasticsearch", "pymysql", "redis", "requests", "rich", "typer", "yaml", "yoyo")


def install(folder: Path) -> Path:
    """Install both packages from wheels and return the folder of their scripts."""
    package = folder / "empty" / "empty_script"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("def main() -> int:\n    return 0\n")
    (package.parent / "pyproject.toml").write_text(EMPTY)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder / "w")]
    subprocess.run([*build, str(ROOT), str(package.parent)], check=True)
    venv.create(folder / "env", with_pip=True)
    wheels = [str(wheel) for wheel in (folder / "w").glob("*.whl")]
    subprocess.run(
        [str(folder / "env/bin/python"), "-m", "pip", "install", "-q", "--no-deps", "--no-index", *wheels], check=True
    )
    return folder / "env" / "bin"


def loaded(arguments: str) -> tuple[int, list[str]]:
    """Return how many modules a command loads, and which drivers are among them."""
    code = (
        "import sys\nfrom ticketctl.cli.entry import main\n"
        f"sys.argv = ['ticketctl', *{arguments.split()!r}]\nmain()\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    names = done.stderr.split()
    return len(names), [driver for driver in DRIVERS if driver in names]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        scripts = install(Path(folder))
        seconds = interleave(
            {
                "empty console script": command([str(scripts / "empty-script")]),
                "ticketctl --version": command([str(scripts / "ticketctl"), "--version"]),
            },
            rounds=rounds,
            warm_up=3,
        )
    print(f"{rounds} interleaved rounds, whole processes, both from wheels in one environment\n")
    print(table(seconds, against="empty console script", limit=LIMIT))
    print(f"\n{'command':<34}{'modules':>8}  drivers loaded")
    for arguments in COMMANDS:
        count, drivers = loaded(arguments)
        print(f"{'ticketctl ' + arguments:<34}{count:>8}  {', '.join(drivers) or 'none'}")


if __name__ == "__main__":
    main()
