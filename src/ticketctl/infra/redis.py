"""Redis: connections, and its errors translated into the error tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.settings.endpoints import RedisEndpoint

if TYPE_CHECKING:
    import redis
    import redis.exceptions

BACKEND = "redis"
COMMAND_TIMEOUT = 5.0
"""Seconds that a reply may take: nothing that the toolkit asks of Redis is slow."""

# Error codes (the reply's first word) with which Redis refuses writes until somebody acts.
_WRITE_REFUSALS = {
    "OOM": "free memory, or raise `maxmemory` (`limits.redis` in ticketctl.yaml)",
    "READONLY": "connect to the primary: this server is a replica",
    "MISCONF": "free disk space where Redis keeps its data; `ticketctl logs redis` shows the failed write",
    "NOREPLICAS": "bring the replicas back that `min-replicas-to-write` asks for",
}


def connect(endpoint: RedisEndpoint) -> redis.Redis:
    """Return a client that is connected and logged in.

    Commands are not repeated by the client and replies are `str`.

    Args:
        endpoint: Server and account.

    Raises:
        BackendUnreachableError: Nothing answers, or the server is still loading its data.
        BackendLoginError: The account or its password is refused.
        BackendError: The server refused the connection for another reason.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(
        host=endpoint.host,
        port=endpoint.port,
        # A server without any password refuses AUTH; one with ACL users wants both words.
        username=endpoint.user if endpoint.password else None,
        password=endpoint.password.reveal() or None,
        socket_connect_timeout=endpoint.connect_timeout,
        socket_timeout=max(COMMAND_TIMEOUT, endpoint.connect_timeout),
        decode_responses=True,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        with translating(endpoint):
            client.ping()
    except (BackendPermissionError, BackendReadOnlyError):
        pass  # logged in; a server that cannot save refuses PING too
    except BackendError:
        client.close()
        raise
    return client


@contextmanager
def translating(endpoint: RedisEndpoint) -> Iterator[None]:
    """Turn the driver's exceptions into the error tree.

    Args:
        endpoint: Where the commands go, for the messages.

    Raises:
        BackendError: The translation; the driver's exception is its cause.
    """
    import redis.exceptions

    try:
        yield
    except redis.exceptions.RedisError as error:
        raise _translated(endpoint, error) from error


def _translated(endpoint: RedisEndpoint, error: redis.exceptions.RedisError) -> BackendError:
    import redis.exceptions as driver

    text = str(error)
    if isinstance(error, (driver.AuthenticationError, driver.AuthenticationWrongNumberOfArgsError)):
        return _login_refused(endpoint, text)
    if isinstance(error, driver.BusyLoadingError):
        return BackendUnreachableError(
            f"Redis at {endpoint.address} is still loading its data",
            backend=BACKEND,
            why=text,
            next_step="wait: `ticketctl health --only redis --wait 60`",
        )
    if isinstance(error, (driver.ConnectionError, driver.TimeoutError)):
        return BackendUnreachableError(
            f"Redis does not answer at {endpoint.address}",
            backend=BACKEND,
            why=text,
            next_step="`ticketctl status` shows whether it runs, `ticketctl up` starts it",
        )
    return _refused(endpoint, error, text)


def _refused(endpoint: RedisEndpoint, error: redis.exceptions.RedisError, text: str) -> BackendError:
    import redis.exceptions as driver

    if isinstance(error, driver.NoPermissionError):
        return BackendPermissionError(
            f"the Redis account '{endpoint.user}' may not do this",
            backend=BACKEND,
            why=text,
            next_step="`ticketctl up` restores the rights of every account",
        )
    code = _error_code(error, text)
    if code in _WRITE_REFUSALS:
        return BackendReadOnlyError(
            f"Redis at {endpoint.address} refuses writes",
            backend=BACKEND,
            why=text,
            next_step=_WRITE_REFUSALS[code],
        )
    return BackendOperationError(f"Redis at {endpoint.address} refused a command", backend=BACKEND, why=text)


def _error_code(error: redis.exceptions.RedisError, text: str) -> str:
    """Return the reply's first word; the driver cuts it off where it has a class for the code."""
    import redis.exceptions as driver

    known: dict[type[Exception], str] = {driver.OutOfMemoryError: "OOM", driver.ReadOnlyError: "READONLY"}
    return known.get(type(error)) or text.partition(" ")[0]


def _login_refused(endpoint: RedisEndpoint, text: str) -> BackendLoginError:
    return BackendLoginError(
        f"Redis at {endpoint.address} refused the account '{endpoint.user}'",
        backend=BACKEND,
        why=text,
        next_step="its passwords are read when it starts: `ticketctl up` recreates it when compose/.env has changed",
    )
