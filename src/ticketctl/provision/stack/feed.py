"""Engine events, taken from a stream that blocks and handed to a loop that must not."""

from __future__ import annotations

import queue
import threading

from ticketctl.errors import TicketctlError
from ticketctl.infra.docker import EngineEvent, EventStream


class EventFeed:
    """Collects events in a thread while its `with` block runs.

    Args:
        stream: The stream; it is closed at the end of the block.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._queue: queue.SimpleQueue[EngineEvent | TicketctlError] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._collect, name="engine events", daemon=True)

    def __enter__(self) -> EventFeed:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stream.close()

    def take(self, wait: float) -> list[EngineEvent]:
        """Return what has happened since the last call; when that is nothing, wait for the first event.

        Args:
            wait: Seconds to wait at most.

        Raises:
            TicketctlError: The stream ended with this error.
        """
        found: list[EngineEvent] = []
        try:
            item = self._queue.get(timeout=wait)
            while True:
                if isinstance(item, TicketctlError):
                    raise item
                found.append(item)
                item = self._queue.get_nowait()
        except queue.Empty:
            return found

    def _collect(self) -> None:
        try:
            for event in self._stream:
                self._queue.put(event)
        except TicketctlError as error:
            self._queue.put(error)
