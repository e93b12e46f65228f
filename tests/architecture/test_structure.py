"""The rules of the structure, as far as a program can check them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from generate import error_classes

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ticketctl"
FILES = sorted(SOURCE.rglob("*.py"))
LINES_AT_MOST = 500
FORBIDDEN_NAMES = {"utils.py", "common.py", "helpers.py", "base.py"}
DRIVERS = (
    "docker",
    "elasticsearch",
    "elastic_transport",
    "opentelemetry",
    "prometheus_client",
    "pymysql",
    "redis",
    "requests",
    "rich",
    "typer",
    "yaml",
    "yoyo",
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_AT_MOST


def test_no_file_is_a_drawer_for_everything() -> None:
    assert [relative(path) for path in FILES if path.name in FORBIDDEN_NAMES] == []


def imports_at_load(tree: ast.Module) -> Iterator[str]:
    """Modules that are imported when a file is, outside functions and `if TYPE_CHECKING`."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


# Where a driver may be imported at the top of a file: its adapters, and what cannot do without it.
HOMES: dict[Path, set[str]] = {
    SOURCE / "infra": set(DRIVERS),
    SOURCE / "cli": {"typer"},
    SOURCE / "locks": {"redis"},
    SOURCE / "locks" / "prometheus.py": {"redis", "prometheus_client"},
    SOURCE / "locks" / "opentelemetry.py": {"redis", "opentelemetry"},
    SOURCE / "reservations": {"redis"},
    SOURCE / "simulate": {"pymysql", "redis"},  # plays the part of services, which bring the drivers
}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_drivers_are_imported_only_where_they_are_used(path: Path) -> None:
    """A driver is imported inside a function, or at the top of a file in its home."""
    home = next((place for place in (path, *path.parents) if place in HOMES), None)
    allowed = HOMES[home] if home else set()

    loaded = {name.split(".")[0] for name in imports_at_load(ast.parse(path.read_text(encoding="utf-8")))}

    assert loaded & set(DRIVERS) <= allowed


def forbidden_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.exit", "exit"):
            yield ast.unparse(node.func)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "sys.stdout", "sys.stderr"):
            yield ast.unparse(node)


# The command, and the plugin in another program's tests: whoever starts them talks to them by their environment.
# Processes of their own are talked to by their standard streams.
SPOKEN_TO = {
    SOURCE / "cli",
    SOURCE / "testing",
    SOURCE / "simulate" / "buyers_process.py",
    SOURCE / "simulate" / "sweeper_process.py",
}


@pytest.mark.parametrize("path", [path for path in FILES if not SPOKEN_TO & {path, *path.parents}], ids=relative)
def test_features_neither_print_nor_exit_nor_read_the_environment(path: Path) -> None:
    assert list(forbidden_calls(ast.parse(path.read_text(encoding="utf-8")))) == []


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after running the code, with their full names."""
    # The last line: the code may print, too.
    report = "import sys; print('\\n', *(name for name, module in sys.modules.items() if module))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


def packages(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def modules_after(arguments: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after running the command."""
    command = ["ticketctl", *arguments.split()]
    return packages(loaded_by(f"import sys\nfrom ticketctl.cli.entry import main\nsys.argv = {command!r}\nmain()"))


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("--version", set()),
        ("--help", {"typer"}),
        ("up --help", {"typer"}),
        ("migrate apply --help", {"typer"}),
        ("config show", {"typer", "yaml"}),
        ("compose render --check", {"typer", "yaml"}),
    ],
)
def test_no_command_pays_for_drivers_that_it_does_not_use(arguments: str, needed: set[str]) -> None:
    assert modules_after(arguments) & set(DRIVERS) == needed


@pytest.mark.parametrize("module", ["ticketctl.migrations", "ticketctl.provision.migrate"])
def test_the_import_of_the_migrations_loads_nothing_of_others(module: str) -> None:
    """A driver alone would cost as much again; it is loaded when there is something to migrate."""
    of_others = packages(loaded_by(f"import {module}") - loaded_by("pass"))

    assert "ticketctl" in of_others
    assert of_others - {"ticketctl", *sys.stdlib_module_names} == set()


def test_the_import_of_their_package_loads_itself_alone() -> None:
    """It costs little beside the interpreter: a command that names one module of it does not pay for the others."""
    assert loaded_by("import ticketctl.provision.migrate") - loaded_by("pass") == {
        "ticketctl",
        "ticketctl.provision",
        "ticketctl.provision.migrate",
    }


@pytest.mark.parametrize("module", ["ticketctl.locks", "ticketctl.reservations"])
def test_the_import_of_the_library_loads_the_redis_client_and_nothing_else(module: str) -> None:
    # redis itself loads opentelemetry where that is installed
    more = loaded_by(f"import {module}") - loaded_by("import redis, redis.asyncio")

    assert packages(more) - {"ticketctl", "redis", *sys.stdlib_module_names} == set()
    assert more & {"ticketctl.locks.prometheus", "ticketctl.locks.opentelemetry"} == set()


@pytest.mark.parametrize("module", ["ticketctl.locks", "ticketctl.reservations"])
def test_the_library_needs_nothing_but_the_redis_client(module: str) -> None:
    absent = sorted(set(DRIVERS) - {"redis"})

    loaded = loaded_by(f"import sys\nsys.modules.update(dict.fromkeys({absent}))\nimport {module}")

    assert module in loaded


PACKAGE_INDEXES = re.compile(
    r"pypi\.org|pythonhosted|repo1?\.maven|deb\.debian|registry\.npmjs|proxy\.golang|archive\.ubuntu"
)


def test_no_address_of_a_package_registry_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT)
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    texts = {path: path.read_text(encoding="utf-8", errors="ignore") for path in files if path.is_file()}

    assert [
        relative(path) for path, text in texts.items() if PACKAGE_INDEXES.search(text) and path != Path(__file__)
    ] == []


def test_the_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert done.returncode == 0, f"run `make docs`\n{done.stdout}{done.stderr}"


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in error_classes()]
    assert len(codes) == len(set(codes))
