"""A process that has everything loaded, and of which workers are forked: a quarter of a second less for each.

`python -m conformance.locks.warm_process SOCKET` reads the arguments of one worker a message, with the descriptors of
its standard streams, and answers with its process id. It ends when the socket is closed.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from conformance.locks import worker_process

TESTS = Path(__file__).parents[2]


class Child:
    """A forked process.

    Attributes:
        pid: Its number.
        stdin: What it reads.
        stdout: What it writes.
    """

    def __init__(self, pid: int, stdin: int, stdout: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "w")
        self.stdout = os.fdopen(stdout)
        # The process and no later one of the same number; it is somebody else's child.
        self._handle = os.pidfd_open(pid)

    def wait(self, seconds: float) -> bool:
        """Return whether it has ended within so many seconds."""
        return bool(select.select([self._handle], [], [], seconds)[0])

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if not self.wait(0):
            signal.pidfd_send_signal(self._handle, number)

    def close(self) -> None:
        """Let go of it, when it has ended."""
        self.stdout.close()
        os.close(self._handle)


class WarmProcess:
    """What children are forked of; ends with its block."""

    def __enter__(self) -> WarmProcess:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "conformance.locks.warm_process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), os.environ.get("PYTHONPATH", "")))},
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.wait(30)

    def start(self, arguments: Sequence[str]) -> Child:
        """Start a worker; its standard error is that of who calls."""
        reads, stdin = os.pipe()
        stdout, writes = os.pipe()
        socket.send_fds(self._socket, [json.dumps(arguments).encode()], [reads, writes, 2])
        os.close(reads)
        os.close(writes)
        pid = self._socket.recv(32)
        assert pid, "the warm process has ended"
        return Child(int(pid), stdin, stdout)


def serve(requests: socket.socket) -> list[str]:
    """Fork for each message; return in the child with its arguments, in the parent with none when that is all."""
    children = set[int]()
    while True:
        message, streams, _, _ = socket.recv_fds(requests, 65536, 3)
        if not message:
            break
        # Only now: until here their numbers were nobody else's.
        children -= {pid for pid in children if os.waitpid(pid, os.WNOHANG)[0]}
        pid = os.fork()
        if not pid:
            requests.close()
            _take(streams)
            arguments: list[str] = json.loads(message)
            return arguments
        for stream in streams:
            os.close(stream)
        children.add(pid)
        requests.send(str(pid).encode())
    for pid in children:
        os.waitpid(pid, 0)
    return []


def _take(streams: Sequence[int]) -> None:
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    random.seed()


if __name__ == "__main__":
    found = serve(socket.socket(fileno=int(sys.argv[1])))
    if found:
        worker_process.main(*found)  # type: ignore[arg-type]  # checked by who asks
