"""What happens to containers, as it happens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ticketctl.errors import EngineUnavailableError
from ticketctl.infra.docker.convert import event_of
from ticketctl.infra.docker.errors import translating
from ticketctl.infra.docker.model import PROJECT_LABEL, EngineEvent

if TYPE_CHECKING:
    from docker import APIClient

_ACTIONS = ["create", "start", "die", "oom", "restart", "stop", "kill", "pause", "unpause", "destroy", "health_status"]
# Seconds between attempts to reach an engine that went away, and how many of them.
_RETRY_DELAY = 0.5
_RETRIES = 20
# The engine remembers as many events. They are not in the order of their times: after a reconnect a second is
# replayed that was heard already.
_REMEMBERED = 256
_OVERLAP_NANO = 10**9


class EventStream:
    """Events of one project's containers, without the health checks' own `exec_…` noise.

    Iterate over it in one thread; `close` from any. A lost connection is opened again, and what happened
    meanwhile is replayed once, as far as the engine remembers it (256 events of all containers).

    Args:
        connect: Opens a connection of the stream's own.
        host: Address of the engine, for messages.
        project: Compose project.
        since: Seconds since 1970 by the engine's clock; None begins now.
    """

    def __init__(self, connect: Callable[[], APIClient], host: str, project: str, since: float | None) -> None:
        self._connect = connect
        self._host = host
        self._project = project
        self._since = f"{since:.9f}" if since is not None else None
        self._newest = 0
        self._seen: deque[EngineEvent] = deque(maxlen=_REMEMBERED)
        self._closed = threading.Event()
        self._stream: Any = None

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """End the iteration, at once and from any thread."""
        self._closed.set()
        stream = self._stream
        if stream is not None:
            try:
                stream.close()
            except (OSError, AttributeError):
                # It ended by itself in this moment, and the SDK's close does not expect that.
                return

    def __iter__(self) -> Iterator[EngineEvent]:
        """Yield events until `close`.

        Raises:
            EngineUnavailableError: The engine went away and did not come back within 10 seconds.
            EnginePermissionError: It came back and refuses this user.
        """
        failures = 0
        while not self._closed.is_set():
            try:
                for event in self._one_connection():
                    failures = 0
                    yield event
            except EngineUnavailableError:
                failures += 1
                if failures > _RETRIES and not self._closed.is_set():
                    raise
            self._closed.wait(_RETRY_DELAY)

    def _one_connection(self) -> Iterator[EngineEvent]:
        client = self._connect()
        try:
            with translating(self._host, "report events"):
                self._stream = client.events(  # type: ignore[call-overload]  # the engine takes fractions, the stub does not
                    since=self._since,
                    filters={"type": "container", "label": f"{PROJECT_LABEL}={self._project}", "event": _ACTIONS},
                    decode=True,
                )
            while not self._closed.is_set():
                with translating(self._host, "report events"):
                    document = next(self._stream, None)
                if document is None:
                    return
                event = event_of(document)
                if event is not None and self._is_new(event):
                    yield event
        finally:
            self._stream = None
            client.close()

    def _is_new(self, event: EngineEvent) -> bool:
        """Remember the event, and say whether it is not one replayed after a reconnect."""
        if event in self._seen:
            return False
        self._seen.append(event)
        self._newest = max(self._newest, event.time_nano)
        since = self._newest - _OVERLAP_NANO
        self._since = f"{since // 10**9}.{since % 10**9:09d}"
        return True
