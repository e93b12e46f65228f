"""Starts the service: `python3 -m placeholder`."""

import os
import signal
import sys
from types import FrameType

from placeholder.readiness import Readiness
from placeholder.server import Server
from placeholder.settings import InvalidSettingsError, read_settings


def stop(_signum: int, _frame: FrameType | None) -> None:
    """End the main thread; the others end with it. Said explicitly, as process 1 ignores an unhandled signal."""
    sys.exit(0)


def main() -> int:
    """Serve until SIGTERM.

    Returns:
        The exit code.
    """
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        settings = read_settings(os.environ)
    except InvalidSettingsError as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr, flush=True)
        return 1
    needs = ", ".join(f"{dependency.kind} {dependency.name}" for dependency in settings.dependencies)
    print(f"{settings.name}: listening on port {settings.port}; needs {needs or 'nothing'}", flush=True)
    with Server(settings, Readiness(settings.name, settings.dependencies)) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
