"""What is counted, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ticketctl.locks.prometheus import PrometheusObserver

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The numbers of one process.

    Attributes:
        locks: Told of what happens to locks.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.locks = PrometheusObserver(self._registry)

        def counter(name: str, documentation: str, *labels: str) -> Counter:
            return Counter(name, documentation, labels, namespace="booking", registry=self._registry)

        self._requests = counter("http_requests", "Requests that were answered.", "method", "route", "status")
        self._seconds = Histogram(
            *("http_request_seconds", "How long an answer took.", ("method", "route")),
            namespace="booking",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._holds = counter("holds", "Holds that were asked for, by what came of it.", "result")
        self._payments = counter("payments", "Payments that were asked for, by what came of it.", "result")
        self._finished = counter("finished", "Payments that nobody went on with and that were brought to their end.")
        self._sweeps = Gauge(
            *("sweeper_is_leader", "Whether this process is the one that sweeps."),
            namespace="booking",
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def held(self, result: str) -> None:
        """Count a hold: `held`, or the code of the error."""
        self._holds.labels(result).inc()

    def paid(self, result: str) -> None:
        """Count a payment: `confirmed`, or the code of the error."""
        self._payments.labels(result).inc()

    def finished(self) -> None:
        """Count a payment that the service brought to its end by itself."""
        self._finished.inc()

    def text(self, *, is_leader: bool) -> bytes:
        """Return all as Prometheus reads it."""
        self._sweeps.set(is_leader)
        return generate_latest(self._registry)
