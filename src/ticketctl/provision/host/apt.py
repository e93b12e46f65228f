"""Run apt-get: output in a file, its lock waited for, an interrupted dpkg set right."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ticketctl.errors import DiskFullError, HostSetupError, TicketctlError
from ticketctl.events import Emit, Notice, Progress

LOCK_PATIENCE = 300.0
"""Seconds to wait for another process that uses apt; unattended upgrades take minutes."""

UPDATE_PATIENCE = 300.0
"""Seconds for the package lists. Seen: an `apt-get update` that hangs for ever after a fetch that failed."""

_WAIT = 2.0
_CUT_OFF = 124
"""What timeout(1) exits with when it had to end the command."""
_TAIL_BYTES = 16384
_HOLDER = re.compile(r"Could not get lock \S+\. It is held by (process [^\n]*)")
_LOCKED = re.compile(r"Could not get lock|Unable to (?:acquire|lock)|is another process using it")
_DISK_FULL = re.compile(r"No space left on device|don't have enough free space")
# Messages are read by their English words; nothing may ask.
_SETTINGS = ("DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")


@dataclass(frozen=True, slots=True)
class AptFailure:
    """Why apt-get failed, as far as its output tells.

    Attributes:
        kind: `locked`: another process uses it; `interrupted`: dpkg was killed and must finish first;
            `endless`: it was cut off.
        detail: The holder of the lock, or apt's own messages.
    """

    kind: Literal["locked", "interrupted", "disk full", "endless", "other"]
    detail: str


def judge_failure(output: str, status: int = 100) -> AptFailure:
    """Read the output of a failed apt-get (in the C locale).

    Args:
        output: What it printed, or the end of that.
        status: Its exit status.
    """
    if status == _CUT_OFF:
        return AptFailure("endless", "it did not end by itself")
    messages = "\n".join([line for line in output.splitlines() if line.startswith(("E:", "dpkg:"))][-6:])
    if _LOCKED.search(output):
        holder = _HOLDER.search(output)
        return AptFailure("locked", holder[1].strip() if holder else "another process")
    if "dpkg was interrupted" in output:
        return AptFailure("interrupted", messages)
    if _DISK_FULL.search(output):
        return AptFailure("disk full", messages)
    return AptFailure("other", messages or output.strip()[-500:])


def progress_of(line: str) -> str:
    """Return what a reader wants to know of one line of apt's output, empty for nothing."""
    words = line.split()
    if line.startswith("Get:") and len(words) > 7:  # a package; an index has no version
        return f"fetching {words[4]}"
    if line.startswith(("Unpacking ", "Setting up ")):
        return " ".join(words[:3] if words[0] == "Setting" else words[:2]).lower()
    return ""


class Apt:
    """apt-get, for one step of a command.

    Args:
        prefix: Words that make a command run as root.
        environ: The environment (PATH, proxies, APT_CONFIG).
        emit: Where progress goes.
        step: The step it belongs to.
        lock_patience: Seconds to wait for another process that uses apt.
        update_patience: Seconds after which fetching the package lists is cut off, and tried once more.
    """

    def __init__(
        self,
        prefix: tuple[str, ...],
        *,
        environ: Mapping[str, str],
        emit: Emit,
        step: str,
        lock_patience: float = LOCK_PATIENCE,
        update_patience: float = UPDATE_PATIENCE,
    ) -> None:
        self._prefix = (*prefix, "env", *_SETTINGS)
        self._environ = dict(environ)
        self._emit = emit
        self._step = step
        self._patience = lock_patience
        self._update_patience = update_patience

    def update(self) -> None:
        """Fetch the package lists. One broken source must not hide what the others have: it is only reported.

        Raises:
            HostSetupError: Another process used apt all the time.
        """
        command = ("timeout", f"{self._update_patience:g}", "apt-get", "update")
        log = _new_log()
        failure = self._settle("package lists", command, log)
        if failure is not None and failure.kind == "locked":
            raise _failed("apt-get update", failure, log)
        if failure is not None:
            self._emit(Notice("warn", f"the package lists could not be renewed: {failure.detail}"))
        log.unlink()

    def install(self, names: tuple[str, ...]) -> None:
        """Install packages without what they merely recommend.

        Args:
            names: Package names.

        Raises:
            HostSetupError: apt-get failed; its output is in the file that the error names.
            DiskFullError: There is no room for them.
        """
        command = ("apt-get", "install", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *names)
        log = _new_log()
        failure = self._settle(", ".join(names), command, log)
        if failure is not None:
            raise _failed("apt-get install", failure, log)
        log.unlink()

    def knows(self, name: str) -> bool:
        """Say whether a source offers a package of that name."""
        done = subprocess.run(
            ["apt-cache", "pkgnames", name], env=self._environ, capture_output=True, text=True, check=False
        )
        return name in done.stdout.split()

    def _settle(self, item: str, command: tuple[str, ...], log: Path) -> AptFailure | None:
        """Run until it succeeds, or fails in a way that neither waiting nor dpkg's own repair cures."""
        deadline = time.monotonic() + self._patience
        cured: set[str] = set()
        while status := self._attempt(item, command, log):
            failure = judge_failure(_tail(log), status)
            if failure.kind == "locked" and time.monotonic() < deadline:
                self._emit(Progress(self._step, item, "waiting", f"apt is in use by {failure.detail}"))
                time.sleep(_WAIT)
            elif failure.kind in cured or failure.kind not in ("interrupted", "endless"):
                return failure
            elif failure.kind == "interrupted":
                self._emit(Notice("info", "finishing what an interrupted dpkg began"))
                self._attempt("dpkg", ("dpkg", "--configure", "-a"), log)
            cured.add(failure.kind)
        self._emit(Progress(self._step, item, "done"))
        return None

    def _attempt(self, item: str, command: tuple[str, ...], log: Path) -> int:
        """Run once. A group of its own keeps Ctrl-C away from dpkg, which must not be stopped half-way."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self._prefix, *command],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        shown = ""
        try:
            while True:
                try:
                    return process.wait(0.5)
                except subprocess.TimeoutExpired:
                    shown = self._report(item, log, shown)
        except KeyboardInterrupt:
            self._emit(Notice("info", f"apt goes on by itself to its end; its output is in {log}"))
            raise

    def _report(self, item: str, log: Path, shown: str) -> str:
        recent = [text for text in map(progress_of, _tail(log).splitlines()) if text]
        detail = recent[-1] if recent else ""
        if detail != shown:
            self._emit(Progress(self._step, item, "working", detail))
        return detail


def _failed(what: str, failure: AptFailure, log: Path) -> TicketctlError:
    why = f"{failure.detail}\nall of its output is in {log}"
    if failure.kind == "disk full":
        return DiskFullError(f"{what} ran out of disk", why=why, next_step="free room, then run the same command again")
    if failure.kind == "locked":
        return HostSetupError(
            f"{what} did not get apt's lock", why=why, next_step="run the same command again when that has ended"
        )
    return HostSetupError(f"{what} failed", why=why, next_step="correct that, then run the same command again")


def _new_log() -> Path:
    descriptor, name = tempfile.mkstemp(prefix="ticketctl-apt-", suffix=".log")
    os.close(descriptor)
    return Path(name)


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace")
