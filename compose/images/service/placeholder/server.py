"""The three addresses of the service, over HTTP/1.0.

By hand on the standard library's TCP server: its HTTP server brings a mail parser and more, which doubles the memory
and the start-up time of a process of which nine run at once.
"""

import contextlib
import json
import socketserver
from dataclasses import asdict
from http import HTTPStatus
from typing import cast

from placeholder.readiness import Readiness
from placeholder.settings import Settings

_CLIENT_SECONDS = 5.0
_LONGEST_LINE = 8192
_MOST_HEADERS = 100

Answer = tuple[HTTPStatus, dict[str, object]]


class Server(socketserver.ThreadingTCPServer):
    """Listens on the service's port on all addresses of the container."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, settings: Settings, readiness: Readiness) -> None:
        super().__init__(("0.0.0.0", settings.port), _Handler)  # noqa: S104 - a container is reached from others
        self._settings = settings
        self._readiness = readiness

    def answer(self, path: str) -> Answer:
        """Return the status and the document for a path."""
        if path == "/health/live":
            return HTTPStatus.OK, {"service": self._settings.name, "status": "live"}
        if path == "/health/ready":
            return self._ready()
        if path == "/":
            return HTTPStatus.OK, {
                "service": self._settings.name,
                "status": "placeholder",
                "detail": "stands in for the service until ticketctl.yaml names an image of its own",
                "paths": ["/health/live", "/health/ready"],
            }
        return HTTPStatus.NOT_FOUND, {"service": self._settings.name, "status": "not found"}

    def _ready(self) -> Answer:
        results = self._readiness.results()
        ready = all(result.status == "ok" for result in results)
        return HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, {
            "service": self._settings.name,
            "status": "ready" if ready else "not ready",
            "dependencies": [asdict(result) for result in results],
        }


class _Handler(socketserver.StreamRequestHandler):
    timeout = _CLIENT_SECONDS

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client went away or was silent: nobody is left to be told
            self._handle()

    def _handle(self) -> None:
        words = self.rfile.readline(_LONGEST_LINE).decode("latin-1").split()
        for _ in range(_MOST_HEADERS):
            if not self.rfile.readline(_LONGEST_LINE).strip():
                break
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            self._send((HTTPStatus.BAD_REQUEST, {"status": "not an HTTP request"}))
        elif words[0] not in ("GET", "HEAD"):
            self._send((HTTPStatus.METHOD_NOT_ALLOWED, {"status": "only GET and HEAD"}))
        else:
            path = words[1].partition("?")[0]
            self._send(cast(Server, self.server).answer(path), with_body=words[0] == "GET")

    def _send(self, answer: Answer, *, with_body: bool = True) -> None:
        status, document = answer
        body = json.dumps(document).encode() + b"\n"
        head = (
            f"HTTP/1.0 {status.value} {status.phrase}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.wfile.write(head.encode() + (body if with_body else b""))
