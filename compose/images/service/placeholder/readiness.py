"""Is the service ready? Asks all dependencies at once, and remembers the answer for a moment."""

import threading
import time
from dataclasses import dataclass

from placeholder.probes import ProbeFailedError, probe
from placeholder.settings import Dependency

REMEMBERED_SECONDS = 1.0
_ROUND_SECONDS = 4.0
"""How long a round may take: less than a health check's patience, more than one probe's steps."""


@dataclass(frozen=True)
class ProbeResult:
    """What one dependency said.

    Attributes:
        name: The dependency's name.
        kind: The dependency's kind.
        status: `ok`, `unreachable`, `refused` or `failed`.
        latency_ms: Milliseconds until it was known.
        detail: What went wrong, empty if nothing.
    """

    name: str
    kind: str
    status: str
    latency_ms: float
    detail: str


class Readiness:
    """Answers whether the service is ready, and prints a line whenever the answer changes."""

    def __init__(self, service: str, dependencies: tuple[Dependency, ...]) -> None:
        self._service = service
        self._dependencies = dependencies
        self._lock = threading.Lock()
        self._results: tuple[ProbeResult, ...] = ()
        self._asked_at = float("-inf")
        self._said = ""

    def results(self) -> tuple[ProbeResult, ...]:
        """Return one result for each dependency, at most `REMEMBERED_SECONDS` old."""
        with self._lock:
            if time.monotonic() - self._asked_at >= REMEMBERED_SECONDS:
                self._results = self._ask()
                self._asked_at = time.monotonic()
                self._say()
            return self._results

    def _ask(self) -> tuple[ProbeResult, ...]:
        answers: dict[Dependency, ProbeResult] = {}
        threads = [
            threading.Thread(target=_ask_one, args=(dependency, answers), daemon=True)
            for dependency in self._dependencies
        ]
        deadline = time.monotonic() + _ROUND_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return tuple(answers.get(dependency) or _late(dependency) for dependency in self._dependencies)

    def _say(self) -> None:
        failing = [
            f"{result.name} is {result.status} ({result.detail})" for result in self._results if result.status != "ok"
        ]
        state = "ready" if not failing else f"not ready: {'; '.join(failing)}"
        if state != self._said:
            self._said = state
            print(f"{self._service}: {state}", flush=True)


def _ask_one(dependency: Dependency, answers: dict[Dependency, ProbeResult]) -> None:
    started = time.monotonic()
    status, detail = "ok", ""
    try:
        probe(dependency)
    except ProbeFailedError as failed:
        status, detail = failed.status, failed.detail
    except Exception as error:  # a probe's bug must not pass for a late answer
        status, detail = "failed", f"{type(error).__name__} while asking"
    latency = round((time.monotonic() - started) * 1000, 1)
    answers[dependency] = ProbeResult(dependency.name, dependency.kind, status, latency, detail)


def _late(dependency: Dependency) -> ProbeResult:
    detail = f"no answer within {_ROUND_SECONDS:g} s"
    return ProbeResult(dependency.name, dependency.kind, "unreachable", _ROUND_SECONDS * 1000, detail)
