"""The booking service, killed in the middle of a payment: `python crashing_process.py PLACE`.

A place is a step of `booking_service.checkout`; the process dies when the step is done and nothing else is.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from booking_service.__main__ import main
from booking_service.bookings import Bookings
from booking_service.payments import PretendedProvider
from ticketctl.reservations import AsyncReservations

PLACES: dict[str, tuple[type, str]] = {
    "booking made": (Bookings, "open"),
    "hold extended": (AsyncReservations, "extend"),
    "charge begun": (Bookings, "charge"),
    "card charged": (PretendedProvider, "charge"),
    "charge written down": (Bookings, "moved"),
    "seats confirmed": (AsyncReservations, "confirm"),
    "booking settled": (Bookings, "settle"),
    "money given back": (PretendedProvider, "refund"),
}


def dying(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Do the step, and nothing after it."""

    async def last(*arguments: Any, **options: Any) -> Any:
        await step(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    return last


if __name__ == "__main__":
    owner, name = PLACES[sys.argv[1]]
    setattr(owner, name, dying(getattr(owner, name)))
    sys.exit(main())
