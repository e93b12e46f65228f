"""Work on a backend that begins when it answers, while other services still start."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ticketctl.errors import BackendUnreachableError

# Seconds between two attempts to reach a backend that is starting.
_PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Alongside:
    """Something to do as soon as a service answers.

    Attributes:
        service: The service; the work begins when its container runs.
        work: Does it; raises `BackendUnreachableError` while the service does not answer, and is then called again.
    """

    service: str
    work: Callable[[], None]


class AlongsideTask:
    """One `Alongside` in a thread of its own.

    Attributes:
        service: The service that it works on.
        last_refusal: How the last attempt failed to reach it, None before the first.
    """

    def __init__(self, alongside: Alongside) -> None:
        self.service = alongside.service
        self._work = alongside.work
        self._stop = threading.Event()
        self._done = False
        self.last_refusal: BackendUnreachableError | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"alongside {alongside.service}", daemon=True)

    def start(self) -> None:
        """Begin, unless it has begun already."""
        if not self._thread.is_alive() and not self._done and self._error is None:
            self._thread.start()

    def stop(self) -> None:
        """Let it end after the attempt that runs."""
        self._stop.set()

    def is_done(self) -> bool:
        """Say whether it has succeeded.

        Raises:
            TicketctlError: It has failed.
        """
        if self._error is not None:
            raise self._error
        return self._done

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._work()
                except BackendUnreachableError as refusal:
                    self.last_refusal = refusal
                    self._stop.wait(_PAUSE)
                else:
                    self._done = True
                    return
        except Exception as error:  # raised where the caller sees it
            self._error = error
