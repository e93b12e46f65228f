"""The error tree.

Every failure that a caller can act on is one of these classes. Each says what happened, why, and
what to do next, and carries its facts as typed attributes. Codes are stable: scripts and runbooks
may rely on them. A negative answer (an unhealthy service, a pending migration) is a result and
never raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
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


# --- settings (1xx) ---------------------------------------------------------------------------


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
        super().__init__(f"there is no {kind} '{name}'", next_step=f"{hint}there are {', '.join(self.known)}")

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


# --- engine and stack (2xx) -------------------------------------------------------------------


class EngineUnavailableError(TicketctlError):
    """No Docker Engine answers."""

    code = "TKT-201"
    exit_code = ExitCode.UNREACHABLE


class EnginePermissionError(TicketctlError):
    """A Docker Engine is there, but this user may not talk to it."""

    code = "TKT-202"
    exit_code = ExitCode.UNREACHABLE


class ComposeNotFoundError(TicketctlError):
    """No Compose v2 binary was found."""

    code = "TKT-203"
    exit_code = ExitCode.UNREACHABLE


class ComposeError(TicketctlError):
    """The Compose binary failed.

    Attributes:
        returncode: Its exit status.
    """

    code = "TKT-204"

    def __init__(self, what: str, *, returncode: int, why: str = "", next_step: str = "") -> None:
        self.returncode = returncode
        super().__init__(what, why=why, next_step=next_step)


class ImageBuildError(TicketctlError):
    """An image could not be built or fetched."""

    code = "TKT-205"


class DiskFullError(TicketctlError):
    """The disk ran full, or too little room is left to begin."""

    code = "TKT-206"


class PortUnavailableError(TicketctlError):
    """A fixed port is taken, or no free port is left in the project's block.

    Attributes:
        port: The port.
        holder: Who holds it (pid and command, or container and project), empty when unknown.
    """

    code = "TKT-207"

    def __init__(self, what: str, *, port: int, holder: str, why: str = "", next_step: str = "") -> None:
        self.port = port
        self.holder = holder
        super().__init__(what, why=why, next_step=next_step)


class StackUnhealthyError(TicketctlError):
    """The stack did not become healthy.

    Attributes:
        services: Names of the services that failed, the likeliest cause first.
    """

    code = "TKT-208"

    def __init__(self, what: str, *, services: Sequence[str], why: str = "", next_step: str = "") -> None:
        self.services = tuple(services)
        super().__init__(what, why=why, next_step=next_step)


class StackBusyError(TicketctlError):
    """Another command is changing this stack right now.

    Attributes:
        pid: Process id of the holder, None when it could not be read.
    """

    code = "TKT-209"

    def __init__(self, what: str, *, pid: int | None, why: str = "", next_step: str = "") -> None:
        self.pid = pid
        super().__init__(what, why=why, next_step=next_step)


class ConfirmationRequiredError(TicketctlError):
    """Data would be deleted, and nobody can be asked."""

    code = "TKT-210"
    exit_code = ExitCode.USAGE


class HostSetupError(TicketctlError):
    """This machine could not be prepared (engine not installable, service not startable)."""

    code = "TKT-211"


class EngineError(TicketctlError):
    """The Docker Engine understood the request and refused it.

    Attributes:
        status: HTTP status of its answer, 0 when there is none.
    """

    code = "TKT-212"

    def __init__(self, what: str, *, status: int = 0, why: str = "", next_step: str = "") -> None:
        self.status = status
        super().__init__(what, why=why, next_step=next_step)


# --- backends (3xx) ---------------------------------------------------------------------------


class BackendError(TicketctlError):
    """A backend failed.

    Attributes:
        backend: `mysql`, `redis` or `elasticsearch`.
    """

    code = "TKT-300"

    def __init__(self, what: str, *, backend: str, why: str = "", next_step: str = "") -> None:
        self.backend = backend
        super().__init__(what, why=why, next_step=next_step)


class BackendUnreachableError(BackendError):
    """Nothing answers at the backend's address, or it answered too late."""

    code = "TKT-301"
    exit_code = ExitCode.UNREACHABLE


