"""The service: what is asked for over HTTP, and who answers it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from booking_service import answers, watch
from booking_service.answers import RefusedError, code_of
from booking_service.metrics import Metrics
from booking_service.page import install as install_page
from booking_service.payments import CURRENCY
from booking_service.service import Service, running
from booking_service.settings import Settings
from ticketctl.reservations import Hold, HoldNotFoundError


class Wanted(BaseModel):
    """Seats that somebody wants: these, or the best so many."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user: str
    seats: list[int] = []
    best: int = 0
    section: str | None = None
    seconds: float | None = None


class Payment(BaseModel):
    """How somebody pays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    card: str = "good"


async def the_service(request: Request) -> Service:
    """Return what answers requests."""
    service: Service = request.state.service
    return service


Here = Annotated[Service, Depends(the_service)]


def make_app(settings: Settings) -> FastAPI:
    """Return the service.

    Args:
        settings: Where its servers are.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with running(settings, metrics) as service:
            yield {"service": service}

    metrics = Metrics()
    # The pages of documentation that FastAPI would make load their scripts from elsewhere.
    app = FastAPI(title="booking", lifespan=lifespan, docs_url=None, redoc_url=None)
    answers.install(app)
    _install_events(app)
    _install_holds(app)
    _install_health(app)
    install_page(app)
    app.add_middleware(watch.Watch, metrics=metrics)
    return app


def _install_events(app: FastAPI) -> None:
    @app.get("/events")
    async def on_sale(here: Here) -> JSONResponse:
        return JSONResponse({"events": [event.document() for event in await here.catalogue.on_sale()]})

    @app.get("/events/{event_id}")
    async def event(event_id: int, here: Here) -> JSONResponse:
        found = await here.catalogue.event(event_id)
        if found is None:
            raise _no_event(event_id)
        return JSONResponse(found.document())

    @app.get("/events/{event_id}/seats")
    async def places(event_id: int, here: Here) -> JSONResponse:
        rows = await here.catalogue.places(event_id)
        if not rows:
            raise _no_event(event_id)
        limit = here.settings.limits.per_hold
        return JSONResponse({"event": event_id, "currency": CURRENCY, "most": limit, "rows": rows})

    @app.get("/events/{event_id}/map")
    async def seat_map(event_id: int, here: Here, request: Request) -> Response:
        found = await here.catalogue.map(event_id)
        if found is None:
            raise _no_event(event_id)
        headers = {"ETag": found.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                found.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type="application/json"
            )
        return Response(found.body, headers=headers, media_type="application/json")


def _install_holds(app: FastAPI) -> None:
    @app.post("/events/{event_id}/holds")
    async def hold(
        event_id: int, wanted: Wanted, here: Here, idempotency_key: Annotated[str | None, Header()] = None
    ) -> JSONResponse:
        with _counted(here.metrics.held, "held"):
            event = await here.catalogue.event(event_id)
            if event is None:
                raise _no_event(event_id)
            if event.status != "ON_SALE":
                raise RefusedError(409, "NOT-ON-SALE", f"event {event_id} is not on sale")
            seconds = here.settings.hold if wanted.seconds is None else wanted.seconds
            if seconds > here.settings.hold:
                raise ValueError(f"a hold lasts {here.settings.hold:g} s at most, not {seconds:g} s")
            return JSONResponse(_told(await _held(here, event_id, wanted, seconds, idempotency_key)), 201)

    @app.get("/holds/{hold_id}")
    async def look(hold_id: str, here: Here) -> JSONResponse:
        found = await here.seats.lookup(hold_id)
        if found is None:
            raise HoldNotFoundError(hold_id)
        return JSONResponse(_told(found))

    @app.post("/holds/{hold_id}/payment")
    async def pay(hold_id: str, here: Here, payment: Payment | None = None) -> JSONResponse:
        with _counted(here.metrics.paid, "confirmed"):
            booking = await here.checkout.pay(hold_id, (payment or Payment()).card)
        return JSONResponse(
            {
                "booking": booking.booking_id,
                "reference": booking.reference,
                "hold": hold_id,
                "seats": list(booking.seat_ids),
                "amount": str(booking.amount),
                "currency": CURRENCY,
                "status": booking.status,
            }
        )

    @app.delete("/holds/{hold_id}")
    async def release(hold_id: str, here: Here) -> JSONResponse:
        return JSONResponse({"hold": hold_id, "released": await here.seats.release(hold_id)})


async def _held(here: Service, event_id: int, wanted: Wanted, seconds: float, key: str | None) -> Hold:
    if bool(wanted.seats) == bool(wanted.best):
        raise ValueError("name seats, or say how many of the best")
    if wanted.best:
        return await here.seats.hold_best(
            event_id, wanted.best, wanted.user, section=wanted.section, ttl=seconds, hold_id=key
        )
    return await here.seats.hold(event_id, wanted.seats, wanted.user, ttl=seconds, hold_id=key)


def _install_health(app: FastAPI) -> None:
    @app.get("/health/live")
    async def live(here: Here) -> JSONResponse:
        return JSONResponse({"service": here.settings.name, "status": "live", "sells": "seats"})

    @app.get("/health/ready")
    async def ready(here: Here) -> JSONResponse:
        is_ready, document = await here.readiness.document()
        return JSONResponse(document, 200 if is_ready else 503)

    @app.get("/metrics")
    async def metrics(here: Here) -> Response:
        text = here.metrics.text(is_leader=here.sweeper.is_leader)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


@contextlib.contextmanager
def _counted(count: Callable[[str], None], good: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        count(code_of(error))
        raise
    count(good)


def _told(hold: Hold) -> dict[str, object]:
    return {
        "hold": hold.hold_id,
        "event": hold.event_id,
        "seats": list(hold.seat_ids),
        "status": hold.status,
        "seconds": round(hold.remaining(), 1),
    }


def _no_event(event_id: int) -> RefusedError:
    return RefusedError(404, "NO-EVENT", f"there is no event {event_id}")
