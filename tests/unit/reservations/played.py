"""Operations without a server: what they send is written down, and answered as a test says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from ticketctl.reservations._statements import SeatRow
from ticketctl.reservations._steps import Answer, Commands, Statement

_T = TypeVar("_T")
Reply = Callable[[Any], Any]
NOW = 1_000_000_000


def seat(seat_id: int, *, status: str = "AVAILABLE", hold_id: str | None = None, left: int | None = None) -> SeatRow:
    """A seat of event 1; `left` is the time of its hold, in microseconds, negative when that is over."""
    until = None if left is None else NOW + left
    return SeatRow(seat_id, 1, status, 7, hold_id, until, left is not None and left <= 0, NOW)


class Server:
    """Answers statements from seats, and counts a changed row for each that is wanted.

    Attributes:
        sent: What was sent.
        short: How many rows fewer a change of seats changes.
    """

    def __init__(self, *seats: SeatRow, holds: Sequence[Sequence[object]] = (), short: int = 0) -> None:
        self.seats = {row.seat_id: row for row in seats}
        self.holds = holds
        self.short = short
        self.sent: list[Statement] = []

    def __call__(self, effect: Any) -> Any:
        if isinstance(effect, Commands):
            return [[]] * len(effect.packed)
        if not isinstance(effect, Statement):
            return None
        self.sent.append(effect)
        if effect.sql.startswith("SELECT seat_id"):
            rows: list[Any] = [self.seats[each] for each in effect.parameters if each in self.seats]
            return Answer(len(rows), 100.0, rows)
        if effect.sql.startswith("SELECT reservation_id"):
            return Answer(len(self.holds), 100.0, list(self.holds))
        if effect.sql.startswith("SELECT TIMESTAMPDIFF"):
            return Answer(1, 100.0, [(NOW,)])
        if effect.sql.startswith("UPDATE (VALUES"):
            return Answer(effect.sql.count("ROW(") - self.short, 100.0)
        if effect.sql.startswith("UPDATE seats"):
            return Answer(effect.sql.split("version) IN")[1].count("(%s, %s)") - self.short, 100.0)
        return Answer(1, 100.0)

    def words(self) -> list[str]:
        """What was sent, each by its first words."""
        return [" ".join(statement.sql.split()[:3]) for statement in self.sent]


def play(running: Generator[Any, Any, _T], reply: Reply) -> _T:
    """Run something to its end; what `reply` raises is thrown into it."""
    answer: Any = None
    failure: Exception | None = None
    while True:
        try:
            effect = running.send(answer) if failure is None else running.throw(failure)
        except StopIteration as end:
            result: _T = end.value
            return result
        answer, failure = None, None
        try:
            answer = reply(effect)
        except Exception as error:
            failure = error
