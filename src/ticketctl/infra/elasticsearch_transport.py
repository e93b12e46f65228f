"""How requests travel to Elasticsearch. Imports the driver, so only `connect` imports this module."""

from __future__ import annotations

import time
from typing import Any

from elastic_transport import Transport, TransportApiResponse

# A node opens its port before it can read its own accounts; until then it refuses right passwords too.
ACCOUNTS_NOT_READABLE = "failed to retrieve password hash"
STARTUP_SECONDS = 10.0
PAUSE_SECONDS = 0.25


class StartupTolerantTransport(Transport):
    """Repeats a request that was refused only because the node has just started.

    Repeating is safe for every request: a request that is refused at login has had no effect.
    """

    def perform_request(self, *args: Any, **options: Any) -> TransportApiResponse:  # noqa: ANN401
        """Send a request; see `elastic_transport.Transport.perform_request`."""
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            response = super().perform_request(*args, **options)
            if not _refused_by_startup(response) or time.monotonic() >= deadline:
                return response
            time.sleep(PAUSE_SECONDS)


def _refused_by_startup(response: TransportApiResponse) -> bool:
    return response.meta.status >= 400 and ACCOUNTS_NOT_READABLE in str(response.body)
