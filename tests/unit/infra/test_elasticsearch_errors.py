"""What Elasticsearch's answers, and the lack of one, become in the error tree."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.infra import elasticsearch_transport
from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.infra.elasticsearch_errors import Refusal, address, refused
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.secret import Secret

PASSWORD = "correct-horse"
PRODUCT = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}


def endpoint(url: str, *, timeout: float = 5.0) -> ElasticsearchEndpoint:
    return ElasticsearchEndpoint(url, "ticketctl_index", Secret(PASSWORD), timeout)


HERE = endpoint("http://127.0.0.1:9200")


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[str]]]:
    """A web server that gives these answers in turn, the last one for ever; yields its URL and what was asked."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            status, headers, body = answers[min(len(requests), len(answers) - 1)]
            requests.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815  # the names that the standard library calls

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", requests
        finally:
            server.shutdown()
            thread.join()


def ask(target: ElasticsearchEndpoint, request: Callable[[Elasticsearch], object]) -> object:
    with translating(target), closing(connect(target)) as client:
        return request(client)


def failure(
    target: ElasticsearchEndpoint, request: Callable[[Elasticsearch], object] = lambda client: client.info()
) -> BackendError:
    with pytest.raises(BackendError) as caught:
        ask(target, request)
    assert PASSWORD not in f"{caught.value}{caught.value!r}{caught.value.__cause__}"
    return caught.value


def error(status: int, kind: str, reason: str) -> tuple[int, dict[str, str], bytes]:
    body = {"error": {"root_cause": [], "type": kind, "reason": reason}, "status": status}
    return status, PRODUCT, json.dumps(body).encode()


@pytest.mark.parametrize(
    ("refusal", "expected", "hint"),
    [
        pytest.param(
            Refusal(
                429, "cluster_block_exception", "index [events] blocked by: [TOO_MANY_REQUESTS/12/disk usage ...];"
            ),
            BackendReadOnlyError,
            "free space",
            id="flood stage",
        ),
        pytest.param(
            Refusal(
                403, "cluster_block_exception", "blocked by: [FORBIDDEN/13/cluster read-only / allow delete (api)];"
            ),
            BackendReadOnlyError,
            "free space",
            id="cluster flood stage",
        ),
        pytest.param(
            Refusal(403, "cluster_block_exception", "index [events] blocked by: [FORBIDDEN/8/index write (api)];"),
            BackendReadOnlyError,
            "set a block by hand",
            id="write block",
        ),
        pytest.param(
            Refusal(403, "cluster_block_exception", "index [events] blocked by: [FORBIDDEN/7/index read (api)];"),
            BackendOperationError,
            "the server's own",
            id="read block",
        ),
        pytest.param(
            Refusal(503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered];"),
            BackendUnreachableError,
            "ticketctl logs elasticsearch",
            id="starting",
        ),
        pytest.param(
            Refusal(503, "master_not_discovered_exception", ""),
            BackendUnreachableError,
            "ticketctl status",
            id="no master",
        ),
        pytest.param(
            Refusal(401, "security_exception", "unable to authenticate user"),
            BackendLoginError,
            "config show",
            id="login",
        ),
        pytest.param(
            Refusal(403, "security_exception", "action [indices:admin/create] is unauthorized"),
            BackendPermissionError,
            "the right named above",
            id="right",
        ),
        pytest.param(
            Refusal(429, "circuit_breaking_exception", "[parent] Data too large"),
            BackendOperationError,
            "elasticsearch_heap",
            id="memory",
        ),
        pytest.param(
            Refusal(404, "index_not_found_exception", "no such index [events]"),
            BackendOperationError,
            "ticketctl index create",
            id="404",
        ),
    ],
)
def test_a_refusal_becomes_the_error_that_says_what_to_do(
    refusal: Refusal, expected: type[BackendError], hint: str
) -> None:
    found = refused(HERE, refusal)

    assert type(found) is expected
    assert hint in found.next_step
    assert refusal.kind in found.why
    assert found.backend == "elasticsearch"


def test_the_number_of_a_refusal_is_the_http_status() -> None:
    found = refused(HERE, Refusal(404, "index_not_found_exception", "no such index [events]"))

    assert isinstance(found, BackendOperationError)
    assert found.number == 404
    assert found.why == "HTTP 404: index_not_found_exception: no such index [events]"


def test_a_closed_port_is_unreachable_in_words() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    found = failure(endpoint(f"http://127.0.0.1:{port}"))

    assert isinstance(found, BackendUnreachableError)
    assert found.what == f"Elasticsearch at http://127.0.0.1:{port} cannot be reached"
    assert found.why == "the connection is refused: nothing listens on that port"


