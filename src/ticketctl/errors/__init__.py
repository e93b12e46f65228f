"""The error tree.

Every failure that a caller can act on is one of these classes. Each says what happened, why, and
what to do next, and carries its facts as typed attributes. Codes are stable: scripts and runbooks
may rely on them. A negative answer (an unhealthy service, a pending migration) is a result and
never raised.
"""

from ticketctl.errors.backends import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.errors.locks import (
    LockBackendError,
    LockError,
    LockLostError,
    LockNotAcquiredError,
    LockNotOwnedError,
    StaleHolderError,
)
from ticketctl.errors.migrations import (
    BaselineDifferentError,
    MigrationBlockedError,
    MigrationCopyError,
    MigrationDefinitionError,
    MigrationEditedError,
    MigrationError,
    MigrationFileError,
    MigrationInDoubtError,
    MigrationLateError,
    MigrationLockedError,
    MigrationRepairError,
    MigrationStatementError,
    YoyoLedgerError,
)
from ticketctl.errors.search import IndexConflictError, MappingChangedError, MappingFileError, SearchIndexError
from ticketctl.errors.settings import (
    EnvFileError,
    GeneratedFileEditedError,
    ProjectNotFoundError,
    SettingsError,
    SettingsProblem,
    UnknownNameError,
)
from ticketctl.errors.stack import (
    ComposeError,
    ComposeNotFoundError,
    ConfirmationRequiredError,
    DiskFullError,
    EngineError,
    EnginePermissionError,
    EngineUnavailableError,
    HostSetupError,
    ImageBuildError,
    PortUnavailableError,
    StackBusyError,
    StackUnhealthyError,
)
from ticketctl.errors.tree import ExitCode, TicketctlError

__all__ = [
    "BackendError",
    "BackendLoginError",
    "BackendOperationError",
    "BackendPermissionError",
    "BackendReadOnlyError",
    "BackendUnreachableError",
    "BaselineDifferentError",
    "ComposeError",
    "ComposeNotFoundError",
    "ConfirmationRequiredError",
    "DiskFullError",
    "EngineError",
    "EnginePermissionError",
    "EngineUnavailableError",
    "EnvFileError",
    "ExitCode",
    "GeneratedFileEditedError",
    "HostSetupError",
    "ImageBuildError",
    "IndexConflictError",
    "LockBackendError",
    "LockError",
    "LockLostError",
    "LockNotAcquiredError",
    "LockNotOwnedError",
    "MappingChangedError",
    "MappingFileError",
    "MigrationBlockedError",
    "MigrationCopyError",
    "MigrationDefinitionError",
    "MigrationEditedError",
    "MigrationError",
    "MigrationFileError",
    "MigrationInDoubtError",
    "MigrationLateError",
    "MigrationLockedError",
    "MigrationRepairError",
    "MigrationStatementError",
    "PortUnavailableError",
    "ProjectNotFoundError",
    "SearchIndexError",
    "SettingsError",
    "SettingsProblem",
    "StackBusyError",
    "StackUnhealthyError",
    "StaleHolderError",
    "TicketctlError",
    "UnknownNameError",
    "YoyoLedgerError",
]
