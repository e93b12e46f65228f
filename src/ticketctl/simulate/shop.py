"""Where buyers buy: the library, as a service uses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Protocol, Self

import pymysql
import redis

from ticketctl.reservations import (
    HoldConflictError,
    HoldExpiredError,
    LimitExceededError,
    ReservationBackendError,
    ReservationError,
    Reservations,
    SeatsUnavailableError,
)
from ticketctl.simulate.diary import Outcome, Request
from ticketctl.simulate.sale import LIMITS


class Shop(AbstractContextManager["Shop"], Protocol):
    """What buyers can do; each is a request that waits for its answer. For any number of threads."""

    def free(self) -> tuple[int, ...]:
        """Return the seats that are free now, in house order."""

    def hold(self, request: Request) -> Outcome:
        """Hold seats."""

    def pay(self, request: Request, seat_ids: Sequence[int], booking_id: int) -> Outcome:
        """Book the seats of a hold."""

    def release(self, request: Request) -> Outcome:
        """Give the seats of a hold back."""


class LibraryShop(Shop):
    """Reservations in the buyer's own process, as in a service that has the library in it.

    Args:
        event_id: What is sold.
        ttl: Seconds that holds live.
        mysql: How the driver connects to the inventory.
        redis_settings: How the client connects to Redis.
    """

    def __init__(self, event_id: int, ttl: float, mysql: dict[str, Any], redis_settings: dict[str, Any]) -> None:
        self._event_id = event_id
        self._ttl = ttl
        self._ending = ExitStack()
        client = redis.Redis(**redis_settings)
        self._ending.callback(client.close)
        self._seats = self._ending.enter_context(
            Reservations(lambda: pymysql.connect(**mysql), client, limits=LIMITS, connections=6)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    def free(self) -> tuple[int, ...]:
        """See `Shop`."""
        seen = self._seats.seat_map(self._event_id)
        return tuple(seat for seat, letter in zip(seen.seat_ids, seen.letters, strict=True) if letter == "A")

    def hold(self, request: Request) -> Outcome:
        """See `Shop`."""

        def held() -> Outcome:
            options: dict[str, Any] = {"ttl": self._ttl, "hold_id": request.hold_id}
            if request.seat_ids:
                hold = self._seats.hold(self._event_id, request.seat_ids, request.user_id, **options)
            else:
                hold = self._seats.hold_best(self._event_id, request.party, request.user_id, **options)
            # Whoever repeats a request is told what has become of the hold meanwhile.
            return Outcome("held" if hold.status == "ACTIVE" else "over", hold.seat_ids, hold.status)

        return told(held)

    def pay(self, request: Request, seat_ids: Sequence[int], booking_id: int) -> Outcome:  # noqa: ARG002  # knows them
        """See `Shop`."""
        return told(lambda: Outcome("confirmed", self._seats.confirm(request.hold_id, booking_id).seat_ids))

    def release(self, request: Request) -> Outcome:
        """See `Shop`."""
        return told(lambda: Outcome("released" if self._seats.release(request.hold_id) else "over"))


def told(call: Callable[[], Outcome]) -> Outcome:
    """Return what a call comes to, an error of the library included."""
    try:
        return call()
    except SeatsUnavailableError as error:
        return Outcome("refused", error.seat_ids)
    except LimitExceededError as error:
        return Outcome("limited", (), error.what)
    except HoldExpiredError as error:
        return Outcome("expired", error.seat_ids)
    except HoldConflictError as error:
        return Outcome("conflict", (), error.what)
    except ReservationBackendError as error:
        return Outcome("unknown" if error.outcome == "unknown" else "failed", (), error.what)
    except ReservationError as error:
        return Outcome("failed", (), error.what)
