"""`docs/howto/locks-on-call.md`: its commands are run as they stand, by an account that may do what the page lists."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from integration.eventually import eventually
from integration.locks.command import Command
from integration.servers import ROOT
from ticketctl.errors import LockLostError
from ticketctl.locks import Locker
from ticketctl.locks.inspection import look

pytestmark = pytest.mark.integration
PAGE = (ROOT / "docs" / "howto" / "locks-on-call.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
ON_CALL = "on-call"


def arguments(begin: str) -> list[list[str]]:
    """What stands behind `ticketctl lock` in the lines that begin so."""
    wanted = [shlex.split(line, comments=True) for line in LINES if line.startswith(f"ticketctl lock {begin}")]
    return [words[2:] for words in wanted]


@pytest.fixture
def on_call(command: Command, plain_redis: Any, space: str) -> Iterator[Command]:
    """The command with an account that has the rights of the page and no others."""
    needed = PAGE.partition("## What it needs")[2]
    rights = [f"+{word.lower()}" for word in re.findall(r"`([A-Z]+)`", needed)]
    assert len(rights) > 10
    keys = (f"~{space}:*", f"&{space}:wake:*")
    plain_redis.execute_command("ACL", "SETUSER", ON_CALL, "reset", "on", ">of-the-page", "-@all", *keys, *rights)
    login = {"TICKETCTL_REDIS__USER": ON_CALL, "TICKETCTL_REDIS__PASSWORD": "of-the-page"}
    yield replace(command, environ={**command.environ, **login})
    plain_redis.acl_deluser(ON_CALL)


def test_every_line_is_a_command_that_this_test_runs() -> None:
    known = sum(len(arguments(begin)) for begin in ("list", "show", "watch", "break"))
    assert known == len(LINES) == 5


def test_the_page_is_done_from_its_first_line_to_its_last(
    on_call: Command, plain_redis: Any, space: str, lockers: Callable[[str], Locker]
) -> None:
    stuck = lockers("booking").acquire("order:42", ttl=60.0)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(lockers("payment").acquire, "order:42", 60.0, 30.0)
        eventually(
            lambda: look(plain_redis, "order:42", namespace=space), lambda lock: lock is not None and lock.waiting
        )
        for words in arguments("list"):
            done = on_call(*words)
            assert done.stdout.splitlines()[1].startswith("order:42 "), done.stderr
        (show,), (watch,), (breaking,) = arguments("show"), arguments("watch"), arguments("break")
        shown = on_call(*show)
        with on_call.started(*watch) as process:
            assert process.stdout is not None
            watched = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        broken = on_call(*breaking, "--yes")
        after = waiting.result(timeout=5)

    labels = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert labels is not None
    assert [line[:9] for line in shown.stdout.splitlines()] == [line[:9] for line in labels[1].splitlines()[:-1]]
    assert "held by booking on " in watched
    assert broken.returncode == 0, broken.stderr
    assert "held by payment on " in broken.stdout
    with pytest.raises(LockLostError):
        stuck.extend()
    assert on_call(*show).stdout.splitlines()[-1].endswith(": web-1 does not answer")
    assert plain_redis.xlen(f"{space}:breaks") == 1
    after.release()
