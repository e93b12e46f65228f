"""Jobs of the libraries that block."""

from __future__ import annotations

import threading
import time

from locks.adapters.contract import Locks
from locks.jobs.order import Note, Order, Result, ready, say, windows
from locks.jobs.process import connected_clients

WARM_UP = 200
SETTLE = 1.0
"""Seconds in which those that have begun to wait get where waiters are kept."""


def pairs(order: Order) -> None:
    """Acquire and release, again and again, alone; in many windows."""
    locks = order.locks()
    for _ in range(WARM_UP):
        locks.release(locks.acquire(order.name))
    for window in windows():
        done = 0
        began = now = time.monotonic()
        while now < window.stop:
            locks.release(locks.acquire(order.name))
            done += 1
            now = time.monotonic()
        say({"pairs": done, "seconds": now - began})


def contend(order: Order) -> Result:
    """Acquire a lock that others want too, stay inside, release; again and again until the window ends."""
    locks = order.locks()
    for turn in range(WARM_UP // 10):
        locks.release(locks.acquire(f"{order.name}-{id(locks)}-{turn}"))
    window = ready()
    notes: list[Note] = []
    while time.monotonic() < window.stop:
        notes.append(_inside(locks, order))
    return {"notes": notes}


def hand_over(order: Order) -> Result:
    """Let many threads wait for one lock, release it, and time how long it takes to pass through all of them."""
    before = connected_clients(order.address)
    locks = order.locks()
    locks.release(locks.acquire(order.name))
    ready()
    notes: list[list[Note]] = [[] for _ in range(order.count)]
    started = threading.Barrier(order.count + 1)

    def wait(mine: list[Note]) -> None:
        started.wait()
        mine.append(_inside(locks, order))

    threads = [threading.Thread(target=wait, args=(mine,)) for mine in notes]
    held = locks.acquire(order.name)
    for thread in threads:
        thread.start()
    started.wait()
    time.sleep(SETTLE + order.count / 400)
    connections = connected_clients(order.address) - before
    began = time.monotonic()
    locks.release(held)
    for thread in threads:
        thread.join()
    return {"seconds": time.monotonic() - began, "notes": notes, "connections": connections}


def _inside(locks: Locks, order: Order) -> Note:
    held = locks.acquire(order.name)
    enter = time.monotonic()
    if order.inside:
        time.sleep(order.inside)
    leave = time.monotonic()
    locks.release(held)
    return enter, leave, locks.fence(held)
