"""What Elasticsearch's and its client's errors mean, in the terms of ticketctl's error tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.settings.endpoints import ElasticsearchEndpoint

if TYPE_CHECKING:
    from elastic_transport import TransportError

BACKEND = "elasticsearch"

# Numbers of cluster and index blocks, as they stand in the message: `blocked by: [FORBIDDEN/5/index
# read-only (api)]`. From the server's sources: IndexMetadata and Metadata, constants `*_BLOCK`.
_DISK_BLOCKS = {10, 12, 13}
_WRITE_BLOCKS = {5, 6, 8}
_BLOCK = re.compile(r"\[[A-Z_]+/(\d+)/")
_NOT_READY = {408, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the server answered instead of a result.

    Attributes:
        status: HTTP status.
        kind: The server's name of the error, such as `resource_already_exists_exception`.
        reason: Its explanation.
    """

    status: int
    kind: str
    reason: str

    def __str__(self) -> str:
        return f"HTTP {self.status}: " + ": ".join(part for part in (self.kind, self.reason) if part)


@contextmanager
def translating(endpoint: ElasticsearchEndpoint) -> Iterator[None]:
    """Turn errors of the client into the error tree.

    Args:
        endpoint: Where the requests go; messages name its address and account, never its password.

    Raises:
        BackendError: One of its subclasses, the original error as its cause.
    """
    from elasticsearch import ApiError, TransportError, UnsupportedProductError
    from elasticsearch.helpers import BulkIndexError

    try:
        yield
    except UnsupportedProductError as error:
        raise _other_product(endpoint) from error
    except ApiError as error:
        raise refused(endpoint, _refusal(error.meta.status, error.body)) from error
    except BulkIndexError as error:
        raise refused(endpoint, _first_of_bulk(error.errors)) from error
    except TransportError as error:
        raise _from_transport(endpoint, error) from error


def refused(endpoint: ElasticsearchEndpoint, refusal: Refusal) -> BackendError:
    """Return the error that a refusal means.

    Args:
        endpoint: Who refused, and which account asked.
        refusal: The server's answer.
    """
    blocks = {int(number) for number in _BLOCK.findall(refusal.reason)}
    if blocks & _DISK_BLOCKS:
        return _read_only(endpoint, refusal, _FREE_DISK)
    if blocks & _WRITE_BLOCKS:
        return _read_only(endpoint, refusal, _LIFT_BLOCK)
    if refusal.status == 401:
        return _login(endpoint, refusal)
    if refusal.status == 403 and refusal.kind == "security_exception":
        return _permission(endpoint, refusal)
    if refusal.status in _NOT_READY:
        return _not_ready(endpoint, refusal)
    return _operation(endpoint, refusal)


