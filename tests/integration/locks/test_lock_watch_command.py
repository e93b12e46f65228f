"""`ticketctl lock watch`: lines, JSON and a screen, until Ctrl-C."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from redis import Redis

from integration.conftest import redis_of
from integration.eventually import eventually
from integration.locks.command import Command
from integration.servers import Server, wait_until
from ticketctl.infra.redis import connect
from ticketctl.locks import Locker
from ticketctl.locks.inspection import break_lock, look

pytestmark = pytest.mark.integration
OFTEN = ("--interval", "0.1")


class Lines:
    """What a command says, line by line; a line that does not come fails the test instead of stopping it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._process = process
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def next(self) -> str:
        return self._lines.get(timeout=20)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))


@contextmanager
def watching(command: Command, *arguments: str) -> Iterator[Lines]:
    """Watch, and press Ctrl-C at the end, which is a good end."""
    with command.started("watch", *arguments, *OFTEN) as process:
        lines = Lines(process)
        yield lines
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=10)
        lines.reader.join(5)
        assert process.stderr is not None
        assert (code, process.stderr.read()) == (0, "")


def test_each_change_is_a_line(command: Command, lockers: Callable[[str], Locker]) -> None:
    with ThreadPoolExecutor() as threads, watching(command, "a", "b") as lines:
        assert [lines.next()[10:], lines.next()[10:]] == ["a  free", "b  free"]
        held = lockers("booking").acquire("a", ttl=60.0)
        won = lines.next()[10:]
        waiting = threads.submit(lockers("payment").acquire, "a", 60.0, 30.0)
        waits = lines.next()[10:]
        held.release()
        after = waiting.result(timeout=5)
        handed_over = lines.next()[10:]
        with lockers("booking").acquire("unnamed"):
            after.release()
            freed = lines.next()[10:]

    assert won.startswith("a  acquired by booking on ")
    assert won.endswith(f"fence {held.fence}")
    assert waits == "a  1 process waits, 0 before"
    assert handed_over.startswith("a  handed over from booking on ")
    assert " to payment on " in handed_over
    assert handed_over.endswith(f"fence {after.fence}")
    assert freed.startswith("a  free again, was held by payment on ")


def test_without_names_every_lock_is_watched(command: Command, lockers: Callable[[str], Locker]) -> None:
    with lockers("booking").acquire("a:1", ttl=60.0), watching(command) as lines:
        assert " a:1  held by booking on " in lines.next()
        with lockers("booking").acquire("b:1", ttl=60.0):
            assert " b:1  acquired by booking on " in lines.next()
        assert " b:1  free again" in lines.next()


def test_json_is_a_document_a_line(
    command: Command, plain_redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    lock = lockers("booking").acquire("a:1", ttl=60.0)
    with lockers("booking").acquire("b:1"), watching(command, "--prefix", "a:", "--json") as lines:
        first = json.loads(lines.next())
        seen = look(plain_redis, "a:1", namespace=space)
        assert seen is not None
        assert break_lock(plain_redis, seen, by="ops@desk")
        second = json.loads(lines.next())

    assert (first["change"], first["name"], first["before"]) == ("held", "a:1", None)
    assert (first["now"]["fence"], first["now"]["owner"]["service"]) == (lock.fence, "booking")
    assert (second["change"], second["now"], second["before"]["fence"]) == ("freed", None, lock.fence)
    assert lock.token not in json.dumps([first, second])


def test_a_server_that_goes_away_is_said_and_waited_for(
    command: Command, own_redis: Server, lockers: Callable[[str], Locker]
) -> None:
    with watching(command, "a") as lines:
        assert lines.next()[10:] == "a  free"
        own_redis.stop()
        try:
            gone = lines.next()
        finally:
            own_redis.start()
            wait_until(lambda: connect(redis_of(own_redis)).close(), own_redis)
        back = lines.next()
        with lockers("booking").acquire("a", ttl=60.0):
            won = lines.next()

    assert "Redis does not answer at 127.0.0.1:" in gone
    assert back.endswith("Redis answers again")
    assert " a  acquired by booking on " in won


def test_a_server_that_is_not_there_from_the_start_is_exit_4(command: Command, own_redis: Server) -> None:
    own_redis.pause()
    try:
        done = command("watch", "a")
    finally:
        own_redis.unpause()
    assert done.returncode == 4


def test_on_a_terminal_it_is_a_screen_that_is_drawn_again(
    command: Command, plain_redis: Redis, space: str, lockers: Callable[[str], Locker]
) -> None:
    with command.at_terminal("watch", *OFTEN) as terminal:
        terminal.says("0 locks held, 0 waiting")
        terminal.says("Ctrl-C ends", times=2)
        with lockers("booking").acquire("checkout:fire:42", ttl=60.0):
            eventually(lambda: look(plain_redis, "checkout:fire:42", namespace=space), bool)
            terminal.says("1 lock held, 0 waiting")
            terminal.says("checkout:fire:42  acquired by booking on ")
        terminal.says("checkout:fire:42  free again")
        assert terminal.interrupted() == 0
    assert "Traceback" not in terminal.screen
