"""Pid files, processes and distributions, as they stand on real machines."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from ticketctl.provision.host.model import PidFile
from ticketctl.provision.host.observe import dead_socket, is_member, program_of, read_distribution, read_pid_file


def test_a_living_process_is_known_by_its_name() -> None:
    assert program_of(os.getpid()) != ""


def test_a_process_that_ended_but_was_not_waited_for_does_not_live() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is a zombie from now on

    assert Path(f"/proc/{process.pid}").exists()
    assert program_of(process.pid) == ""
    process.wait()


def test_a_program_name_may_hold_brackets_and_blanks(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (tmux: (a) b) S 1 7 7")

    assert program_of(7, tmp_path) == "tmux: (a) b"


def test_a_pid_file_tells_who_lives_under_its_number(tmp_path: Path) -> None:
    file = tmp_path / "docker.pid"
    file.write_text(str(os.getpid()))

    assert read_pid_file(file, "root") == PidFile(file, os.getpid(), program_of(os.getpid()))


@pytest.mark.parametrize("text", ["", "garbage", "\0\0"])
def test_a_pid_file_without_a_number_belongs_to_nobody(tmp_path: Path, text: str) -> None:
    file = tmp_path / "docker.pid"
    file.write_text(text)

    assert read_pid_file(file, "root") == PidFile(file, None, "")


def test_no_pid_file_is_none(tmp_path: Path) -> None:
    assert read_pid_file(tmp_path / "docker.pid", "root") is None


@pytest.mark.parametrize(
    ("text", "name", "has_apt"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n', "Debian GNU/Linux 13 (trixie)", True),
        ("ID=ubuntu\nID_LIKE=debian\nPRETTY_NAME='Ubuntu 24.04 LTS'\n", "Ubuntu 24.04 LTS", True),
        ('ID=pop\nID_LIKE="ubuntu debian"\n', "pop", True),
        ('# a comment\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "rocky", False),
        ("", "this system", False),
    ],
    ids=["debian", "ubuntu", "derived", "rocky", "empty"],
)
def test_a_distribution_is_known_by_its_family(tmp_path: Path, text: str, name: str, has_apt: bool) -> None:
    file = tmp_path / "os-release"
    file.write_text(text)

    distribution = read_distribution(file)

    assert (distribution.name, distribution.has_apt) == (name, has_apt)


def test_a_missing_os_release_is_no_distribution(tmp_path: Path) -> None:
    assert not read_distribution(tmp_path / "os-release").has_apt


def test_a_socket_is_dead_when_it_is_there_and_nobody_listens(tmp_path: Path) -> None:
    path = tmp_path / "containerd.sock"
    assert dead_socket(path, "root") is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert dead_socket(path, "root") is None

    assert dead_socket(path, "root") == path
    assert dead_socket(path, "none") is None, "what cannot be looked at is left alone"


def test_nobody_is_a_member_of_a_group_that_does_not_exist() -> None:
    assert not is_member("root", "no-such-group-here")
    assert is_member("root", "root")
