"""Whether a sale was right: what is written, against what buyers were told. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ticketctl.reservations.history import Answer, Change, History, Report, Told, check
from ticketctl.simulate.diary import Answered, What
from ticketctl.simulate.refusals import Occupancy, Refusal, Refusals, Wish, judge_refusals, merged
from ticketctl.simulate.sale import LIMITS

REFUSED_WHILE_FREE = 5.0
"""Seconds for which a free seat may be refused: the life of an intent, and two more (decision 0012)."""

_TOLD: dict[What, Answer] = {
    "held": "held",
    "confirmed": "confirmed",
    "released": "released",
    "expired": "expired",
    "refused": "refused",
    "limited": "refused",
}
_OF_THE_BOOKS = {"reservation", "all-or-nothing", "positions", "deadline"}
"""What the checker says of `reservations`, which wrong ways do not keep."""


@dataclass(frozen=True, slots=True)
class DoubleSale:
    """A seat that more than one hold has bought.

    Attributes:
        seat_id: The seat.
        holds: The holds that bought it, with their users: as they were told, and as it is written.
        history: What happened to it, a line for each change.
    """

    seat_id: int
    holds: tuple[tuple[str, str], ...]
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a sale comes to.

    Attributes:
        report: What the checker of histories found.
        seats: Seats that there are.
        sold: Seats that are booked at the end.
        demand: Seats that buyers wanted.
        holds: Holds that were granted.
        buyers: Buyers who were told that they have booked.
        doubles: Seats that were sold twice.
        refusals: Requests that were answered with no, and whether rightly.
        wrong: What is wrong, a sentence each; empty if nothing is.
    """

    report: Report
    seats: int
    sold: int
    demand: int
    holds: int
    buyers: int
    doubles: tuple[DoubleSale, ...]
    refusals: Refusals
    wrong: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    @property
    def sentence(self) -> str:
        """The verdict, with the counts behind it."""
        sold = f"{self.sold:,} of {self.seats:,} seats sold to {self.buyers:,} buyers"
        behind = f"({self.report.changes:,} changes of seats by {self.report.holds:,} holds checked)"
        if self.ok:
            return f"Right: {sold}, none twice, no hold lost {behind}."
        return f"WRONG: {sold}; {'; '.join(self.wrong)} {behind}."


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sale is judged by.

    Attributes:
        history: What is written.
        event_id: Of which event.
        seats: How many seats it has.
        demand: How many seats buyers wanted.
        answers: What buyers were told.
        unknown: Holds of which an answer was lost.
        opened: When it opened, in microseconds since 1970 by the clock of the database.
        to_database: What is added to a second of the monotonic clock for a second of that clock.
        away: When MySQL did not serve, from and until, as seconds of the monotonic clock, in order.
        keeps_books: Whether `reservations` is kept, as the library does and wrong ways do not.
    """

    history: History
    event_id: int
    seats: int
    demand: int
    answers: Sequence[Answered]
    unknown: Collection[str]
    opened: int
    to_database: float
    away: Sequence[tuple[float, float]] = ()
    keeps_books: bool = True


def judge(evidence: Evidence) -> Verdict:
    """Judge a sale."""
    history, event_id = evidence.history, evidence.event_id
    report = check(
        history,
        told=told(evidence.answers),
        unknown=evidence.unknown,
        limits=LIMITS if evidence.keeps_books else None,
        capacity={event_id: evidence.seats},
    )
    if not evidence.keeps_books:
        report = _without_books(report)
    sold = report.statuses.get(event_id, {}).get("BOOKED", 0)
    doubles = double_sales(history.changes, evidence.answers)
    refusals = _refusals(evidence)
    buyers = len({each.request.user_id for each in evidence.answers if each.outcome.what == "confirmed"})
    holds = len({each.request.hold_id for each in evidence.answers if each.outcome.what == "held"})
    wrong = tuple(_wrong(evidence, report, sold, doubles, refusals))
    return Verdict(report, evidence.seats, sold, evidence.demand, holds, buyers, doubles, refusals, wrong)


def told(answers: Iterable[Answered]) -> list[Told]:
    """Return what buyers were told, as the checker wants it."""
    found = []
    for answer in answers:
        what = _TOLD.get(answer.outcome.what)
        if what is not None:
            seats = answer.outcome.seat_ids if answer.outcome.is_grant else ()
            found.append(Told(answer.request.hold_id, seats, answer.request.user_id, what))
    return found


def double_sales(changes: Iterable[Change], answers: Iterable[Answered]) -> tuple[DoubleSale, ...]:
    """Return the seats that more than one hold has bought; nothing that is bought is given back in a sale."""
    bought: defaultdict[int, dict[str, str]] = defaultdict(dict)
    of_seat: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        of_seat[change.seat_id].append(change)
        if change.new_status == "BOOKED" and change.hold_id:
            bought[change.seat_id].setdefault(change.hold_id, change.user_id or "nobody")
    for answer in answers:
        if answer.outcome.what == "confirmed":
            for seat_id in answer.outcome.seat_ids:
                bought[seat_id].setdefault(answer.request.hold_id, answer.request.user_id)
    return tuple(
        DoubleSale(seat_id, tuple(holds.items()), tuple(map(line, sorted(of_seat[seat_id], key=_version))))
        for seat_id, holds in sorted(bought.items())
        if len(holds) > 1
    )


def line(change: Change) -> str:
    """Return a change as people read it; its moment is of the day, UTC."""
    by = f" by {change.user_id or change.changed_by}" if change.user_id or change.changed_by else ""
    hold = f" hold {change.hold_id[:8]}" if change.hold_id else ""
    at = datetime.fromtimestamp(change.at / 1e6, UTC).strftime("%H:%M:%S.%f")[:-3]
    return f"{at} v{change.version} {change.old_status or 'new'} -> {change.new_status} ({change.reason}){by}{hold}"


def _version(change: Change) -> int:
    return change.version


def _wrong(
    evidence: Evidence, report: Report, sold: int, doubles: Sequence[DoubleSale], refusals: Refusals
) -> Iterator[str]:
    if doubles:
        yield f"{_counted(len(doubles), 'seat')} sold twice"
    if report.violations:
        yield f"{_counted(len(report.violations), 'violation')} in the history"
    if sold < evidence.seats and evidence.demand > evidence.seats:
        yield f"{_counted(evidence.seats - sold, 'seat')} left over of {evidence.demand:,} that were wanted"
    if refusals.longest > REFUSED_WHILE_FREE:
        allowed = f"at most {REFUSED_WHILE_FREE:g} s"
        yield f"a seat was refused that had been to be had for {refusals.longest:.1f} s ({allowed})"


def _refusals(evidence: Evidence) -> Refusals:
    def moment(seconds: float) -> int:
        return round((seconds + evidence.to_database) * 1e6)

    asked = [each for each in evidence.answers if each.doing in ("hold", "best")]
    wishes = [Wish(each.request.hold_id, _wanted(each), moment(each.began), moment(_done(each))) for each in asked]
    refused = [
        Refusal(each.request.hold_id, each.outcome.seat_ids, each.request.party, moment(each.began), moment(each.ended))
        for each in asked
        if each.outcome.what == "refused"
    ]
    # Nobody knows which of the best seats a request was about whose answer was lost.
    lost = [(each.began, _done(each)) for each in asked if each.outcome.is_failure and not each.request.seat_ids]
    away = merged((moment(begin), moment(end)) for begin, end in (*evidence.away, *lost))
    seat_ids = [row.seat_id for row in evidence.history.seats]
    occupancy = Occupancy(seat_ids, evidence.history.changes, wishes, away)
    return judge_refusals(occupancy, refused, evidence.opened)


def _wanted(answer: Answered) -> tuple[int, ...]:
    """Return the seats that a request is known to have been about."""
    return answer.request.seat_ids or (answer.outcome.seat_ids if answer.outcome.what == "held" else ())


def _done(answer: Answered) -> float:
    """Return until when a request was at work; what it left behind, if its answer was lost, is gone by then too."""
    return answer.ended + (REFUSED_WHILE_FREE if answer.outcome.is_failure else 0.0)


def _without_books(report: Report) -> Report:
    kept = tuple(each for each in report.violations if each.kind not in _OF_THE_BOOKS)
    return Report(report.changes, report.seats, report.holds, report.statuses, kept)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
