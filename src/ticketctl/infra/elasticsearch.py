"""Elasticsearch: the one place that makes clients.

The client is imported when the first connection is wanted: it costs a quarter of a second, most of
it for its transport and its asyncio twin, which its package imports whether they are used or not.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ticketctl.errors import BackendUnreachableError
from ticketctl.infra.elasticsearch_errors import BACKEND, address, translating
from ticketctl.settings.endpoints import ElasticsearchEndpoint

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

__all__ = ["BACKEND", "connect", "translating"]


def connect(endpoint: ElasticsearchEndpoint) -> Elasticsearch:
    """Return a client; nothing is sent before its first request.

    Requests are never repeated, except while a node that has just started cannot read its accounts
    yet. TLS is verified against the machine's certificates, which `SSL_CERT_FILE` may name.

    Args:
        endpoint: Address and account. Without a user or password nothing is sent as login.

    Returns:
        The client; the errors of its use are translated by `translating`.

    Raises:
        BackendUnreachableError: The address is not one.
    """
    from elasticsearch import Elasticsearch

    from ticketctl.infra.elasticsearch_transport import StartupTolerantTransport

    _check_address(endpoint.url)
    login = _basic(endpoint) if endpoint.user and endpoint.password else None
    return Elasticsearch(
        endpoint.url,
        basic_auth=login,
        request_timeout=endpoint.timeout,
        max_retries=0,
        ssl_context=ssl.create_default_context() if endpoint.url.startswith("https:") else None,
        transport_class=StartupTolerantTransport,
    )


def _basic(endpoint: ElasticsearchEndpoint) -> str:
    """Return the login encoded: left to it, the client takes no password beyond ASCII."""
    return b64encode(f"{endpoint.user}:{endpoint.password.reveal()}".encode()).decode("ascii")


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        complete = parts.scheme in ("http", "https") and parts.hostname and parts.port and not parts.username
    except ValueError:  # a port that is no number
        complete = False
    if not complete:
        raise BackendUnreachableError(
            f"{address(url) or 'elasticsearch.url'} is not an address of Elasticsearch",
            backend=BACKEND,
            why="it needs a scheme, a host and a port, and no account",
            next_step="write elasticsearch.url like http://127.0.0.1:9200; "
            "the account goes to elasticsearch.user and elasticsearch.password",
        )
