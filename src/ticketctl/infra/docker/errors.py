"""Errors of the docker SDK and of the engine, translated into the error tree."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ticketctl.errors import DiskFullError, EngineError, EnginePermissionError, EngineUnavailableError, TicketctlError

_T = TypeVar("_T")
_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded|ENOSPC", re.IGNORECASE)


def is_disk_full(text: str) -> bool:
    """Say whether a message of the engine, of a build or of a server means that the disk is full."""
    return _DISK_FULL.search(text) is not None


@contextmanager
def translating(host: str, doing: str) -> Iterator[None]:
    """Turn whatever the SDK raises inside the block into a `TicketctlError`.

    Args:
        host: Address of the engine, for the message.
        doing: What is attempted, as a phrase (`list containers`).

    Raises:
        EngineUnavailableError: Nothing answers.
        EnginePermissionError: The socket or the engine refuses this user.
        DiskFullError: The engine's disk is full.
        EngineError: It refused for any other reason.
    """
    import requests
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, requests.RequestException, OSError) as error:
        raise _translated(error, host, doing) from error


def none_if_absent(host: str, doing: str, call: Callable[[], _T]) -> _T | None:
    """Make one call, errors translated, where "no such object" answers None."""
    try:
        with translating(host, doing):
            return call()
    except EngineError as error:
        if error.status == 404:
            return None
        raise


def _translated(error: BaseException, host: str, doing: str) -> TicketctlError:
    causes = tuple(_causes(error))
    status = next((code for code in map(_status_of, causes) if code), 0)
    message = _message_of(error)
    if is_disk_full(message):
        return DiskFullError(
            f"the engine's disk is full: could not {doing}",
            why=message,
            next_step="free room (`docker system df` shows what takes it; `docker image prune` removes unused layers)",
        )
    if any(isinstance(cause, PermissionError) for cause in causes) or status in (401, 403):
        return permission_error(host, message)
    if status == 0:
        return unavailable_error(host, _connection_failure(causes))
    return EngineError(
        f"the engine could not {doing}",
        status=status,
        why=message,
        next_step="`ticketctl doctor` checks the engine; its own log says more (`journalctl -u docker`)",
    )


def permission_error(host: str, why: str) -> EnginePermissionError:
    """Return the error for an engine that is there and refuses this user."""
    user = _user_name()
    return EnginePermissionError(
        f"user {user} may not use the Docker Engine at {host}",
        why=why,
        next_step=f"`sudo usermod -aG docker {user}` and log in again, or run with sudo, "
        "or set DOCKER_HOST to an engine of your own (rootless Docker)",
    )


def unavailable_error(host: str, why: str) -> EngineUnavailableError:
    """Return the error for an address where no engine answers."""
    return EngineUnavailableError(
        f"no Docker Engine answers at {host}",
        why=why,
        next_step="`ticketctl engine ensure` starts or installs one; "
        "DOCKER_HOST or `docker context use` names one elsewhere",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk causes, contexts and exceptions passed as arguments: the SDK wraps the real one several layers deep."""
    seen: set[int] = set()
    todo: list[BaseException] = [error]
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (current.__cause__, current.__context__, getattr(current, "reason", None), *_flat(current.args))
        todo.extend(item for item in inner if isinstance(item, BaseException))


def _flat(values: tuple[object, ...]) -> Iterator[object]:
    for value in values:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def _status_of(error: BaseException) -> int:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", 0) if response is not None else 0
    return status if isinstance(status, int) else 0


def _message_of(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None)
    text = explanation if isinstance(explanation, str) and explanation else str(error)
    try:
        document = json.loads(text)
    except ValueError:
        return text
    return str(document.get("message", text)) if isinstance(document, dict) else text


def _connection_failure(causes: tuple[BaseException, ...]) -> str:
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return _message_of(causes[0])


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "(unknown)"
