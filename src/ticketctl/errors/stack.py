"""The engine and the stack (2xx)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.errors.tree import ExitCode, TicketctlError


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
    """Data would be deleted, or what is recorded of it changed, and nobody can be asked."""

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
