"""The backends (3xx)."""

from __future__ import annotations

from ticketctl.errors.tree import ExitCode, TicketctlError


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
