"""Asyncio tasks that hold seats for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count

from reservations.attempts import Attempts, Group, Outcome
from reservations.methods.tasks import METHODS, Desk, Method
from reservations.order import Order, Result


def run(order: Order, ready: Callable[[], object]) -> Result:
    """Do what the order says.

    Args:
        order: It.
        ready: Called when all are warm; returns when they shall begin.
    """
    return asyncio.run(_run(order, ready))


async def _run(order: Order, ready: Callable[[], object]) -> Result:
    attempts = Attempts(order)
    method = METHODS[order.method](order)
    try:
        desks = await asyncio.gather(*(_warm(order, attempts, method, number) for number in range(order.workers)))
        # Nothing else is to be done meanwhile: the loop may stand still.
        ready()
        attempts.begin()
        await asyncio.gather(*(_work(order, attempts, desk, number) for number, desk in enumerate(desks)))
    finally:
        await method.close()
    return attempts.result()


async def _warm(order: Order, attempts: Attempts, method: Method, number: int) -> Desk:
    desk = await method.desk()
    for turn, (event_id, group) in enumerate(attempts.warming()):
        attempts.note_warm(await _attempt(order, attempts, desk, (event_id, group, f"w{number}-{turn}")))
    return desk


async def _work(order: Order, attempts: Attempts, desk: Desk, number: int) -> None:
    users = (f"u{number}-{turn}" for turn in count())
    while group := attempts.next():
        sent = time.perf_counter()
        await _attempt(order, attempts, desk, (order.place.event_id, group, next(users)), sent)


async def _attempt(
    order: Order, attempts: Attempts, desk: Desk, wanted: tuple[int, Group, str], sent: float | None = None
) -> Outcome:
    token: object | None = None
    outcome: Outcome = "failed"
    try:
        token = await desk.hold(*wanted)
        outcome = "refused" if token is None else "held"
    except Exception as error:  # whatever it is, it is counted
        attempts.note_problem(error)
    if sent is not None:
        attempts.note(sent, outcome)
    if order.release and token is not None:
        try:
            await desk.release(token)
        except Exception as error:  # a seat that is not free in the end is found out
            attempts.note_problem(error)
    return outcome
