"""Simulated sales (8xx). A sale that was wrong is an answer and no error."""

from __future__ import annotations

from ticketctl.errors.tree import ExitCode, TicketctlError


class SimulationError(TicketctlError):
    """Root of what keeps a simulated sale from being held or judged."""

    code = "TKT-800"


class SaleProcessError(SimulationError):
    """A process of the sale ended by itself, or did not end when the sale was over."""

    code = "TKT-801"


class BookingServiceError(SimulationError):
    """What answers at the address of the booking service does not sell seats."""

    code = "TKT-802"
    exit_code = ExitCode.UNREACHABLE
