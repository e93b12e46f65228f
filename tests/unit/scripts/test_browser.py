"""`scripts/browser.sh`: what the machine has, else what may be installed, else one screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOLS = ("sh", "env", "dirname", "cat", "cut", "date", "printf", "rm", "grep", "id", "tail", "head", "sed", "mktemp")
NOBODY = 65534


class Machine:
    """A machine that everybody may write to; `bin` is all that there is on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(0o777)
        self.bin.chmod(0o777)
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.bin / tool).symlink_to(found)
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))

    def has(self, name: str, script: str) -> str:
        """Put a program on PATH and return where it is."""
        program = self.bin / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return str(program)

    def has_version(self, name: str, version: str) -> str:
        return self.has(name, f"echo '{name} of Somebody {version} (2f0c-refs/heads/77@{{#5}})'")

    def look(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script as somebody who is not root."""
        return subprocess.run(
            [self.folder / "scripts" / "browser.sh", *arguments],
            env={"PATH": str(self.bin), "TMPDIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            user=NOBODY if os.geteuid() == 0 else None,
        )


@pytest.fixture
def machine() -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="ticketctl-test-"))
    folder.chmod(0o777)
    yield Machine(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["google-chrome", "chromium", "chromium-browser"])
def test_a_browser_that_is_here_is_taken_without_being_started(machine: Machine, name: str) -> None:
    browser, driver = machine.has(name, "exit 9"), machine.has("chromedriver", "exit 9")

    done = machine.look()

    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, [browser, driver], "")


@pytest.mark.parametrize(("version", "fitting"), [("156.0.8078.114", "chromium"), ("141.0.1.2", "google-chrome")])
def test_of_several_browsers_the_one_of_the_drivers_version_is_taken(
    machine: Machine, version: str, fitting: str
) -> None:
    machine.has_version("google-chrome", "141.0.7390.54")
    machine.has_version("chromium", "156.0.8078.114")
    machine.has_version("chromedriver", version)

    assert machine.look().stdout.splitlines()[0] == str(machine.bin / fitting)


def test_without_apt_it_says_what_to_install(machine: Machine) -> None:
    machine.has("chromium", "exit 9")

    done = machine.look()

    assert done.returncode == 1
    assert "the tests need a browser" in done.stderr
    assert "there is here: chromium; it is installed by itself only where there is apt" in done.stderr
    assert "`apt-get install chromium chromium-driver`" in done.stderr


def test_who_may_not_use_apt_is_told_so(machine: Machine) -> None:
    machine.has("apt-get", "exit 9")
    machine.has("sudo", "exit 1")

    done = machine.look()

    assert done.returncode == 1
    assert "there is here: neither; this user is neither root nor may use sudo without a password" in done.stderr


def may_install(machine: Machine, *, update: str = "exit 0", offered: str = "exit 0") -> Path:
    """Let it use stand-ins of apt that write down what is asked of them, and return the file."""
    asked = machine.folder / "asked"
    machine.has("timeout", 'shift; exec "$@"')
    machine.has("sudo", 'shift; [ "$1" = true ] || exec "$@"')
    machine.has("dpkg", f'echo "dpkg $*" >>{asked}')
    machine.has("apt-cache", offered)
    made = "".join(f"printf '#!/bin/sh' >{machine.bin}/{name}; " for name in ("chromium", "chromedriver"))
    executable = f"{shutil.which('chmod')} +x {machine.bin}/chromium {machine.bin}/chromedriver"
    machine.has(
        "apt-get",
        f'echo "apt-get $*" >>{asked}\ncase "$*" in *update*) {update} ;; *install*) {made} {executable} ;; esac',
    )
    return asked


def test_it_is_installed_where_that_is_possible(machine: Machine) -> None:
    asked = may_install(machine)

    done = machine.look()

    assert done.stdout.splitlines() == [str(machine.bin / "chromium"), str(machine.bin / "chromedriver")], done.stderr
    assert asked.read_text(encoding="utf-8").splitlines() == [
        "apt-get -qq update",
        "dpkg --configure -a",
        "apt-get -qq install -y --no-install-recommends chromium chromium-driver",
    ]
    assert not list(machine.folder.glob("ticketctl-apt-*")), "what apt said is kept only when it failed"


def test_lists_that_cannot_be_renewed_do_not_keep_it_from_being_installed(machine: Machine) -> None:
    may_install(machine, update="echo 'E: one source is broken'; exit 100")

    done = machine.look()

    assert done.returncode == 0
    assert "the package lists could not be renewed: E: one source is broken" in done.stderr


def test_a_distribution_without_such_a_package_is_named_as_the_reason(machine: Machine) -> None:
    asked = may_install(machine, offered='[ "$2" != chromium-driver ]')

    done = machine.look()

    assert done.returncode == 1
    assert "this distribution has no package chromium-driver" in done.stderr
    assert "install" not in asked.read_text(encoding="utf-8")


def test_who_only_looks_installs_nothing(machine: Machine) -> None:
    asked = may_install(machine)

    done = machine.look("--find")

    assert done.returncode == 1
    assert "`scripts/browser.sh` installs one where it may" in done.stderr
    assert not asked.exists()
