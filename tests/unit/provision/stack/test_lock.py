import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ticketctl.errors import EnvFileError, StackBusyError
from ticketctl.provision.stack.lock import stack_lock

HOLDER = """
import sys, time
from pathlib import Path
from ticketctl.provision.stack.lock import stack_lock
with stack_lock(Path(sys.argv[1]), "ticketctl up"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_at_once_who_holds_it(tmp_path: Path) -> None:
    with holder(tmp_path / ".lock") as process:
        with pytest.raises(StackBusyError) as caught, stack_lock(tmp_path / ".lock", "ticketctl down"):
            pass
        process.kill()

    assert caught.value.pid == process.pid
    assert caught.value.what == "`ticketctl up` is changing this stack"
    assert f"process {process.pid} and began at 20" in caught.value.why


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    with holder(tmp_path / ".lock") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()

    with stack_lock(tmp_path / ".lock", "ticketctl up"):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
    assert (tmp_path / ".lock").read_text() == ""


def test_a_holder_that_has_not_signed_yet_is_nobody_in_particular(tmp_path: Path) -> None:
    with holder(tmp_path / ".lock") as process:
        (tmp_path / ".lock").write_text("")
        with pytest.raises(StackBusyError) as caught, stack_lock(tmp_path / ".lock", "ticketctl up"):
            pass
        process.kill()

    assert caught.value.pid is None


def test_a_child_process_does_not_keep_it(tmp_path: Path) -> None:
    with stack_lock(tmp_path / ".lock", "ticketctl up"):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with stack_lock(tmp_path / ".lock", "ticketctl up"):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_folder_that_cannot_be_written_to_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")  # in the place of a folder: root may write to any that is one

    with pytest.raises(EnvFileError, match="cannot be written to"), stack_lock(tmp_path / "file" / ".lock", "x"):
        pass
