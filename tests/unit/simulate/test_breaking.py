"""Whatever becomes of a fault, it is mended, and nothing keeps a sale from ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ticketctl.errors import BackendUnreachableError
from ticketctl.simulate import breaking
from ticketctl.simulate.breaking import Breaking, Broken
from ticketctl.simulate.schedule import Planned

AT_ONCE = Planned("redis-flushed", at=0.0, lasts=0.0, target=0)
ENOUGH = 10.0  # seconds


class Fragile:
    """A fault that cannot begin at first.

    Args:
        refusals: How often it cannot.
    """

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals
        self.tried = threading.Event()
        self.calls: list[str] = []

    def begin(self) -> None:
        self.calls.append("begin")
        self.tried.set()
        if self.calls.count("begin") <= self._refusals:
            raise BackendUnreachableError("it does not answer", backend="redis")

    def mend(self) -> None:
        self.calls.append("mend")


@pytest.fixture
def news() -> list[Broken]:
    return []


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(breaking, "_PAUSE", 0.001)
    yield
    assert "breaks things" not in {thread.name for thread in threading.enumerate()}


def breaks(fault: Fragile, news: list[Broken], *schedule: Planned) -> Breaking:
    begun = Breaking(schedule, lambda _: fault, time.monotonic(), news.append)
    begun.start()
    return begun


def ended(running: Breaking) -> Breaking:
    """Wait for the end of its schedule."""
    running._thread.join(ENOUGH)
    assert not running._thread.is_alive()
    return running


def test_what_cannot_break_yet_is_told_to_again(news: list[Broken]) -> None:
    fault = Fragile(3)
    assert ended(breaks(fault, news, AT_ONCE)).error is None
    assert fault.calls == ["begin"] * 4 + ["mend"]
    assert [broken.mended is None for broken in news] == [True, False]


def test_whoever_stops_does_not_wait_for_a_server_that_does_not_answer(news: list[Broken]) -> None:
    fault = Fragile(1_000_000)
    running = breaks(fault, news, AT_ONCE, AT_ONCE)
    assert fault.tried.wait(ENOUGH)
    running.stop()
    assert running.error is None
    assert fault.calls[-1] == "mend"
    assert len(running.happened) == 1  # nothing more is broken


def test_a_server_that_does_not_come_back_is_an_error_and_its_fault_is_mended(
    news: list[Broken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaking, "_PATIENCE", 0.02)
    fault = Fragile(1_000_000)
    running = ended(breaks(fault, news, AT_ONCE, AT_ONCE))
    assert isinstance(running.error, BackendUnreachableError)
    assert fault.calls[-1] == "mend"
    assert fault.calls.count("mend") == 1


def test_whoever_stops_before_a_fault_is_due_sees_none(news: list[Broken]) -> None:
    running = breaks(Fragile(0), news, Planned("redis-paused", at=3_600.0, lasts=1.0, target=0))
    running.stop()
    assert (running.happened, running.error, news) == ([], None, [])


def test_a_fault_that_lasts_ends_when_the_sale_is_stopped(news: list[Broken]) -> None:
    fault = Fragile(0)
    running = breaks(fault, news, Planned("redis-paused", at=0.0, lasts=3_600.0, target=0))
    assert fault.tried.wait(ENOUGH)
    running.stop()
    assert fault.calls == ["begin", "mend"]
    assert running.happened[0].mended is not None