def address(url: str) -> str:
    """Return scheme, host and port of a URL: what a message may show of it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme and parts.netloc else ""


_FREE_DISK = (
    "free space on the disk of its data (`GET /_cat/allocation?v` shows how full it is); the server lifts the block "
    "by itself once usage is below the high watermark"
)
_LIFT_BLOCK = (
    "somebody set a block by hand: `GET /_all/_settings/index.blocks*` shows where, setting it to null lifts it"
)


def _read_only(endpoint: ElasticsearchEndpoint, refusal: Refusal, next_step: str) -> BackendReadOnlyError:
    return BackendReadOnlyError(
        f"Elasticsearch at {address(endpoint.url)} refuses to write",
        backend=BACKEND,
        why=str(refusal),
        next_step=next_step,
    )


def _login(endpoint: ElasticsearchEndpoint, refusal: Refusal) -> BackendLoginError:
    return BackendLoginError(
        f"Elasticsearch at {address(endpoint.url)} refused the account {endpoint.user!r}",
        backend=BACKEND,
        why=str(refusal),
        next_step="`ticketctl config show` says where account and password come from; "
        "`ticketctl up` sets the stack's own passwords again",
    )


def _permission(endpoint: ElasticsearchEndpoint, refusal: Refusal) -> BackendPermissionError:
    return BackendPermissionError(
        f"the account {endpoint.user!r} may not do this on Elasticsearch at {address(endpoint.url)}",
        backend=BACKEND,
        why=str(refusal),
        next_step="`ticketctl up` reconciles the stack's accounts and rights; elsewhere ask for the right named above",
    )


def _not_ready(endpoint: ElasticsearchEndpoint, refusal: Refusal) -> BackendUnreachableError:
    return BackendUnreachableError(
        f"Elasticsearch at {address(endpoint.url)} is not ready",
        backend=BACKEND,
        why=str(refusal),
        next_step="it may still be starting: `ticketctl status` shows it, `ticketctl logs elasticsearch` says why not",
    )


def _operation(endpoint: ElasticsearchEndpoint, refusal: Refusal) -> BackendOperationError:
    what, next_step = (
        "refused a request",
        "the message above is the server's own; correct what it names and run the command again",
    )
    if refusal.status == 429:
        what = "has no capacity for this request"
        next_step = "wait and run the command again; if it stays so, raise limits.elasticsearch_heap"
    elif refusal.kind == "index_not_found_exception":
        what = "does not have this index"
        next_step = "`ticketctl index create` makes it"
    return BackendOperationError(
        f"Elasticsearch at {address(endpoint.url)} {what}",
        backend=BACKEND,
        number=refusal.status,
        why=str(refusal),
        next_step=next_step,
    )


def _other_product(endpoint: ElasticsearchEndpoint) -> BackendOperationError:
    return BackendOperationError(
        f"what answers at {address(endpoint.url)} is not Elasticsearch",
        backend=BACKEND,
        why="its answers lack the header by which Elasticsearch names itself",
        next_step="correct elasticsearch.url; OpenSearch and servers older than 7.14 are not supported",
    )


def _from_transport(endpoint: ElasticsearchEndpoint, error: TransportError) -> BackendError:
    from elasticsearch import ConnectionError, ConnectionTimeout, SSLError

    if not isinstance(error, (ConnectionError, ConnectionTimeout)):
        return BackendOperationError(
            f"the answer of {address(endpoint.url)} cannot be read",
            backend=BACKEND,
            why=f"{type(error).__name__}: it is not what Elasticsearch sends",
            next_step="correct elasticsearch.url, or look at what stands in front of Elasticsearch",
        )
    why, next_step = _innermost(error), "start the stack with `ticketctl up`, or correct elasticsearch.url"
    if isinstance(error, ConnectionTimeout):
        why = f"no answer within {endpoint.timeout:g} s"
        next_step = "`ticketctl status` shows whether it is overloaded or still starting; else check elasticsearch.url"
    elif isinstance(error, SSLError):
        next_step = (
            "check http:// or https:// in elasticsearch.url; "
            "SSL_CERT_FILE may name the file with your own certificate authority"
        )
    return BackendUnreachableError(
        f"Elasticsearch at {address(endpoint.url)} cannot be reached", backend=BACKEND, why=why, next_step=next_step
    )


def _innermost(error: TransportError) -> str:
    """Return what the operating system said; the client and its HTTP library each wrap it."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, ConnectionRefusedError):
        return "the connection is refused: nothing listens on that port"
    return f"{type(cause).__name__}: {cause}"


def _refusal(status: int, body: Any) -> Refusal:  # noqa: ANN401  # whatever JSON the server sent
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        return Refusal(status, "", str(error or "").strip()[:500])
    roots = error.get("root_cause") or [error]
    # The outer error of a search only says that all shards failed; the root says why.
    chosen = roots[0] if error.get("type") == "search_phase_execution_exception" else error
    return Refusal(status, str(chosen.get("type", "")), _reason(chosen))


def _reason(error: Mapping[str, Any]) -> str:
    cause = error.get("caused_by")
    parts = [str(error.get("reason") or "")]
    if isinstance(cause, Mapping) and str(cause.get("reason") or "") not in parts[0]:
        parts.append(str(cause.get("reason") or ""))
    return "; ".join(part for part in parts if part)


def _first_of_bulk(errors: list[dict[str, Any]]) -> Refusal:
    answer = next(iter(errors[0].values())) if errors else {}
    refusal = _refusal(int(answer.get("status", 0)), answer)
    return Refusal(refusal.status, refusal.kind, f"{refusal.reason} (first of {len(errors)} refused documents)")
