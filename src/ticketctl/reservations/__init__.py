"""Seats are held, booked and freed; none is sold twice, and none that is free is refused for long.

Why that is so: `docs/explanation/no-oversell.md`. The tables are made by the migrations of the inventory database.
"""

from ticketctl.errors import (
    HoldConflictError,
    HoldExpiredError,
    HoldNotFoundError,
    LimitExceededError,
    ReservationBackendError,
    ReservationBusyError,
    ReservationError,
    SeatsUnavailableError,
    SeatsUnknownError,
)
from ticketctl.reservations._looking import SeatMap
from ticketctl.reservations._model import Hold, HoldStatus, Limits, Seat
from ticketctl.reservations.aio.reservations import AsyncReservations
from ticketctl.reservations.aio.sweeper import AsyncSweeper
from ticketctl.reservations.sync.reservations import Reservations
from ticketctl.reservations.sync.sweeper import Sweeper

__all__ = [
    "AsyncReservations",
    "AsyncSweeper",
    "Hold",
    "HoldConflictError",
    "HoldExpiredError",
    "HoldNotFoundError",
    "HoldStatus",
    "LimitExceededError",
    "Limits",
    "ReservationBackendError",
    "ReservationBusyError",
    "ReservationError",
    "Reservations",
    "Seat",
    "SeatMap",
    "SeatsUnavailableError",
    "SeatsUnknownError",
    "Sweeper",
]
