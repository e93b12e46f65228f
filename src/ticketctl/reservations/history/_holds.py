"""Holds as wholes: what is done to a hold is done to all of its seats, and its reservations say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ticketctl.reservations.history._report import Kind, Violation, listed, shown
from ticketctl.reservations.history._rows import ReservationRow
from ticketctl.reservations.history._story import OPERATIONS, Share, Story


@dataclass(slots=True)
class Traces:
    """What is written of one hold.

    Attributes:
        hold_id: The hold.
        shares: What it had of which seats, by the audit.
        rows: Its reservations.
    """

    hold_id: str
    shares: list[Share] = field(default_factory=list)
    rows: list[ReservationRow] = field(default_factory=list)

    @property
    def seat_ids(self) -> set[int]:
        """All seats that it had to do with."""
        return {share.seat_id for share in self.shares} | {row.seat_id for row in self.rows}


def by_hold(stories: Iterable[Story], reservations: Iterable[ReservationRow]) -> dict[str, Traces]:
    """Return the holds that the audit or the reservations know."""
    holds: dict[str, Traces] = {}
    for story in stories:
        for hold_id, share in story.shares.items():
            if (traces := holds.get(hold_id)) is None:
                traces = holds[hold_id] = Traces(hold_id)
            traces.shares.append(share)
    for row in reservations:
        if row.hold_id is not None:
            if (traces := holds.get(row.hold_id)) is None:
                traces = holds[row.hold_id] = Traces(row.hold_id)
            traces.rows.append(row)
    return holds


def check_holds(
    holds: Mapping[str, Traces], complete: Callable[[int], bool], per_hold: int | None
) -> Iterator[Violation]:
    """Check each hold.

    Args:
        holds: They.
        complete: Tells of a seat whether what is not written of it did not happen.
        per_hold: How many seats a hold may have; None is any number.
    """
    for traces in holds.values():
        whole = all(complete(seat_id) for seat_id in traces.seat_ids)
        if whole or traces.rows:  # these may have been removed with the old history
            yield from _check_seats(traces, complete)
        if whole:
            yield from _check_together(traces)
        yield from _check_positions(traces)
        yield from _check_rows(traces)
        held = sum(share.held for share in traces.shares)
        if per_hold is not None and held > per_hold:
            yield _violation("limit", traces, f"it held {held} seats, but a hold may have {per_hold}")


def _check_seats(traces: Traces, complete: Callable[[int], bool]) -> Iterator[Violation]:
    held = {share.seat_id for share in traces.shares if share.held}
    asked = {row.seat_id for row in traces.rows}
    if missing := {seat_id for seat_id in asked - held if complete(seat_id)}:
        yield _violation(
            "all-or-nothing", traces, f"it has reservations of {listed(asked)}, but never held {listed(missing)}"
        )
    if more := held - asked:
        text = f"it held {listed(held)}, but has no reservation of {listed(more)}"
        yield _violation("all-or-nothing", traces, text)


def _check_positions(traces: Traces) -> Iterator[Violation]:
    positions = sorted(-1 if row.position is None else row.position for row in traces.rows)
    if positions != list(range(len(positions))):
        there = ", ".join("NULL" if position < 0 else str(position) for position in positions)
        yield _violation("positions", traces, f"its reservations have the positions {there}")
    if len({row.seat_id for row in traces.rows}) < len(positions):
        yield _violation("positions", traces, "it has two reservations of one seat")


def _check_together(traces: Traces) -> Iterator[Violation]:
    """Compare what was done to the seats."""
    if len(traces.shares) < 2:
        return
    first, *others = traces.shares
    for share in others:
        if share.operations != first.operations:
            text = f"seat {first.seat_id} was {_done(first)}, but seat {share.seat_id} was {_done(share)}"
            yield _violation("all-or-nothing", traces, f"{text}: a hold's seats change together")
            return
        if share.event_id != first.event_id or share.user_id != first.user_id:
            text = f"seat {first.seat_id} is of {_whose(first)}, but seat {share.seat_id} is of {_whose(share)}"
            yield _violation("all-or-nothing", traces, text)
            return
        if share.end is None and first.end is None and share.until != first.until:
            text = f"seat {first.seat_id} had {_until(first)}, but seat {share.seat_id} had {_until(share)}"
            yield _violation("all-or-nothing", traces, text)
            return


def _check_rows(traces: Traces) -> Iterator[Violation]:
    rows = {row.seat_id: row for row in traces.rows}
    for share in traces.shares:
        row = rows.get(share.seat_id)
        if row is None:
            continue
        if share.user_id is not None and row.user_id != share.user_id:
            text = f"seat {share.seat_id} was for user {share.user_id}, but its reservation is of user {row.user_id}"
            yield _violation("wrong-user", traces, text, share)
        if row.deadline is not None and share.until > row.deadline:
            text = f"it had seat {share.seat_id} until {shown(share.until)}, but its deadline was {shown(row.deadline)}"
            yield _violation("deadline", traces, text, share)


def _done(share: Share) -> str:
    return ", ".join(OPERATIONS[letter] for letter in share.operations) or "not held"


def _whose(share: Share) -> str:
    return f"user {share.user_id} in event {share.event_id}"


def _until(share: Share) -> str:
    return f"it until {shown(share.until)}"


def _violation(kind: Kind, traces: Traces, text: str, share: Share | None = None) -> Violation:
    known: Sequence[Share | ReservationRow] = traces.shares or traces.rows
    user_id = share.user_id if share else known[0].user_id
    seat_id = share.seat_id if share else None
    return Violation(
        *(kind, f"hold {traces.hold_id}: {text}", known[0].event_id, seat_id, None, traces.hold_id, user_id)
    )
