"""What is said of a service by what it answers over HTTP."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ticketctl.provision.health.model import CheckResult
from ticketctl.provision.health.services import service_target
from ticketctl.provision.health.target import run_target

pytestmark = pytest.mark.integration


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """A service that always answers the same."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/health/ready"
            self.send_response(status if found else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def results(port: int) -> dict[str, CheckResult]:
    return {result.name: result for result in run_target(service_target("booking", port, "/health/ready"))}


def test_200_is_ready() -> None:
    with answering(200, b"anything") as port:
        found = results(port)
    assert {name: result.level for name, result in found.items()} == {"reachable": "ok", "ready": "ok"}


def test_503_fails_with_what_the_service_says() -> None:
    dependencies = [
        {"name": "redis", "status": "ok", "detail": ""},
        {"name": "mysql", "status": "refused", "detail": "account booking: access denied"},
    ]
    document = {"status": "not ready", "dependencies": dependencies}
    with answering(503, json.dumps(document).encode()) as port:
        result = results(port)["ready"]
    assert (result.level, result.detail) == ("fail", "HTTP 503: mysql is refused (account booking: access denied)")
    assert result.next_step == "follows from mysql: look there first"


def test_a_long_answer_is_shortened() -> None:
    with answering(500, b"<html>" + b"x" * 100_000) as port:
        result = results(port)["ready"]
    assert (result.level, result.next_step) == ("fail", "`ticketctl logs booking`")
    assert len(result.detail) < 400


def test_nobody_listening_is_one_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = results(unused.getsockname()[1])
    assert {name: result.level for name, result in found.items()} == {"reachable": "fail", "ready": "skipped"}


def test_what_closes_the_connection_is_not_ready() -> None:
    """As the engine's port forwarder does when nothing listens in the container."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept_and_close() -> None:
            server.accept()[0].close()

        closing = threading.Thread(target=accept_and_close)
        closing.start()
        found = results(server.getsockname()[1])
        closing.join()
    assert found["reachable"].level == "fail"


def test_what_is_no_http_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection = server.accept()[0]
            with connection:
                connection.sendall(b"220 mail.example.org\r\n\r\n")
                connection.recv(1000)

        talking = threading.Thread(target=talk)
        talking.start()
        found = results(server.getsockname()[1])
        talking.join()
    assert found["reachable"].level == "fail"
    assert "BadStatusLine" in found["reachable"].detail
