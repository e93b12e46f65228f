"""Numbers of locks for Prometheus (`pip install ticketctl[prometheus]`)."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

from ticketctl.locks._buckets import HOLD_SECONDS, LAG_SECONDS, WAIT_SECONDS
from ticketctl.locks.observer import TemplateLimit


class PrometheusObserver:
    """Counts and times locks in a registry of prometheus_client.

    All are labelled with `template`; in the default namespace they are

    - `ticketctl_lock_attempts_total{result}`: attempts to get a lock; `acquired` or `not_acquired`.
    - `ticketctl_lock_contended_total`: those that found the lock held.
    - `ticketctl_lock_wait_seconds{result}`: how long an attempt took.
    - `ticketctl_lock_hold_seconds`: how long a lock was held, until its release or its loss.
    - `ticketctl_lock_lost_total{reason}`: locks that were lost while held.
    - `ticketctl_lock_renew_lag_seconds`: how late renewals were.

    One observer serves all lockers of a process: a registry takes each name once.
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        namespace: str = "ticketctl_lock",
        *,
        most_templates: int = 200,
    ) -> None:
        """Register the metrics.

        Args:
            registry: Where; None for the registry of the process.
            namespace: What their names begin with.
            most_templates: How many distinct templates become labels; later ones are `other`.

        Raises:
            ValueError: The registry has such metrics already, or `most_templates` is below 1.
        """
        self._limit = TemplateLimit(most_templates)
        where = REGISTRY if registry is None else registry

        def counter(name: str, documentation: str, *labels: str) -> Counter:
            return Counter(name, documentation, ("template", *labels), namespace=namespace, registry=where)

        def histogram(name: str, documentation: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(
                name, documentation, ("template", *labels), namespace=namespace, registry=where, buckets=buckets
            )

        self._attempts = counter("attempts", "Attempts to get a lock.", "result")
        self._contended = counter("contended", "Attempts that found the lock held.")
        self._lost = counter("lost", "Locks that were lost while held.", "reason")
        self._wait = histogram("wait_seconds", "How long an attempt took.", WAIT_SECONDS, "result")
        self._hold = histogram("hold_seconds", "How long a lock was held.", HOLD_SECONDS)
        self._lag = histogram("renew_lag_seconds", "How late a renewal was.", LAG_SECONDS)

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None:
        """See `LockObserver`."""
        label = self._limit(template)
        result = "acquired" if acquired else "not_acquired"
        self._attempts.labels(label, result).inc()
        self._wait.labels(label, result).observe(waited)
        if contended:
            self._contended.labels(label).inc()

    def released(self, template: str, *, held: float) -> None:
        """See `LockObserver`."""
        self._hold.labels(self._limit(template)).observe(held)

    def lost(self, template: str, *, reason: str, held: float) -> None:
        """See `LockObserver`."""
        label = self._limit(template)
        self._lost.labels(label, reason).inc()
        self._hold.labels(label).observe(held)

    def renewed(self, template: str, *, lag: float) -> None:
        """See `LockObserver`."""
        self._lag.labels(self._limit(template)).observe(lag)
