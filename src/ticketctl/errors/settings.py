"""The settings and what is generated from them (1xx)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors.tree import ExitCode, TicketctlError

LISTED_AT_MOST = 12  # names; more are no help


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One thing that is wrong with the settings.

    Attributes:
        where: Where it stands: `ticketctl.yaml:14`, or the environment variable's name.
        key: Dotted path of the setting, empty for a problem of the whole file.
        message: What is wrong, with a suggestion where there is one.
    """

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


class SettingsError(TicketctlError):
    """The settings do not hold together; all problems are reported at once.

    Attributes:
        problems: Every problem found, in file order.
    """

    code = "TKT-101"
    exit_code = ExitCode.SETTINGS

    def __init__(self, problems: Sequence[SettingsProblem], *, next_step: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} in the settings",
            why="\n".join(str(problem) for problem in self.problems),
            next_step=next_step
            or "correct the lines above; `ticketctl config show` prints every setting and its source",
        )


class ProjectNotFoundError(TicketctlError):
    """No `ticketctl.yaml` here or in any folder above."""

    code = "TKT-102"
    exit_code = ExitCode.SETTINGS


class EnvFileError(TicketctlError):
    """`compose/.env` lacks a value, cannot be read, or was written by a newer version."""

    code = "TKT-103"
    exit_code = ExitCode.SETTINGS


class GeneratedFileEditedError(TicketctlError):
    """A generated file was edited by hand and would be overwritten.

    Attributes:
        path: The file.
    """

    code = "TKT-104"
    exit_code = ExitCode.SETTINGS

    def __init__(self, path: Path, diff: str) -> None:
        self.path = path
        self.diff = diff
        super().__init__(
            f"{path} was edited by hand",
            why=f"its content no longer matches the hash in its first line\n{diff}".rstrip(),
            next_step="move the change into ticketctl.yaml, or give --force to overwrite the file",
        )


class UnknownNameError(TicketctlError):
    """A name given on the command line (a database, a service, an image) does not exist.

    Attributes:
        name: The name.
        known: The names that exist.
    """

    code = "TKT-105"
    exit_code = ExitCode.USAGE

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        from difflib import get_close_matches

        near = get_close_matches(name, self.known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        super().__init__(f"there is no {kind} '{name}'", next_step=f"{hint}{_listed(self.known)}")

    @classmethod
    def check(cls, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
        """Raise for the first name that does not exist.

        Args:
            kind: What is named: `database`, `service`.
            names: The given names.
            known: The names that exist.
        """
        existing = list(known)
        for name in names:
            if name not in existing:
                raise cls(kind, name, existing)


def _listed(known: Sequence[str]) -> str:
    if not known:
        return "there is none"
    if len(known) > LISTED_AT_MOST:
        return f"there are {len(known)}, from {known[0]} to {known[-1]}"
    return f"there are {', '.join(known)}" if len(known) > 1 else f"there is only {known[0]}"
