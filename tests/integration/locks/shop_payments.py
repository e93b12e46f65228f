"""What the service of `docs/howto/locks-fastapi.md` pays with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Payments:
    """A payment provider that charges once for each key, and may take its time to say so."""

    def __init__(self) -> None:
        self.charged: list[str] = []
        self._slow: threading.Event | None = None
        self._charging = threading.Lock()

    def answer(self, key: str) -> str:
        with self._charging:
            slow, self._slow = self._slow, None
            if key not in self.charged:
                self.charged.append(key)
            payment = f"payment-{self.charged.index(key)}"
        if slow is not None:
            assert slow.wait(120)
        return payment

    @contextmanager
    def slow(self) -> Iterator[Callable[[], None]]:
        """Let the next capture take until the function is called, or the block ends."""
        event = self._slow = threading.Event()
        try:
            yield event.set
        finally:
            self._slow = None
            event.set()

    @property
    def busy(self) -> bool:
        """Whether what was slowed down has come."""
        return self._slow is None


@contextmanager
def running_payments() -> Iterator[tuple[Payments, str]]:
    """Run a provider, and give its address."""
    payments = Payments()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"payment": payments.answer(self.headers["Idempotency-Key"])}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle(self) -> None:
            with suppress(ConnectionError):  # of whoever has given up
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield payments, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
