"""What became of requests that were granted, or not, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ticketctl.errors import ReservationError
from ticketctl.reservations._model import Hold
from ticketctl.reservations._requests import Request


@dataclass(frozen=True, slots=True)
class Granted:
    """The seats are held, once the transaction is committed.

    Attributes:
        request: What was asked for.
        hold: The hold.
        new: Whether this transaction made it; not when an earlier one had, whose answer was lost or is asked for again.
    """

    request: Request
    hold: Hold
    new: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed for this request.

    Attributes:
        request: What was asked for.
        error: What its caller is told.
        holders: Of seats that are not free, the hold that has each and for how many more microseconds; None is for
            seats without an end, as booked ones.
    """

    request: Request
    error: ReservationError
    holders: tuple[tuple[int, str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Alone:
    """It cannot be told together with the others: rows were locked, there is a hold with this id, or MySQL failed.

    Attributes:
        request: What was asked for.
        in_doubt: Whether the seats may be held already: the answer to a COMMIT was lost.
    """

    request: Request
    in_doubt: bool = False


Outcome: TypeAlias = Granted | Refused | Alone
