"""What clients are told when something cannot be done."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from booking_service.checkout import BookingCancelledError
from booking_service.database import DatabaseError
from booking_service.payments import CardDeclinedError
from ticketctl.errors import TicketctlError
from ticketctl.locks import LockNotAcquiredError
from ticketctl.reservations import (
    HoldConflictError,
    HoldExpiredError,
    HoldNotFoundError,
    LimitExceededError,
    ReservationBackendError,
    ReservationBusyError,
    SeatsUnavailableError,
    SeatsUnknownError,
)

STATUSES: dict[type[TicketctlError], int] = {
    SeatsUnavailableError: 409,
    LimitExceededError: 409,
    HoldConflictError: 409,
    HoldExpiredError: 410,
    SeatsUnknownError: 404,
    HoldNotFoundError: 404,
    ReservationBusyError: 503,
    ReservationBackendError: 503,
    LockNotAcquiredError: 503,
}
_log = logging.getLogger("booking")


class RefusedError(Exception):
    """The service itself refuses a request.

    Attributes:
        status: HTTP status.
        code: One word for it.
        problem: A sentence.
    """

    def __init__(self, status: int, code: str, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.code = code
        self.problem = problem


def code_of(error: Exception) -> str:
    """Return the code that clients and metrics know an error by."""
    if isinstance(error, BookingCancelledError):
        return error.cause.code
    if isinstance(error, TicketctlError):
        return error.code
    if isinstance(error, RefusedError):
        return error.code
    words = {CardDeclinedError: "CARD-DECLINED", DatabaseError: "NO-DATABASE", TimeoutError: "NO-PROVIDER"}
    return words.get(type(error), "INVALID" if isinstance(error, ValueError) else "BUG")


def install(app: FastAPI) -> None:
    """Have the app answer with these documents."""

    @app.exception_handler(TicketctlError)
    async def refused(_: Request, error: TicketctlError) -> JSONResponse:
        more = {"seats": list(getattr(error, "seat_ids", ()))}
        # Only MySQL can have done what it did not say; whoever waits for another one does not know what that one does.
        unknown = getattr(error, "outcome", "") == "unknown" or isinstance(error, LockNotAcquiredError)
        return _answer(STATUSES.get(type(error), 500), error.code, error.what, unknown=unknown, **more)

    @app.exception_handler(BookingCancelledError)
    async def cancelled(_: Request, error: BookingCancelledError) -> JSONResponse:
        cause = error.cause
        refunded = None if error.refunded is None else str(error.refunded)
        status = 410 if isinstance(cause, HoldNotFoundError) else STATUSES[type(cause)]
        return _answer(status, cause.code, cause.what, seats=list(getattr(cause, "seat_ids", ())), refunded=refunded)

    @app.exception_handler(CardDeclinedError)
    async def declined(_: Request, error: CardDeclinedError) -> JSONResponse:
        return _answer(402, code_of(error), error.what, reason=error.reason)

    @app.exception_handler(RefusedError)
    async def not_here(_: Request, error: RefusedError) -> JSONResponse:
        return _answer(error.status, error.code, error.problem)

    @app.exception_handler(DatabaseError)
    async def no_database(_: Request, error: DatabaseError) -> JSONResponse:
        _log.warning("%s: %r", error.what, error.__cause__)
        return _answer(503, code_of(error), f"the database does not answer: {error.what}", unknown=True)

    @app.exception_handler(TimeoutError)
    async def no_provider(_: Request, error: TimeoutError) -> JSONResponse:
        return _answer(503, code_of(error), "the payment provider does not answer", unknown=True)

    @app.exception_handler(ValueError)
    async def unusable(_: Request, error: ValueError) -> JSONResponse:
        return _answer(422, code_of(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def not_understood(_: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']}" for problem in error.errors())
        return _answer(422, "INVALID", said)

    @app.exception_handler(HTTPException)
    async def other(_: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, "NOT-FOUND" if error.status_code == 404 else "INVALID", str(error.detail))


def _answer(status: int, code: str, problem: str, *, unknown: bool = False, **more: Any) -> JSONResponse:  # noqa: ANN401
    document = {"code": code, "problem": problem, **more}
    if status < 500:
        return JSONResponse(document, status)
    document["outcome"] = "unknown" if unknown else "refused"
    return JSONResponse(document, status, {"Retry-After": "1"})
