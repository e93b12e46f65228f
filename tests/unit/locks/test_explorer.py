"""All interleavings of two processes that want one lock: their rooms are the real ones, the server is its model.

Whatever can happen next is tried in every state: somebody wants the lock, asks, leaves, releases, extends; a command
arrives, an answer or a message is seen; a connection, a subscription or the queue is lost; a process crashes; time
passes. A process that is stopped needs no step of its own: nothing has to happen before something else, so time passes,
and leases end, while a process has something to do, and it goes on later with what it believes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from unit.locks.explorer import broken
from unit.locks.explorer.search import Explored, Trace, explore
from unit.locks.explorer.state import Budget
from unit.locks.explorer.world import Rules

TTL = 2.0
ONE, TWO, SHORT_AND_LONG = (TTL,), (TTL, TTL), (TTL / 2, TTL)

WHOLE = {
    "nothing goes wrong": (Rules((TWO, TWO)), 12),
    "nothing goes wrong, for longer": (Rules((TWO, ONE)), 14),
    "a fault": (Rules((TWO, ONE), Budget(faults=1, leaves=1)), 12),
    "three faults": (Rules((ONE, ONE), Budget(faults=3)), 12),
    "a lease is extended": (Rules((ONE, ONE), Budget(faults=1, extends=2)), 13),
    "commands arrive late": (Rules((ONE, ONE), Budget(leaves=1, delays=1)), 13),
    "commands of others in the process arrive late": (Rules((SHORT_AND_LONG, ()), Budget(leaves=1, delays=1)), 14),
}


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[object], None]:
    """Says something to whoever runs the tests."""

    def say(what: object) -> None:
        with capsys.disabled():
            print(f"\n{what}")  # noqa: T201

    return say


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_is_broken_in_any_order(name: str, say: Callable[[object], None]) -> None:
    rules, depth = WHOLE[name]
    seen = explore(rules, depth=depth)
    say(f"{name}: {seen}")
    assert isinstance(seen, Explored), str(seen)
    assert seen.depth == depth


BROKEN = {
    "release without the owner check": (Rules((ONE, ONE), scripts=broken.AnybodyReleases), "was released"),
    "entering on the message, without a claim": (Rules((TWO, ONE), process=broken.EntersOnTheMessage), "both believe"),
    "validity counted from the answer": (Rules((ONE, ONE), process=broken.CountsFromTheAnswer), "both believe"),
    "neither are the deaf skipped nor does anybody look again": (
        Rules((TWO, ONE), Budget(faults=1), room=broken.NoWatchdog, scripts=broken.NobodyIsSkipped),
        "nothing will ever wake",
    ),
    "a fence that does not grow": (Rules((ONE, ONE), scripts=broken.TheClockAlone), "entered with fence"),
    "a ticket is released although it was taken": (
        Rules((TWO, ()), room=broken.ReleasesTakenTickets),
        "was released",
    ),
    "who leaves forgets the ticket": (
        Rules((ONE, ONE), Budget(leaves=1), room=broken.ForgetsItsTicket),
        "nobody waits for it",
    ),
    "who leaves does not wake the next": (
        Rules((TWO, ()), Budget(leaves=1), room=broken.ForgetsTheNext),
        "nothing will ever wake",
    ),
    "one ticket for those who ask for more time": (
        Rules((SHORT_AND_LONG, ONE), Budget(leaves=1, delays=1), room=broken.OneTicketForAll),
        "both believe",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_twin_is_found(name: str, say: Callable[[object], None]) -> None:
    rules, what = BROKEN[name]
    # What may be left behind is no rule of what is wanted, but of what is tidy.
    trace = explore(replace(rules, strict=what == "nobody waits for it"), depth=16)
    say(f"{name}:\n{trace}")
    assert isinstance(trace, Trace)
    assert what in trace.what
