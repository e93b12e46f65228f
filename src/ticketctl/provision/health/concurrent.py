"""Check several targets at once; none can hold up the report."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from typing import Any

from ticketctl.events import Emit, Progress
from ticketctl.provision.health.model import CheckResult, worst
from ticketctl.provision.health.target import Target, run_target

STEP = "health"
PATIENCE = 60.0
"""Seconds after which a target that did not come back is given up; its own timeouts end it long before."""

Results = tuple[CheckResult, ...]


def run_targets(targets: Sequence[Target[Any]], emit: Emit, patience: float = PATIENCE) -> dict[str, Results]:
    """Check every target in a thread of its own.

    The threads are daemons: an interrupt ends the program at once, even while a backend hangs.

    Args:
        targets: What to check.
        emit: Told of each target when it is finished, by the calling thread.
        patience: Seconds after which the report is made without those that did not come back.

    Returns:
        Target name to its results.

    Raises:
        Exception: What a check raised that is none of the known errors, which is a bug.
    """
    finished: queue.SimpleQueue[tuple[str, Results | Exception]] = queue.SimpleQueue()
    for target in targets:
        threading.Thread(target=_run, args=(target, finished), name=f"health {target.name}", daemon=True).start()
    found: dict[str, Results] = {}
    deadline = time.monotonic() + patience
    while len(found) < len(targets):
        try:
            name, results = finished.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return found | {target.name: _lost(target, patience) for target in targets if target.name not in found}
        if isinstance(results, Exception):
            raise results
        found[name] = results
        emit(Progress(STEP, name, worst(result.level for result in results), _first_failure(results)))
    return found


def _run(target: Target[Any], finished: queue.SimpleQueue[tuple[str, Results | Exception]]) -> None:
    try:
        finished.put((target.name, run_target(target)))
    except Exception as error:
        finished.put((target.name, error))


def _lost(target: Target[Any], patience: float) -> Results:
    detail = f"the checks did not come back within {patience:g} s"
    return (
        CheckResult(target.backend, target.name, "reachable", "fail", detail, "is the machine overloaded? Try again"),
    )


def _first_failure(results: Sequence[CheckResult]) -> str:
    return next((f"{result.name}: {result.detail}" for result in results if result.level == "fail"), "")