def test_a_server_that_never_answers_is_unreachable_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        found = failure(endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3))

    assert isinstance(found, BackendUnreachableError)
    assert found.why == "no answer within 0.3 s"
    assert 0.25 < time.monotonic() - started < 3


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    found = failure(endpoint("http://elasticsearch.invalid:9200"))

    assert isinstance(found, BackendUnreachableError)
    assert "gaierror" in found.why


def test_https_to_a_server_without_it_names_the_scheme() -> None:
    with answering((200, PRODUCT, b"{}")) as (url, _):
        found = failure(endpoint(url.replace("http:", "https:")))

    assert isinstance(found, BackendUnreachableError)
    assert "SSL_CERT_FILE" in found.next_step


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9200",
        "http://127.0.0.1",
        "ftp://127.0.0.1:9200",
        "http://127.0.0.1:none",
        "",
        f"http://u:{PASSWORD}@h:1",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_a_password(url: str) -> None:
    found = failure(endpoint(url))

    assert isinstance(found, BackendUnreachableError)
    assert "is not an address of Elasticsearch" in found.what
    assert "http://127.0.0.1:9200" in found.next_step


def test_an_address_is_shown_without_its_account() -> None:
    assert address(f"https://user:{PASSWORD}@search.example:9243/path") == "https://search.example:9243"


def test_another_product_is_told_from_elasticsearch() -> None:
    with answering((200, {"Content-Type": "application/json"}, b'{"version": {"number": "2.11.0"}}')) as (url, _):
        found = failure(endpoint(url))

    assert isinstance(found, BackendOperationError)
    assert found.what == f"what answers at {url} is not Elasticsearch"


def test_an_answer_that_is_not_json_is_reported_as_unreadable() -> None:
    with answering((200, PRODUCT, b"<html>")) as (url, _):
        found = failure(endpoint(url))

    assert isinstance(found, BackendOperationError)
    assert found.what == f"the answer of {url} cannot be read"


def test_a_proxys_page_is_kept_short() -> None:
    with answering((502, {"Content-Type": "text/html"}, b"<html>" + b"x" * 9000)) as (url, _):
        found = failure(endpoint(url))

    assert isinstance(found, BackendUnreachableError)
    assert len(found.why) < 600


def test_a_search_that_failed_on_all_shards_says_why() -> None:
    body = {
        "error": {
            "type": "search_phase_execution_exception",
            "reason": "all shards failed",
            "root_cause": [{"type": "parse_exception", "reason": "failed to parse date field [x]"}],
        }
    }
    with answering((400, PRODUCT, json.dumps(body).encode())) as (url, _):
        assert failure(endpoint(url)).why == "HTTP 400: parse_exception: failed to parse date field [x]"


def test_the_cause_of_a_refusal_is_told() -> None:
    body = {
        "error": {"type": "mapper_parsing_exception", "reason": "Failed", "caused_by": {"reason": "no analyzer [x]"}}
    }
    with answering((400, PRODUCT, json.dumps(body).encode())) as (url, _):
        assert failure(endpoint(url)).why == "HTTP 400: mapper_parsing_exception: Failed; no analyzer [x]"


def test_a_refused_bulk_request_is_judged_by_its_first_document() -> None:
    item = {"index": {"_id": "1", "status": 429, "error": {"type": "cluster_block_exception", "reason": "[X/12/disk]"}}}
    documents = [{"_index": "events", "_id": "1"}, {"_index": "events", "_id": "2"}]
    answer = json.dumps({"took": 1, "errors": True, "items": [item, item]}).encode()
    with answering((200, PRODUCT, answer)) as (url, _):
        found = failure(endpoint(url), lambda client: bulk(client, documents))

    assert isinstance(found, BackendReadOnlyError)
    assert found.why.endswith("(first of 2 refused documents)")


NOT_YET = error(401, "security_exception", "failed to retrieve password hash for reserved user [elastic]")


def test_a_login_that_is_refused_only_because_the_node_has_just_started_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elasticsearch_transport, "PAUSE_SECONDS", 0.01)
    with answering(NOT_YET, NOT_YET, (200, PRODUCT, b'{"name": "here"}')) as (url, asked):
        ask(endpoint(url), lambda client: client.info())

    assert asked == ["GET /"] * 3


def test_it_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elasticsearch_transport, "STARTUP_SECONDS", 0.2)
    monkeypatch.setattr(elasticsearch_transport, "PAUSE_SECONDS", 0.1)
    with answering(NOT_YET) as (url, asked):
        found = failure(endpoint(url))

    assert isinstance(found, BackendLoginError)
    assert 2 <= len(asked) <= 4


@pytest.mark.parametrize("answer", [error(401, "security_exception", "unable to authenticate"), error(503, "x", "y")])
def test_no_other_refusal_is_repeated(answer: tuple[int, dict[str, str], bytes]) -> None:
    with answering(answer) as (url, asked):
        failure(endpoint(url))

    assert len(asked) == 1
