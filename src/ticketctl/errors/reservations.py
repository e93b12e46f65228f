"""Reservations (7xx)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ticketctl.errors.tree import ExitCode, TicketctlError


class ReservationError(TicketctlError):
    """Root of what can go wrong with reservations."""

    code = "TKT-700"


class SeatsUnavailableError(ReservationError):
    """Seats that were asked for belong to somebody else, or there are not as many free ones; nothing was held.

    Attributes:
        event_id: The event.
        seat_ids: Those that are not free, as far as they are known; empty where none was named.
    """

    code = "TKT-701"
    exit_code = ExitCode.NEGATIVE

    def __init__(self, what: str, *, event_id: int, seat_ids: Sequence[int] = (), why: str = "") -> None:
        self.event_id = event_id
        self.seat_ids = tuple(seat_ids)
        super().__init__(what, why=why, next_step="offer other seats: `seat_map` shows which are free")


class SeatsUnknownError(ReservationError):
    """Seats that were named do not exist in the event.

    Attributes:
        event_id: The event.
        seat_ids: Those that do not exist there.
    """

    code = "TKT-702"

    def __init__(self, *, event_id: int, seat_ids: Sequence[int]) -> None:
        self.event_id = event_id
        self.seat_ids = tuple(seat_ids)
        shown = ", ".join(map(str, self.seat_ids[:10])) + (", …" if len(self.seat_ids) > 10 else "")
        super().__init__(f"event {event_id} has no seat {shown}", next_step="read the event's seats again")


class LimitExceededError(ReservationError):
    """The user, or the event, has as many seats or holds as allowed; nothing was held.

    Attributes:
        limit: Which: `per_hold`, `per_user`, `open_holds` or `per_event`.
        most: The limit.
        has: How many there are already.
        wanted: How many more were wanted.
    """

    code = "TKT-703"
    exit_code = ExitCode.NEGATIVE

    def __init__(self, limit: str, *, most: int, has: int, wanted: int) -> None:
        self.limit, self.most, self.has, self.wanted = limit, most, has, wanted
        super().__init__(
            f"the limit {limit} is {most}: there are {has}, and {wanted} more were wanted",
            next_step="ask for fewer, or give something back first",
        )


class HoldNotFoundError(ReservationError):
    """There is no hold with that id.

    Attributes:
        hold_id: The id.
    """

    code = "TKT-704"

    def __init__(self, hold_id: str) -> None:
        self.hold_id = hold_id
        super().__init__(f"there is no hold '{hold_id}'")


class HoldExpiredError(ReservationError):
    """The hold is over and its seats are not to be had any more, or not for this.

    After a payment: give the money back.

    Attributes:
        hold_id: The hold.
        seat_ids: Those of its seats that others have, as far as they are known.
    """

    code = "TKT-705"
    exit_code = ExitCode.NEGATIVE

    def __init__(self, hold_id: str, *, seat_ids: Sequence[int] = (), why: str = "") -> None:
        self.hold_id = hold_id
        self.seat_ids = tuple(seat_ids)
        super().__init__(
            f"the hold '{hold_id}' is over",
            why=why,
            next_step="give the money back if it was paid, and start again with a new hold",
        )


class HoldConflictError(ReservationError):
    """The hold is not what the caller takes it for: another request, another booking, or given back.

    Attributes:
        hold_id: The hold.
    """

    code = "TKT-706"

    def __init__(self, what: str, *, hold_id: str, why: str = "", next_step: str = "") -> None:
        self.hold_id = hold_id
        super().__init__(what, why=why, next_step=next_step)


class ReservationBusyError(ReservationError):
    """Others had the same rows locked for as long as the caller was willing to wait; nothing was changed.

    Attributes:
        waited: Seconds.
    """

    code = "TKT-707"

    def __init__(self, what: str, *, waited: float, why: str = "") -> None:
        self.waited = waited
        super().__init__(what, why=why, next_step="try again: the same hold id cannot hold twice")


class ReservationBackendError(ReservationError):
    """MySQL did not answer, or refused.

    Attributes:
        hold_id: The hold that was concerned, None where none was.
        outcome: `unknown` when the change may have been made, `refused` when it was not.
    """

    code = "TKT-708"
    exit_code = ExitCode.UNREACHABLE

    def __init__(
        self,
        what: str,
        *,
        outcome: Literal["unknown", "refused"],
        hold_id: str | None = None,
        why: str = "",
        next_step: str = "",
    ) -> None:
        self.hold_id = hold_id
        self.outcome: Literal["unknown", "refused"] = outcome
        super().__init__(what, why=why, next_step=next_step)
