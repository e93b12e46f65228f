"""The booking service as buyers reach it: over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError

from ticketctl.errors import BookingServiceError
from ticketctl.simulate.diary import Outcome, Request, What
from ticketctl.simulate.shop import Shop

CONNECTIONS = 32
"""As many as threads that ask at a time; see `buyers_process`."""
_CONNECT, _READ = 3.0, 10.0  # seconds
_CODES: dict[str, What] = {"TKT-701": "refused", "TKT-703": "limited", "TKT-705": "expired", "TKT-706": "conflict"}
_UNCHANGED = frozenset({401, 402, 403, 404, 405, 411, 413, 422, 429, 503})
"""Answers of a service that has done nothing; what it did is unknown where another one comes, unless it says so."""


class _Answer(NamedTuple):
    status: int
    document: dict[str, Any]

    @property
    def seats(self) -> tuple[int, ...]:
        listed = self.document.get("seats")
        return tuple(seat for seat in listed if type(seat) is int) if isinstance(listed, list) else ()

    @property
    def why(self) -> str:
        return str(self.document.get("problem", "")) or f"HTTP {self.status}"


class HttpShop(Shop):
    """Reservations by way of a booking service: `examples/booking_service`, or one that answers as that does.

    Nothing is repeated here: buyers do that, and write down what they were told each time.

    Args:
        url: Its address: `http://127.0.0.1:8084`.
        event_id: What is sold.
        ttl: Seconds that holds live.
    """

    def __init__(self, url: str, event_id: int, ttl: float) -> None:
        self._url = url.rstrip("/")
        self._event_id = event_id
        self._ttl = ttl
        self._pool = _pool()
        self._seat_ids: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.clear()

    def free(self) -> tuple[int, ...]:
        """See `Shop`.

        Raises:
            BookingServiceError: The service does not answer as it should.
        """
        letters, seat_ids = self._letters(), self._seat_ids
        if len(letters) != len(seat_ids):
            seat_ids = self._seat_ids = self._places()
            letters = self._letters()
        if len(letters) != len(seat_ids):
            raise BookingServiceError(f"the map and the seats of event {self._event_id} are not of the same seats")
        return tuple(seat for seat, letter in zip(seat_ids, letters, strict=True) if letter == "A")

    def hold(self, request: Request) -> Outcome:
        """See `Shop`."""
        wanted: dict[str, Any] = {"user": request.user_id, "seconds": self._ttl}
        wanted |= {"seats": list(request.seat_ids)} if request.seat_ids else {"best": request.party}

        def held(answer: _Answer) -> Outcome:
            status = str(answer.document["status"])
            # Whoever repeats a request is told what has become of the hold meanwhile.
            return Outcome("held" if status == "ACTIVE" else "over", answer.seats, status)

        headers = {"Idempotency-Key": request.hold_id}
        return self._told("POST", f"/events/{self._event_id}/holds", held, body=wanted, headers=headers)

    def pay(self, request: Request, seat_ids: Sequence[int], booking_id: int) -> Outcome:  # noqa: ARG002  # it knows them
        """See `Shop`; the booking is made by the service, which gives it a number of its own."""

        def paid(answer: _Answer) -> Outcome:
            if answer.document["status"] != "CONFIRMED":
                raise ValueError("it is not confirmed")
            return Outcome("confirmed", answer.seats)

        return self._told("POST", f"/holds/{quote(request.hold_id, safe='')}/payment", paid)

    def release(self, request: Request) -> Outcome:
        """See `Shop`."""

        def released(answer: _Answer) -> Outcome:
            return Outcome("released" if answer.document["released"] is True else "over")

        return self._told("DELETE", f"/holds/{quote(request.hold_id, safe='')}", released)

    def _letters(self) -> str:
        letters = self._looked("map").get("letters")
        return letters if isinstance(letters, str) else ""

    def _places(self) -> tuple[int, ...]:
        rows = self._looked("seats").get("rows")
        try:
            return tuple(int(seat) for row in rows or () for seat in row["seats"])
        except (KeyError, TypeError, ValueError) as error:
            raise _other(self._url, f"it does not say which seats there are: {error!r}") from error

    def _looked(self, path: str) -> dict[str, Any]:
        answer = _seen(self._pool, self._url, f"/events/{self._event_id}/{path}")
        if answer.status != 200:
            raise BookingServiceError(f"the booking service at {self._url} shows no seats", why=answer.why)
        return answer.document

    def _told(self, method: str, path: str, done: Callable[[_Answer], Outcome], **options: Any) -> Outcome:  # noqa: ANN401
        """Ask, and return what the answer comes to; `done` reads that of a request that was carried out."""
        try:
            answer = _ask(self._pool, method, self._url + path, **options)
        except HTTPError as error:
            return Outcome("failed" if _was_not_sent(error) else "unknown", (), _text(error))
        if answer.status in (200, 201):
            try:
                return done(answer)
            except (KeyError, ValueError) as error:
                return Outcome("unknown", (), f"an answer that says nothing: {error}")
        return _refusal(answer)


def check_service(url: str, event_id: int) -> None:
    """Make sure that a booking service answers at an address and sells an event.

    Args:
        url: Its address.
        event_id: The event.

    Raises:
        BookingServiceError: Nobody answers, or a placeholder does, or another program, or it does not sell the event.
    """
    url = url.rstrip("/")
    pool = _pool()
    try:
        live = _seen(pool, url, "/health/live").document
        if live.get("sells") != "seats":
            raise (
                _placeholder(url)
                if live.get("status") == "live"
                else _other(url, "it does not say that it sells seats")
            )
        event = _seen(pool, url, f"/events/{event_id}")
        if event.document.get("status") != "ON_SALE":
            raise BookingServiceError(
                f"the booking service at {url} does not sell event {event_id}",
                why=f"the event is {event.document['status']}" if "status" in event.document else event.why,
                next_step="see whether it uses the databases of this project",
            )
    finally:
        pool.clear()


def _refusal(answer: _Answer) -> Outcome:
    said = answer.document.get("code")
    what = _CODES.get(said) if isinstance(said, str) else None
    if what is not None and answer.status in (409, 410):
        seats = answer.seats if what in ("refused", "expired") else ()
        return Outcome(what, seats, "" if seats else answer.why)
    outcome = answer.document.get("outcome")
    if outcome in ("unknown", "refused"):
        return Outcome("unknown" if outcome == "unknown" else "failed", (), answer.why)
    return Outcome("failed" if answer.status in _UNCHANGED else "unknown", (), answer.why)


def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(
        maxsize=CONNECTIONS, block=True, retries=False, timeout=urllib3.Timeout(connect=_CONNECT, read=_READ)
    )


def _ask(
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    *,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> _Answer:
    """Return an answer, whatever its status.

    Raises:
        HTTPError: There was none.
    """
    response = pool.request(method, url, json=body, headers={"Accept-Encoding": "gzip", **(headers or {})})
    try:
        document = json.loads(response.data)
    except ValueError:
        document = None
    return _Answer(response.status, document if isinstance(document, dict) else {})


def _seen(pool: urllib3.PoolManager, url: str, path: str) -> _Answer:
    """Return the document at an address that must have one."""
    try:
        answer = _ask(pool, "GET", url + path)
    except HTTPError as error:
        raise BookingServiceError(
            f"no booking service answers at {url}",
            why=_text(error),
            next_step="`ticketctl status` shows where the services of a stack answer",
        ) from error
    if not answer.document:
        raise _other(url, f"HTTP {answer.status} without a document from {path}")
    return answer


def _was_not_sent(error: HTTPError) -> bool:
    """Tell whether nothing of a request has reached the service: there was no connection to send it on."""
    return isinstance(error, (ConnectTimeoutError, LocationValueError))


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _placeholder(url: str) -> BookingServiceError:
    return BookingServiceError(
        f"the service at {url} is a placeholder, which sells nothing",
        next_step="build examples/booking_service, name its image in `services.booking.image`, and run `ticketctl up`",
    )


def _other(url: str, why: str) -> BookingServiceError:
    return BookingServiceError(
        f"what answers at {url} is no booking service",
        why=why,
        next_step="`ticketctl status` shows where the services of a stack answer",
    )
