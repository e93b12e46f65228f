"""Migrations (4xx)."""

from __future__ import annotations

from pathlib import Path

from ticketctl.errors.tree import ExitCode, TicketctlError


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


class MigrationLateError(MigrationError):
    """A pending migration belongs before one that is applied already.

    Attributes:
        migration: The late one.
        behind: The applied one that it should have come before.
    """

    code = "TKT-406"

    def __init__(self, what: str, *, migration: str, behind: str, why: str = "", next_step: str = "") -> None:
        self.migration = migration
        self.behind = behind
        super().__init__(what, why=why, next_step=next_step)


class MigrationDefinitionError(MigrationError):
    """What a statement would make exists already, with another definition.

    Attributes:
        difference: Unified diff from what exists to what the statement would make.
    """

    code = "TKT-407"

    def __init__(self, what: str, *, difference: str, why: str = "", next_step: str = "") -> None:
        self.difference = difference
        super().__init__(what, why=why, next_step=next_step)


class MigrationCopyError(MigrationError):
    """A statement would copy a large table while it is locked against writing.

    Attributes:
        table: The table.
        size: Its size in bytes.
    """

    code = "TKT-408"

    def __init__(self, what: str, *, table: str, size: int, why: str = "", next_step: str = "") -> None:
        self.table = table
        self.size = size
        super().__init__(what, why=why, next_step=next_step)


class MigrationBlockedError(MigrationError):
    """Other sessions kept a table locked for longer than a statement may wait for it."""

    code = "TKT-409"


class YoyoLedgerError(MigrationError):
    """yoyo is at work in the database, or has changed what is applied behind the journal."""

    code = "TKT-410"


class MigrationRepairError(MigrationError):
    """A repair does not fit what has become of the migration.

    Attributes:
        migration: Its name.
        state: What has become of it, as `status` calls it.
    """

    code = "TKT-412"

    def __init__(self, what: str, *, migration: str, state: str, why: str = "", next_step: str = "") -> None:
        self.migration = migration
        self.state = state
        super().__init__(what, why=why, next_step=next_step)


class BaselineDifferentError(MigrationError):
    """The database is not what the migrations of the baseline would make it.

    Attributes:
        difference: Unified diff from what exists to what the migrations would make.
    """

    code = "TKT-411"

    def __init__(self, what: str, *, difference: str, why: str = "", next_step: str = "") -> None:
        self.difference = difference
        super().__init__(what, why=why, next_step=next_step)
