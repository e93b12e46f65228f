"""The processes of a sale, and what they say."""

from __future__ import annotations

import contextlib
import ctypes
import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ticketctl.errors import SaleProcessError
from ticketctl.simulate.diary import Answered, Request, Said, Trying, read_word

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_starter = ThreadPoolExecutor(1, "starts processes")
"""Starts all processes. The kernel takes the end of the thread that started a process for the end of its parent."""


def _dies_with_its_parent() -> None:
    if sys.platform == "linux":  # elsewhere the end of its standard input ends it
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """A process of the sale. It ends when its standard input does, and dies with its parent.

    Args:
        module: What it runs.
        order: What it is told, as a line of JSON; no command line shows it.
        hear: Called with each line that it says, from a thread of its own.
    """

    def __init__(self, module: str, order: Mapping[str, Any], hear: Callable[[str], None]) -> None:
        self._hear = hear
        self._module = module
        self._was_killed = False
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # is open as long as the process is
        self._process = _starter.submit(self._start, [sys.executable, "-m", module]).result()
        self._listener = threading.Thread(target=self._listen, name=f"listens to {module}", daemon=True)
        self._listener.start()
        self._write(json.dumps(order) + "\n")

    def _start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            start_new_session=True,  # Ctrl-C at the terminal is for the parent, who ends this one in order
            preexec_fn=_dies_with_its_parent,  # noqa: PLW1509  # one system call
        )

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raise if it has ended by itself, and not in order.

        Raises:
            SaleProcessError: It has; the error says what it wrote last.
        """
        status = self._process.poll()
        if status and not self._was_killed:
            raise SaleProcessError(f"{self._module} ended with {status}", why=self._last_words())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def close(self) -> None:
        """Tell it that the sale is over."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def finish(self) -> None:
        """See that it has ended in order.

        Raises:
            SaleProcessError: It has not ended, and is killed, or not in order.
        """
        if self.lives:
            self.kill()
            raise SaleProcessError(f"{self._module} has not ended after the sale", why=self._last_words())
        self._listener.join()
        self.check()

    def kill(self) -> None:
        """End it at once, be it stopped or not; one that has ended stays so."""
        if self.lives:
            self._was_killed = True
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self.close()

    def _last_words(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()[-2000:].decode("utf-8", "replace").strip()

    def _write(self, text: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # what killed it, its end says
                self._process.stdin.write(text)
                self._process.stdin.flush()

    def _listen(self) -> None:
        with self._process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                self._hear(line)


class Buyers:
    """A process of buyers, and all that it was told.

    Args:
        order: See `Child`.
        heard: Called with each answer.

    Attributes:
        answers: What its buyers were told, in order.
        ready: Set when its buyers are there.
    """

    def __init__(self, order: Mapping[str, Any], heard: Callable[[Answered], None]) -> None:
        self.answers: list[Answered] = []
        self.ready = threading.Event()
        self._heard = heard
        self._tried: dict[str, Request] = {}
        self._is_done = False
        self.child = Child("ticketctl.simulate.buyers_process", order, self._hear)

    @property
    def unknown(self) -> set[str]:
        """Holds of which an answer was lost; of a process that was killed, any that it had no time to write of."""
        lost = {answer.request.hold_id for answer in self.answers if answer.outcome.what == "unknown"}
        return lost if self._is_done else lost | self._tried.keys()

    @property
    def satisfied(self) -> list[str]:
        """Users who have booked."""
        return sorted({answer.request.user_id for answer in self.answers if answer.outcome.what == "confirmed"})

    @property
    def unanswered(self) -> list[Request]:
        """Requests of which nothing was heard: who sent one does not know what came of it, and sends it again."""
        answered = {answer.request.hold_id for answer in self.answers}
        return [request for hold_id, request in self._tried.items() if hold_id not in answered]

    def _hear(self, line: str) -> None:
        try:
            word = read_word(line)
        except ValueError:  # half a line of a killed process
            return
        if isinstance(word, Answered):
            self.answers.append(word)
            self._heard(word)
        elif isinstance(word, Trying):
            self._tried[word.request.hold_id] = word.request
        elif word == Said("ready"):
            self.ready.set()
        elif word == Said("done"):
            self._is_done = True
