"""What happens to every request: it is counted, and one that is too large is refused."""

from __future__ import annotations

import time
from typing import Any

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from booking_service.metrics import Metrics

_LARGEST = 16 * 1024  # bytes of a body
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
        b" form-action 'none'; frame-ancestors 'none'",
    ),
)


class Watch:
    """Around the app.

    Args:
        app: It.
        metrics: Counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            if (refused := _too_large(scope)) is not None:
                await refused(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            self._metrics.answered(method, _route(scope), status, time.perf_counter() - began)


def _too_large(scope: Scope) -> JSONResponse | None:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    if b"transfer-encoding" in headers or not length.isdigit():
        return JSONResponse({"code": "INVALID", "problem": "say how long the body is"}, 411)
    if int(length) > _LARGEST:
        return JSONResponse({"code": "INVALID", "problem": f"a body has {_LARGEST} bytes at most"}, 413)
    return None


def _route(scope: Scope) -> str:
    """Return the route with its parameters' names, not what stands for them: those would be without number."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "other"))
