"""Real apt-get with a state of its own, so that the machine's own packages are never touched."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ticketctl.errors import HostSetupError
from ticketctl.events import Event, Notice, Progress, ignore
from ticketctl.provision.host.apt import Apt
from ticketctl.provision.host.packages import install_packages, missing_packages

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="there is no apt here"),
]
HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which apt knows no source and no package, and locks nothing of the machine's."""
    for folder in ("lists/partial", "cache/archives/partial", "dpkg", "log"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dpkg" / "status").touch()
    settings = {
        "Dir::State::lists": tmp_path / "lists",
        "Dir::State::status": tmp_path / "dpkg" / "status",
        "Dir::Cache": tmp_path / "cache",
        "Dir::Log": tmp_path / "log",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": "/dev/null",
    }
    config = tmp_path / "apt.conf"
    config.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return {**os.environ, "APT_CONFIG": str(config)}


@pytest.fixture(autouse=True)
def _logs_go_with_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@contextmanager
def held(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold one of apt's locks from another process, as unattended upgrades do."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder


def test_the_lock_is_waited_for_and_its_holder_named(tmp_path: Path, environ: dict[str, str]) -> None:
    events: list[Event] = []
    with held(tmp_path / "lists" / "lock") as holder:
        assert holder.stdin is not None
        release = threading.Timer(3, holder.stdin.close)
        release.start()
        Apt((), environ=environ, emit=events.append, step="packages").update()
        release.join()

    waiting = [event for event in events if isinstance(event, Progress) and event.state == "waiting"]
    assert f"process {holder.pid}" in waiting[0].detail
    assert events[-1] == Progress("packages", "package lists", "done")


def test_waiting_for_the_lock_has_an_end(tmp_path: Path, environ: dict[str, str]) -> None:
    with held(tmp_path / "lists" / "lock"), pytest.raises(HostSetupError, match="did not get apt's lock") as caught:
        Apt((), environ=environ, emit=ignore, step="packages", lock_patience=1).update()

    assert "process" in caught.value.why


@pytest.mark.skipif(os.geteuid() != 0, reason="apt-get installs as root only")
def test_a_package_that_cannot_be_had_is_an_error_with_apts_words_and_its_log(environ: dict[str, str]) -> None:
    with pytest.raises(HostSetupError, match="apt-get install failed") as caught:
        install_packages(["no-such-package-of-anybody"], environ=environ, emit=ignore, privilege="root")

    assert "Unable to locate package no-such-package-of-anybody" in caught.value.why
    log = Path(caught.value.why.rpartition(" ")[2])
    assert "no-such-package-of-anybody" in log.read_text()


def test_a_broken_source_is_reported_and_does_not_stop_the_rest(tmp_path: Path, environ: dict[str, str]) -> None:
    sources = tmp_path / "broken.list"
    sources.write_text("deb file:/no/such/folder here main\n")
    config = Path(environ["APT_CONFIG"])
    config.write_text(config.read_text().replace('sourcelist "/dev/null"', f'sourcelist "{sources}"'))
    events: list[Event] = []

    Apt((), environ=environ, emit=events.append, step="packages").update()

    assert isinstance(events[-1], Notice)
    assert "could not be renewed" in events[-1].text


def test_package_lists_that_never_come_are_given_up_and_do_not_stop_the_rest(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never answers
        sources = tmp_path / "silent.list"
        sources.write_text(f"deb http://127.0.0.1:{silent.getsockname()[1]}/ here main\n")
        config = Path(environ["APT_CONFIG"])
        config.write_text(config.read_text().replace('sourcelist "/dev/null"', f'sourcelist "{sources}"'))
        events: list[Event] = []
        started = time.monotonic()

        Apt((), environ=environ, emit=events.append, step="packages", update_patience=1.5).update()

    assert 3 <= time.monotonic() - started < 20, "it was tried twice"
    assert isinstance(events[-1], Notice)
    assert "it did not end by itself" in events[-1].text


def test_what_is_installed_already_needs_no_root() -> None:
    environ = dict(os.environ)

    assert missing_packages(["dpkg", "no-such-package-of-anybody"], environ) == ("no-such-package-of-anybody",)
    assert install_packages(["dpkg"], environ=environ, emit=ignore, privilege="none") == ()


@pytest.mark.parametrize(
    ("path", "said"), [(os.environ["PATH"], "sudo apt-get install mmdebstrap-of-nobody"), ("/nonexistent", "own tools")]
)
def test_who_may_not_install_is_told_what_to_do(path: str, said: str) -> None:
    with pytest.raises(HostSetupError) as caught:
        install_packages(["mmdebstrap-of-nobody"], environ={"PATH": path}, emit=ignore, privilege="none")

    assert said in caught.value.next_step
