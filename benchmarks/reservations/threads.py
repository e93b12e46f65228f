"""Threads that hold seats for a while."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from itertools import count

from reservations.attempts import Attempts, Group, Outcome
from reservations.methods.threads import METHODS, Desk
from reservations.order import Order, Result


def run(order: Order, ready: Callable[[], object]) -> Result:
    """Do what the order says.

    Args:
        order: It.
        ready: Called when all are warm; returns when they shall begin.
    """
    attempts = Attempts(order)
    with closing(METHODS[order.method](order)) as method:
        gate = threading.Barrier(order.workers + 1)
        threads = [
            threading.Thread(target=_work, args=(order, attempts, method.desk, gate, number), daemon=True)
            for number in range(order.workers)
        ]
        for thread in threads:
            thread.start()
        gate.wait()
        ready()
        attempts.begin()
        gate.wait()
        for thread in threads:
            thread.join()
    return attempts.result()


def _work(
    order: Order, attempts: Attempts, open_desk: Callable[[], Desk], gate: threading.Barrier, number: int
) -> None:
    users = (f"u{number}-{turn}" for turn in count())
    try:
        desk = open_desk()
        for event_id, seats in attempts.warming():
            attempts.note_warm(_attempt(order, attempts, desk, (event_id, seats, next(users))))
        gate.wait()
        gate.wait()
    except BaseException:
        traceback.print_exc()
        gate.abort()
        return
    while group := attempts.next():
        sent = time.perf_counter()
        _attempt(order, attempts, desk, (order.place.event_id, group, next(users)), sent)


def _attempt(
    order: Order, attempts: Attempts, desk: Desk, wanted: tuple[int, Group, str], sent: float | None = None
) -> Outcome:
    token: object | None = None
    outcome: Outcome = "failed"
    try:
        token = desk.hold(*wanted)
        outcome = "refused" if token is None else "held"
    except Exception as error:  # whatever it is, it is counted
        attempts.note_problem(error)
    if sent is not None:
        attempts.note(sent, outcome)
    if order.release and token is not None:
        try:
            desk.release(token)
        except Exception as error:  # a seat that is not free in the end is found out
            attempts.note_problem(error)
    return outcome
