"""Runs the service: `python -m booking_service`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator

import uvicorn

from booking_service.app import make_app
from booking_service.settings import InvalidSettingsError, Settings, read_settings

_GRACE = 8  # seconds for requests that are under way; who runs containers waits for 10
_IDLE = 75  # seconds that a connection may be idle: longer than clients keep one


class _Server(uvicorn.Server):
    """Ends with 0 when it was asked to end, and not by the signal that asked."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def serve(settings: Settings) -> None:
    """Serve until SIGTERM."""
    config = uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="info",
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_IDLE,
        server_header=False,
        backlog=1024,
    )
    asyncio.run(_Server(config).serve())


def main() -> int:
    """Run the service.

    Returns:
        The exit code.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings(os.environ)
    except InvalidSettingsError as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr, flush=True)  # noqa: T201  # nobody reads a log before it starts
        return 1
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
