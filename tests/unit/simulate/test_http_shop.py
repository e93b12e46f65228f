"""What buyers make of what a booking service answers, and of what it does not."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ticketctl.errors import BookingServiceError
from ticketctl.simulate import http_shop
from ticketctl.simulate.diary import Outcome, Request
from ticketctl.simulate.http_shop import CONNECTIONS, HttpShop, check_service

NAMED = Request("hold-1", "anna", (3, 4), 2)
BEST = Request("hold-2", "bert", (), 2)
Answer = tuple[int, Any] | Callable[[BaseHTTPRequestHandler], None]


class Odd:
    """A server that answers with what a test says, and notes what it is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, Any, str | None]] = []
        self.connections = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append(
                    (self.command, self.path, json.loads(body or "null"), self.headers.get("Idempotency-Key"))
                )
                answer = outer.answers.get(self.path, (404, {"code": "NOT-FOUND", "problem": "Not Found"}))
                if callable(answer):
                    answer(self)
                else:
                    send(self, *answer)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815  # as the standard library calls them

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def send(handler: BaseHTTPRequestHandler, status: int, document: Any) -> None:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def half(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(201)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"status":"ACTIVE"')
    handler.close_connection = True


@pytest.fixture
def odd() -> Iterator[Odd]:
    server = Odd()
    thread = threading.Thread(target=server.server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.server.shutdown()
    thread.join()
    server.server.server_close()


@contextmanager
def shop(url: str) -> Iterator[HttpShop]:
    with HttpShop(f"{url}/", 42, 2.5) as opened:
        yield opened


HELD = {"hold": "hold-1", "event": 42, "seats": [3, 4], "status": "ACTIVE", "seconds": 2.5}


def test_seats_are_held_under_the_id_of_the_request_for_as_long_as_holds_live(odd: Odd) -> None:
    odd.answers["/events/42/holds"] = (201, HELD)
    with shop(odd.url) as opened:
        assert opened.hold(NAMED) == Outcome("held", (3, 4), "ACTIVE")
        assert opened.hold(BEST).what == "held"
    assert odd.asked == [
        ("POST", "/events/42/holds", {"user": "anna", "seconds": 2.5, "seats": [3, 4]}, "hold-1"),
        ("POST", "/events/42/holds", {"user": "bert", "seconds": 2.5, "best": 2}, "hold-2"),
    ]


def test_a_repeated_request_may_find_its_hold_over(odd: Odd) -> None:
    odd.answers["/events/42/holds"] = (201, {**HELD, "status": "EXPIRED"})
    with shop(odd.url) as opened:
        assert opened.hold(NAMED) == Outcome("over", (3, 4), "EXPIRED")


def test_holds_are_paid_and_given_back(odd: Odd) -> None:
    odd.answers["/holds/hold-1/payment"] = (200, {"status": "CONFIRMED", "seats": [3, 4]})
    with shop(odd.url) as opened:
        assert opened.pay(NAMED, (3, 4), 7) == Outcome("confirmed", (3, 4))
        for released, what in ((True, "released"), (False, "over")):
            odd.answers["/holds/hold-1"] = (200, {"hold": "hold-1", "released": released})
            assert opened.release(NAMED).what == what


REFUSALS = [
    ((409, {"code": "TKT-701", "problem": "taken", "seats": [3]}), Outcome("refused", (3,))),
    ((409, {"code": "TKT-701", "problem": "too few", "seats": []}), Outcome("refused", (), "too few")),
    ((409, {"code": "TKT-703", "problem": "enough", "seats": []}), Outcome("limited", (), "enough")),
    ((409, {"code": "TKT-706", "problem": "another", "seats": []}), Outcome("conflict", (), "another")),
    ((410, {"code": "TKT-705", "problem": "over", "seats": [4]}), Outcome("expired", (4,))),
    ((402, {"code": "CARD-DECLINED", "problem": "no money"}), Outcome("failed", (), "no money")),
    ((404, {"code": "TKT-704", "problem": "no hold"}), Outcome("failed", (), "no hold")),
    ((422, {"code": "INVALID", "problem": "what?"}), Outcome("failed", (), "what?")),
    ((503, {"code": "TKT-707", "problem": "busy", "outcome": "refused"}), Outcome("failed", (), "busy")),
    ((503, {"code": "TKT-708", "problem": "gone", "outcome": "unknown"}), Outcome("unknown", (), "gone")),
    ((503, b"too many"), Outcome("failed", (), "HTTP 503")),
    ((500, b"<h1>oops</h1>"), Outcome("unknown", (), "HTTP 500")),
    ((500, {"problem": "bug", "outcome": "refused"}), Outcome("failed", (), "bug")),
    ((504, b""), Outcome("unknown", (), "HTTP 504")),
    ((302, {}), Outcome("unknown", (), "HTTP 302")),
    ((500, {"code": "TKT-701", "seats": [3]}), Outcome("unknown", (), "HTTP 500")),
    ((409, {"code": ["TKT-701"], "seats": "3"}), Outcome("unknown", (), "HTTP 409")),
]


@pytest.mark.parametrize(("answer", "outcome"), REFUSALS, ids=str)
def test_each_refusal_is_a_word(odd: Odd, answer: tuple[int, Any], outcome: Outcome) -> None:
    odd.answers |= {"/events/42/holds": answer, "/holds/hold-1/payment": answer, "/holds/hold-1": answer}
    with shop(odd.url) as opened:
        assert [opened.hold(NAMED), opened.pay(NAMED, (3, 4), 7), opened.release(NAMED)] == [outcome] * 3


@pytest.mark.parametrize("document", [b"yes", [], {}, {"status": None, "released": None}, {"seats": [3, 4]}], ids=str)
def test_who_says_yes_to_nothing_has_said_nothing(odd: Odd, document: Any) -> None:
    odd.answers["/holds/hold-1/payment"] = (200, document)
    with shop(odd.url) as opened:
        assert opened.pay(NAMED, (3, 4), 7).what == "unknown"


@pytest.mark.parametrize("ending", [hang_up, half])
def test_what_a_lost_answer_said_is_unknown_and_nothing_is_sent_twice(odd: Odd, ending: Answer) -> None:
    odd.answers["/events/42/holds"] = ending
    with shop(odd.url) as opened:
        assert opened.hold(NAMED).what == "unknown"
    assert len(odd.asked) == 1


def test_an_answer_that_takes_too_long_is_unknown(odd: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_shop, "_READ", 0.1)
    over = threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> None:
        over.wait(5)
        over.set()
        hang_up(handler)

    odd.answers["/events/42/holds"] = late
    with shop(odd.url) as opened:
        assert opened.hold(NAMED).what == "unknown"
    assert not over.is_set()
    over.set()


def test_where_nobody_listens_nothing_was_changed() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        with shop(f"http://127.0.0.1:{probe.getsockname()[1]}") as opened:
            assert opened.hold(NAMED).what == "failed"
            with pytest.raises(BookingServiceError, match="no booking service answers"):
                opened.free()


def test_free_seats_are_those_of_the_map_and_places_are_asked_for_once(odd: Odd) -> None:
    odd.answers["/events/42/seats"] = (200, {"rows": [{"seats": [11, 12]}, {"seats": [20]}]})
    with shop(odd.url) as opened:
        for letters, free in (("AAA", (11, 12, 20)), ("RAB", (12,)), ("XBB", ())):
            odd.answers["/events/42/map"] = (200, {"letters": letters})
            assert opened.free() == free
        assert [path for _, path, _, _ in odd.asked].count("/events/42/seats") == 1
        odd.answers["/events/42/map"] = (200, {"letters": "AAAA"})
        with pytest.raises(BookingServiceError, match="not of the same seats"):
            opened.free()


def test_a_compressed_map_is_read(odd: Odd) -> None:
    def packed(handler: BaseHTTPRequestHandler) -> None:
        assert "gzip" in handler.headers["Accept-Encoding"]
        text = gzip.compress(b'{"letters":"AR"}')
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    odd.answers |= {"/events/42/map": packed, "/events/42/seats": (200, {"rows": [{"seats": [1, 2]}]})}
    with shop(odd.url) as opened:
        assert opened.free() == (1,)


@pytest.mark.parametrize("places", [(503, {"problem": "gone"}), (200, {"rows": [{}]}), (200, {"rows": 3}), (200, b"")])
def test_a_map_without_places_is_an_error(odd: Odd, places: tuple[int, Any]) -> None:
    odd.answers |= {"/events/42/map": (200, {"letters": "AR"}), "/events/42/seats": places}
    with shop(odd.url) as opened, pytest.raises(BookingServiceError):
        opened.free()


def test_many_threads_share_a_few_connections(odd: Odd) -> None:
    odd.answers["/events/42/holds"] = (201, HELD)
    with shop(odd.url) as opened, ThreadPoolExecutor(2 * CONNECTIONS) as threads:
        outcomes = list(threads.map(lambda _: opened.hold(NAMED).what, range(400)))
    assert outcomes == ["held"] * 400
    assert odd.connections <= CONNECTIONS


# --- whether it is a booking service at all

LIVE = {"service": "booking", "status": "live"}


def test_a_booking_service_that_sells_the_event_is_good(odd: Odd) -> None:
    odd.answers |= {"/health/live": (200, {**LIVE, "sells": "seats"}), "/events/42": (200, {"status": "ON_SALE"})}
    check_service(odd.url + "/", 42)


@pytest.mark.parametrize(
    ("live", "event", "says"),
    [
        ((200, LIVE), (200, {}), "is a placeholder"),
        ((200, {"status": "ok"}), (200, {}), "is no booking service"),
        ((200, b"<html>"), (200, {}), "is no booking service"),
        ((404, b""), (200, {}), "is no booking service"),
        ((200, {**LIVE, "sells": "seats"}), (404, {"problem": "there is no event 42"}), "there is no event 42"),
        ((200, {**LIVE, "sells": "seats"}), (200, {"status": "UPCOMING"}), "the event is UPCOMING"),
    ],
)
def test_what_is_no_booking_service_is_said_to_be_none(odd: Odd, live: Answer, event: Answer, says: str) -> None:
    odd.answers |= {"/health/live": live, "/events/42": event}
    with pytest.raises(BookingServiceError) as caught:
        check_service(odd.url, 42)
    assert says in str(caught.value)
    assert odd.url in str(caught.value)
