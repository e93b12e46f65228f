"""The root of the error tree, and the exit codes of the command."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of the command, the same for every subcommand."""

    DONE = 0
    NEGATIVE = 1
    USAGE = 2
    SETTINGS = 3
    UNREACHABLE = 4
    FAILED = 5
    BUG = 70
    INTERRUPTED = 130


class TicketctlError(Exception):
    """Root of every error that ticketctl raises on purpose.

    Args:
        what: What happened, one sentence.
        why: The cause, as far as it is known.
        next_step: What the reader can do or type now.
    """

    code: ClassVar[str] = "TKT-000"
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        parts = [f"{self.code} {self.what}"]
        if self.why:
            parts.append(f"why: {self.why}")
        if self.next_step:
            parts.append(f"next: {self.next_step}")
        return "\n".join(parts)
