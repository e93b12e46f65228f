"""What the kernel shows, read from real and from written files."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ticketctl.infra.docker import EngineInfo
from ticketctl.provision.doctor.machine import Memory
from ticketctl.provision.doctor.observe import (
    NO_ENGINE,
    EngineSight,
    clock_skew,
    free_bytes,
    is_local,
    lock_holder,
    read_map_count,
    read_memory,
)
from ticketctl.provision.stack.lock import stack_lock

INFO = EngineInfo(os.uname().nodename, "/var/lib/docker", 0, 2, "2", "overlay2", rootless=False, swap_limit=True)
REMOTE = EngineSight(local=False, root_dir="/", memory_bytes=123)
HOLD = """
import pathlib, sys
from ticketctl.provision.stack.lock import stack_lock
with stack_lock(pathlib.Path(sys.argv[1]), "ticketctl up"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_an_engine_is_local_when_socket_and_host_are() -> None:
    assert is_local("unix:///var/run/docker.sock", INFO)
    assert not is_local("tcp://127.0.0.1:2375", INFO)
    assert not is_local("unix:///var/run/docker.sock", replace(INFO, name="docker-desktop"))


def test_what_cannot_be_seen_is_not_made_up(tmp_path: Path) -> None:
    assert free_bytes(REMOTE) is None
    assert free_bytes(replace(NO_ENGINE, root_dir=str(tmp_path / "missing"))) is None
    assert read_map_count(REMOTE) is None
    assert read_map_count(NO_ENGINE, tmp_path / "missing") is None
    assert read_memory(NO_ENGINE, tmp_path / "missing") is None
    assert read_memory(REMOTE) == Memory(123, None)


def test_this_machine_is_seen() -> None:
    memory = read_memory(NO_ENGINE)

    assert (free_bytes(replace(NO_ENGINE, root_dir="/")) or 0) > 0
    assert (read_map_count(NO_ENGINE) or 0) > 0
    assert memory is not None
    assert memory.available is not None
    assert 0 < memory.available <= memory.total


@pytest.mark.parametrize(
    ("told", "skew"),
    [
        ("2026-01-01T00:00:05.123456789Z", 3.123456),
        ("2026-01-01T01:00:00.5+01:00", -0.5),
        ("2026-01-01T00:00:01.5Z", 0.0),
        ("2026-01-01T00:00:02Z", 0.0),
    ],
)
def test_the_clock_is_compared_with_the_time_that_the_question_took(told: str, skew: float) -> None:
    noon = 1767225600.0  # 2026-01-01T00:00:00Z

    found = clock_skew(told, noon + 1, noon + 2)

    assert found == pytest.approx(skew, abs=1e-5)


@pytest.mark.parametrize("told", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_is_none(told: str) -> None:
    assert clock_skew(told, 0.0, 1.0) is None


def test_a_lock_is_seen_while_its_holder_lives_and_is_not_touched(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    assert lock_holder(lock) is None
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert lock_holder(lock) == process.pid
        process.kill()
        process.wait()

    assert str(process.pid) in lock.read_text(), "what a killed command wrote stays"
    assert lock_holder(lock) is None
    with stack_lock(lock, "ticketctl up"):
        assert lock_holder(lock) == os.getpid()