class BackendLoginError(BackendError):
    """The backend refused the account or its password."""

    code = "TKT-302"
    exit_code = ExitCode.UNREACHABLE


class BackendPermissionError(BackendError):
    """The account may not do this."""

    code = "TKT-303"


class BackendReadOnlyError(BackendError):
    """The backend refuses writes (disk watermark, read-only mode, out of memory)."""

    code = "TKT-304"


class BackendOperationError(BackendError):
    """The backend understood the request and refused it.

    Attributes:
        number: The backend's own error number or HTTP status, 0 when there is none.
    """

    code = "TKT-305"

    def __init__(self, what: str, *, backend: str, number: int = 0, why: str = "", next_step: str = "") -> None:
        self.number = number
        super().__init__(what, backend=backend, why=why, next_step=next_step)


# --- migrations (4xx) -------------------------------------------------------------------------


class MigrationError(TicketctlError):
    """Root of what can go wrong with migrations."""

    code = "TKT-400"


class MigrationFileError(MigrationError):
    """A migration file cannot be used: unreadable, unknown dependency, a cycle, bad SQL quoting.

    Attributes:
        path: The file.
        line: Line in it, counted from 1; 0 when the whole file is meant.
    """

    code = "TKT-401"

    def __init__(self, what: str, *, path: Path, line: int = 0, why: str = "", next_step: str = "") -> None:
        self.path = path
        self.line = line
        super().__init__(what, why=why, next_step=next_step)


class MigrationStatementError(MigrationError):
    """The server refused a statement of a migration.

    Attributes:
        database: Name of the database.
        path: The migration file.
        line: Line of the statement's first character, counted from 1.
        number: MySQL's error number.
    """

    code = "TKT-402"

    def __init__(
        self,
        what: str,
        *,
        database: str,
        path: Path,
        line: int,
        number: int,
        why: str = "",
        next_step: str = "",
    ) -> None:
        self.database = database
        self.path = path
        self.line = line
        self.number = number
        super().__init__(what, why=why, next_step=next_step)


class MigrationLockedError(MigrationError):
    """Another runner holds the migration lock and did not give it up in time."""

    code = "TKT-403"
    exit_code = ExitCode.FAILED


class MigrationEditedError(MigrationError):
    """A migration that was applied already, wholly or in part, has been edited above that mark."""

    code = "TKT-404"


class MigrationInDoubtError(MigrationError):
    """A statement was started and nobody knows whether it landed."""

    code = "TKT-405"


# --- search (5xx) -----------------------------------------------------------------------------


class SearchIndexError(TicketctlError):
    """Root of what can go wrong with the search index."""

    code = "TKT-500"


class MappingFileError(SearchIndexError):
    """The mapping file cannot be used; all problems are reported at once.

    Attributes:
        path: The file.
        line: Line of the first problem, counted from 1.
        problems: Every problem found, in the file's order.
    """

    code = "TKT-501"
    exit_code = ExitCode.SETTINGS

    def __init__(self, path: Path, problems: Sequence[SettingsProblem], *, line: int) -> None:
        self.path = path
        self.line = line
        self.problems = tuple(problems)
        super().__init__(
            f"the mapping file {path} cannot be used",
            why="\n".join(str(problem) for problem in self.problems),
            next_step="correct the lines above",
        )


class IndexConflictError(SearchIndexError):
    """The alias's name is taken by something that ticketctl did not make."""

    code = "TKT-502"


class MappingChangedError(SearchIndexError):
    """The mapping file changed while the index holds documents that would have to be carried over.

    Attributes:
        index: The index that the alias points at.
        documents: How many documents it holds, None when not all of it answers.
    """

    code = "TKT-503"

    def __init__(self, what: str, *, index: str, documents: int | None, why: str = "", next_step: str = "") -> None:
        self.index = index
        self.documents = documents
        super().__init__(what, why=why, next_step=next_step)
