"""One command at a time changes a stack."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ticketctl.errors import EnvFileError, StackBusyError


@contextmanager
def stack_lock(path: Path, command: str) -> Iterator[None]:
    """Hold the stack's lock inside the block; never wait for it.

    The kernel frees the lock when its holder ends, however it ends. The file stays: removing it would let
    two holders lock two files of the same name.

    Args:
        path: The lock file; its folder is made when it is missing.
        command: What runs, for the one who finds the lock taken (`ticketctl up`).

    Raises:
        StackBusyError: Another command holds it; the error names it.
        EnvFileError: The folder cannot be written to.
    """
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(path) from None
        _write_holder(descriptor, command)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited by child processes: a killed command frees the lock even if a child outlives it.
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EnvFileError(
            f"{path.parent} cannot be written to",
            why=str(error),
            next_step="run as the user whom the checkout belongs to (`ls -ld` shows who that is)",
        ) from error


def _write_holder(descriptor: int, command: str) -> None:
    holder = {"pid": os.getpid(), "command": command, "started": datetime.now(UTC).isoformat(timespec="seconds")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _busy(path: Path) -> StackBusyError:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        pid, command, started = int(holder["pid"]), str(holder["command"]), str(holder["started"])
    except (OSError, ValueError, KeyError, TypeError):
        # It was taken a moment ago and not signed yet, or is just being given back.
        return StackBusyError(
            "another command is changing this stack", pid=None, next_step="run the same command again in a moment"
        )
    return StackBusyError(
        f"`{command}` is changing this stack",
        pid=pid,
        why=f"it is process {pid} and began at {started}",
        next_step=f"wait until it ends, or end it with `kill -INT {pid}`",
    )
