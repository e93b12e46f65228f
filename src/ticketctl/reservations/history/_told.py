"""What callers were told, against what is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ticketctl.reservations.history._holds import Traces
from ticketctl.reservations.history._report import Violation, listed
from ticketctl.reservations.history._story import Share, Story

Answer = Literal["held", "extended", "confirmed", "released", "cancelled", "transferred", "expired", "refused"]
"""What a caller can be told of a hold; `expired`: that it is over, and the money has to be given back."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was told.

    Attributes:
        hold_id: Of which hold.
        seat_ids: Of which seats; of none where seats were to be chosen and none were.
        user_id: For whom it was.
        what: The answer.
    """

    hold_id: str
    seat_ids: tuple[int, ...]
    user_id: str
    what: Answer


class Written(NamedTuple):
    """What is written.

    Attributes:
        holds: The holds.
        stories: The seats.
        complete: Tells of a seat whether what is not written of it did not happen.
    """

    holds: Mapping[str, Traces]
    stories: Mapping[int, Story]
    complete: Callable[[int], bool]

    def has(self, hold_id: str, seat_id: int, only: str | None = None) -> bool:
        """Tell whether a hold has a seat at the end."""
        story = self.stories.get(seat_id)
        return story is not None and story.standing.hold_id == hold_id and only in (None, story.standing.status)


_NOTHING = ("refused", "expired")
"""Answers that hand out no seat."""


def check_told(answers: Iterable[Told], written: Written, *, unknown: Collection[str] | None) -> Iterator[Violation]:
    """Compare answers with the history.

    Args:
        answers: They, in any order.
        written: The history.
        unknown: Holds of which an answer was lost, so nothing that was done to them is a surprise. None: holds that
            nobody was told of are not looked for.
    """
    of_hold: dict[str, list[Told]] = {}
    for answer in answers:
        of_hold.setdefault(answer.hold_id, []).append(answer)
    for hold_id, given in of_hold.items():
        traces = written.holds.get(hold_id)
        shares = {share.seat_id: share for share in traces.shares} if traces else {}
        words = {answer.what for answer in given}
        for answer in given:
            if answer.what not in _NOTHING or not (unknown and hold_id in unknown):
                yield from _check(answer, words, shares, written)
    if unknown is None:
        return
    for hold_id, traces in written.holds.items():
        handed_out = any(answer.what not in _NOTHING for answer in of_hold.get(hold_id, ()))
        if not handed_out and hold_id not in unknown and any(share.held for share in traces.shares):
            first = traces.shares[0]
            text = f"hold {hold_id} got {listed(share.seat_id for share in traces.shares)}, but nobody was told"
            yield Violation("untold", text, first.event_id, None, None, hold_id, first.user_id)


def _check(answer: Told, words: Collection[str], shares: Mapping[int, Share], written: Written) -> Iterator[Violation]:
    if answer.what == "held":
        yield from _check_held(answer, shares, written)
    elif answer.what == "confirmed":
        yield from _check_confirmed(answer, shares, written)
    elif answer.what in ("released", "cancelled"):
        still = [seat_id for seat_id in answer.seat_ids if written.has(answer.hold_id, seat_id)]
        if still:
            yield _violation(answer, f"but it has {listed(still)} still")
    elif answer.what == "refused":
        got = [share.seat_id for share in shares.values() if share.held]
        if got and "held" not in words:
            yield _violation(answer, f"but it got {listed(got)}")
    elif answer.what == "expired":
        # The money was given back.
        sold = [seat_id for seat_id in shares if written.has(answer.hold_id, seat_id, only="BOOKED")]
        if sold and "confirmed" not in words:
            yield _violation(answer, f"but it has booked {listed(sold)}")


def _check_held(answer: Told, shares: Mapping[int, Share], written: Written) -> Iterator[Violation]:
    held = {share.seat_id for share in shares.values() if share.held}
    told = set(answer.seat_ids)
    if lost := {seat_id for seat_id in told - held if written.complete(seat_id)}:
        yield _violation(answer, f"but no change says that it got {listed(lost)}")
    if more := held - told:
        yield _violation(answer, f"but it got {listed(more)} as well")
    for share in shares.values():
        if share.held and share.taker != answer.user_id:
            yield _violation(answer, f"but seat {share.seat_id} went to user {share.taker}")
            return


def _check_confirmed(answer: Told, shares: Mapping[int, Share], written: Written) -> Iterator[Violation]:
    for seat_id in answer.seat_ids:
        share = shares.get(seat_id)
        if share is not None and (share.end == "cancelled" or written.has(answer.hold_id, seat_id, only="BOOKED")):
            continue
        if share is None and not written.complete(seat_id):
            continue
        if share is None or "b" not in share.operations:
            yield _violation(answer, f"but no change says that it booked seat {seat_id}")
            continue
        now = written.stories[seat_id].standing
        by = f" by hold {now.hold_id}" if now.hold_id else ""
        yield _violation(answer, f"and never cancelled, but seat {seat_id} is {now.status}{by} (version {now.version})")


def _violation(answer: Told, text: str) -> Violation:
    message = f"hold {answer.hold_id}: its caller, for user {answer.user_id}, was told '{answer.what}'"
    seats = f" of {listed(answer.seat_ids)}" if answer.seat_ids else ""
    return Violation("told", f"{message}{seats}, {text}", hold_id=answer.hold_id, user_id=answer.user_id)
