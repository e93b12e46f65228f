"""Limits at each grant: who had more seats or holds than allowed, for certain (`_stays` says when that is)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ticketctl.reservations._model import Limits
from ticketctl.reservations.history._report import Premises, Violation, shown
from ticketctl.reservations.history._rows import Change
from ticketctl.reservations.history._stays import Span, Stay, certain, grouped, merged_by_hold, open_part, stays
from ticketctl.reservations.history._story import Story

_SHOWN = 10


class Excess(NamedTuple):
    """More than allowed.

    Attributes:
        grant: The change with which it came.
        number: How many there were.
        of_holds: How many by which holds; the oldest few, where they are many.
    """

    grant: Change
    number: int
    of_holds: tuple[tuple[str, int], ...]


def check_limits(stories: Iterable[Story], limits: Limits, premises: Premises) -> Iterator[Violation]:
    """Yield what is beyond the limits for certain.

    Args:
        stories: The seats.
        limits: The limits.
        premises: What is taken for granted.
    """
    seats = list(stories)
    if limits.per_user is not None or limits.open_holds is not None:
        yield from _check_users(seats, limits, premises)
    if limits.per_event is not None:
        yield from _check_events(seats, limits.per_event, premises)


def _check_users(stories: Sequence[Story], limits: Limits, premises: Premises) -> Iterator[Violation]:
    known = grouped(
        ((stay.changes[0].event_id, stay.changes[0].user_id or ""), stay)
        for story in stories
        for stay in stays(story.changes, premises, of_users=True)
    )
    for (event_id, user_id), own in known.items():
        who = f"user {user_id} had"
        if limits.per_user is not None and len(own) > limits.per_user:
            spans = [span for stay in own for span in certain(stay, premises)]
            for excess in _excesses(spans, _grants(own), limits.per_user):
                text = f"{who} {excess.number} seats of event {event_id}, but may have {limits.per_user}"
                yield _violation(excess, text, user_id)
        if limits.open_holds is not None and len(own) > limits.open_holds:
            reserved = [opened for stay in own if (opened := open_part(stay))]
            for excess in _excesses(merged_by_hold(reserved, premises), _grants(reserved), limits.open_holds):
                text = f"{who} {excess.number} open holds in event {event_id}, but may have {limits.open_holds}"
                yield _violation(excess, text, user_id)


def _check_events(stories: Sequence[Story], per_event: int, premises: Premises) -> Iterator[Violation]:
    known = grouped(
        (stay.changes[0].event_id, stay) for story in stories for stay in stays(story.changes, premises, of_users=False)
    )
    for event_id, own in known.items():
        if len(own) > per_event:
            spans = [span for stay in own for span in certain(stay, premises)]
            for excess in _excesses(spans, _grants(own), per_event):
                text = f"event {event_id} had {excess.number} seats held or sold, but may have {per_event}"
                yield _violation(excess, text, None)


def _grants(stays: Iterable[Stay]) -> list[Change]:
    return [stay.changes[0] for stay in stays if stay.guarded]


def _excesses(spans: Sequence[Span], grants: Iterable[Change], most: int) -> Iterator[Excess]:
    """Go through time and look at each grant; those of one moment are of one transaction, and looked at once."""
    if len(spans) <= most:
        return
    edges = sorted(
        [(span.start, 1, span.hold_id) for span in spans] + [(span.stop, -1, span.hold_id) for span in spans]
    )
    number, of_holds, place = 0, Counter[str](), 0
    for grant in {change.at: change for change in sorted(grants, key=lambda change: change.at)}.values():
        while place < len(edges) and edges[place][0] <= grant.at:
            _, step, hold_id = edges[place]
            number += step
            of_holds[hold_id] += step
            if not of_holds[hold_id]:
                del of_holds[hold_id]
            place += 1
        if number > most:
            yield Excess(grant, number, tuple(islice(of_holds.items(), _SHOWN + 1)))


def _violation(excess: Excess, text: str, user_id: str | None) -> Violation:
    grant = excess.grant
    shares = [f"{number} by hold {hold_id}" for hold_id, number in excess.of_holds[:_SHOWN]]
    more = ", …" if len(excess.of_holds) > _SHOWN else ""
    when = f"{text}, when hold {grant.hold_id} was given seat {grant.seat_id} (version {grant.version}) at"
    message = f"{when} {shown(grant.at)}: {', '.join(shares)}{more}"
    return Violation(
        "limit", message, grant.event_id, grant.seat_id, grant.version, grant.hold_id, user_id or grant.user_id
    )
