"""Numbers of locks for OpenTelemetry (`pip install ticketctl[opentelemetry]`)."""

from __future__ import annotations

from opentelemetry.metrics import Histogram, Meter, get_meter

from ticketctl import __version__
from ticketctl.locks._buckets import HOLD_SECONDS, LAG_SECONDS, WAIT_SECONDS
from ticketctl.locks.observer import TemplateLimit


class OpenTelemetryObserver:
    """Counts and times locks with a meter of OpenTelemetry.

    All have the attribute `template`; durations are in seconds:

    - `ticketctl.lock.attempts`: attempts to get a lock; `result` is `acquired` or `not_acquired`.
    - `ticketctl.lock.contended`: those that found the lock held.
    - `ticketctl.lock.wait.duration`: how long an attempt took, with `result`.
    - `ticketctl.lock.hold.duration`: how long a lock was held, until its release or its loss.
    - `ticketctl.lock.lost`: locks that were lost while held, with `reason`.
    - `ticketctl.lock.renew.lag`: how late renewals were.
    """

    def __init__(self, meter: Meter | None = None, *, most_templates: int = 200) -> None:
        """Create the instruments.

        Args:
            meter: What creates them; None for the meter `ticketctl.locks` of the global provider.
            most_templates: How many distinct templates become attributes; later ones are `other`.

        Raises:
            ValueError: `most_templates` is below 1.
        """
        self._limit = TemplateLimit(most_templates)
        source = get_meter("ticketctl.locks", __version__) if meter is None else meter

        def seconds(name: str, description: str, buckets: tuple[float, ...]) -> Histogram:
            return source.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=buckets)

        self._attempts = source.create_counter("ticketctl.lock.attempts", "{attempt}", "Attempts to get a lock.")
        self._contended = source.create_counter(
            "ticketctl.lock.contended", "{attempt}", "Attempts that found the lock held."
        )
        self._lost = source.create_counter("ticketctl.lock.lost", "{lock}", "Locks that were lost while held.")
        self._wait = seconds("ticketctl.lock.wait.duration", "How long an attempt took.", WAIT_SECONDS)
        self._hold = seconds("ticketctl.lock.hold.duration", "How long a lock was held.", HOLD_SECONDS)
        self._lag = seconds("ticketctl.lock.renew.lag", "How late a renewal was.", LAG_SECONDS)

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None:
        """See `LockObserver`."""
        label = self._limit(template)
        attributes = {"template": label, "result": "acquired" if acquired else "not_acquired"}
        self._attempts.add(1, attributes)
        self._wait.record(waited, attributes)
        if contended:
            self._contended.add(1, {"template": label})

    def released(self, template: str, *, held: float) -> None:
        """See `LockObserver`."""
        self._hold.record(held, {"template": self._limit(template)})

    def lost(self, template: str, *, reason: str, held: float) -> None:
        """See `LockObserver`."""
        label = self._limit(template)
        self._lost.add(1, {"template": label, "reason": reason})
        self._hold.record(held, {"template": label})

    def renewed(self, template: str, *, lag: float) -> None:
        """See `LockObserver`."""
        self._lag.record(lag, {"template": self._limit(template)})
