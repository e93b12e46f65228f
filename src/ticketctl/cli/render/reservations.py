"""How reservations look: counts, holds, the history of a seat, what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ticketctl.cli.render.columns import columns
from ticketctl.cli.render.lock import counted, duration, printable, process

if TYPE_CHECKING:
    from ticketctl.locks.inspection import Owner
    from ticketctl.reservations.inspection import (
        EventStatus,
        Example,
        Finding,
        LiveHold,
        Reconciliation,
        SeatChange,
        SeatHistory,
        SeatNow,
    )

_SEATS_SHOWN = 6
_MEANINGS = {
    "entry_of_free_seat": "seats that are free and are refused",
    "entry_of_hold_that_is_over": "seats whose hold is over and that are refused",
    "entry_of_another_hold": "seats of one hold, entered for another one",
    "entry_left_behind": "entries of holds that gave their seats back long ago",
    "entry_without_end": "entries that nothing would ever take away",
    "entry_without_seat": "entries of seats that the event does not have",
    "no_entry": "taken seats that Redis does not know; harmless",
    "seat_without_reservation": "taken seats that no live reservation is of",
    "seat_of_another_hold": "taken seats whose live reservation is another hold's",
    "seat_and_reservation_differ": "taken seats that differ from their reservation",
    "reservation_without_seat": "live reservations of seats that are not taken",
    "incomplete_hold": "holds without all of their reservations",
}


@dataclass(frozen=True, slots=True)
class Elected:
    """Who sweeps.

    Attributes:
        known: Whether Redis said it.
        owner: The process; None if none is elected.
    """

    known: bool
    owner: Owner | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did.

    Attributes:
        seats: Seats that were freed.
        passes: In how many passes.
        more: Whether there may be more: the last pass took as many as it may.
        elected: Who sweeps by itself.
    """

    seats: int
    passes: int
    more: bool
    elected: Elected


# --- status -----------------------------------------------------------------------------------


def status_text(seen: EventStatus) -> str:
    """Return how an event stands.

    Args:
        seen: It.
    """
    if not seen.seats:
        entries = f"; Redis has {counted(seen.entries, 'entry', 'entries')} of it" if seen.entries else ""
        return f"event {seen.event_id} has no seats{entries}"
    holders = f"in {counted(seen.holds, 'hold')} of {counted(seen.users, 'user')}; {seen.ending} of them "
    holders += f"{'ends' if seen.ending == 1 else 'end'} within a minute"
    lines = [
        ("event", str(seen.event_id)),
        ("seats", str(seen.seats)),
        ("available", str(seen.available)),
        ("over", f"{seen.over}{', free as well: not swept yet' if seen.over else ''}"),
        ("reserved", f"{seen.reserved} {holders}" if seen.reserved else "0"),
        ("booked", str(seen.booked)),
        ("blocked", str(seen.blocked)),
        ("in Redis", f"{counted(seen.entries, 'entry', 'entries')}, {seen.intents} intents, {seen.leaving} leaving"),
    ]
    return "\n".join(columns(lines))


# --- holds ------------------------------------------------------------------------------------


def holds_text(holds: Sequence[LiveHold], *, more: bool) -> str:
    """Return a table of holds, and how many they are.

    Args:
        holds: They, in their order.
        more: Whether there are others that were not read.
    """
    if not holds:
        return "no hold is live"
    rows = [("HOLD", "EVENT", "USER", "AGE", "ENDS IN", "SEATS"), *map(_hold, holds)]
    last = f"the {len(holds)} that end first; --limit, --event or --user show others"
    return "\n".join((*columns(rows), last if more else counted(len(holds), "hold")))


def _hold(hold: LiveHold) -> tuple[str, ...]:
    seats = ", ".join(map(str, hold.seat_ids[:_SEATS_SHOWN]))
    others = len(hold.seat_ids) - _SEATS_SHOWN
    return (
        *(hold.hold_id, str(hold.event_id), printable(hold.user_id), duration(hold.age), duration(hold.ends_in)),
        f"{seats} and {others} more" if others > 0 else seats,
    )


# --- audit ------------------------------------------------------------------------------------


def audit_text(seen: SeatHistory) -> str:
    """Return a seat and what happened to it.

    Args:
        seen: It.
    """
    if seen.seat is None and not seen.changes:
        return f"there is no seat {seen.seat_id}"
    lines = [f"seat {seen.seat_id} {_seat(seen.seat)}"]
    if not seen.changes:
        return f"{lines[0]}\nnothing has happened to it"
    rows = [
        ("VERSION", "AT", "REASON", "STATUS", "BY", "HOLD", "USER", "UNTIL", "BOOKING"),
        *map(_change, seen.changes),
    ]
    earlier = [f"the last {len(seen.changes)} changes; --limit shows earlier ones"] if seen.more else []
    return "\n".join((*lines, *columns(rows), *earlier))


def _seat(seat: SeatNow | None) -> str:
    if seat is None:
        return "is not there any more"
    whose = f" by {printable(seat.user_id)}" if seat.user_id else ""
    until = f" until {_moment(seat.until)}{', over' if seat.over else ''}" if seat.until else ""
    name = f"{printable(seat.seat_number)} of event {seat.event_id}"
    return f"is {name}: {seat.status}{whose}{until}, version {seat.version}"


def _change(change: SeatChange) -> tuple[str, ...]:
    return (
        str(change.version),
        f"{change.at:%Y-%m-%d %H:%M:%S.%f}",
        printable(change.reason or "-"),
        change.new or "removed",
        printable(change.actor or "-"),
        change.hold_id or "-",
        printable(change.user_id or "-"),
        f"{change.until:%Y-%m-%d %H:%M:%S}" if change.until else "-",
        str(change.booking_id or "-"),
    )


# --- reconcile --------------------------------------------------------------------------------


def reconcile_text(seen: Reconciliation, *, repair: bool) -> str:
    """Return what differs, by classes, with examples.

    Args:
        seen: It.
        repair: Whether it was repaired.
    """
    if seen.event_id is not None and not seen.seats and not seen.findings:
        return f"event {seen.event_id} has no seats"
    looked = f"{counted(seen.seats, 'seat')} and {counted(seen.entries, 'entry', 'entries')} of Redis were compared"
    lines = [f"{looked}; {seen.intents} of these end within seconds anyway"]
    if seen.findings:
        heading = ("CLASS", "WHERE", "FOUND", *(("REPAIRED", "LEFT") if repair else ()), "WHAT IT IS")
        lines += ["", *columns([heading, *(_finding(finding, repair=repair) for finding in seen.findings)])]
        lines += [line for finding in seen.findings if not finding.kind.harmless for line in ("", *_examples(finding))]
    return "\n".join((*lines, "", _verdict(seen, repair=repair)))


def repair_question(seen: Reconciliation) -> str:
    """Return what would be repaired.

    Args:
        seen: What was found.
    """
    wrong = [finding for finding in seen.findings if finding.kind.repairable]
    lines = [f"  {_MEANINGS[finding.kind.value]}: {finding.left}" for finding in wrong]
    return "\n".join(
        (
            f"{counted(seen.repairable, 'entry', 'entries')} of Redis that MySQL contradicts:",
            *lines,
            "Each is removed or corrected if it still is what was found. MySQL is not changed.",
        )
    )


def reconcile_plain(seen: Reconciliation) -> dict[str, object]:
    """Return what differs as data.

    Args:
        seen: It.
    """
    return {
        "event_id": seen.event_id,
        "seats": seen.seats,
        "entries": seen.entries,
        "intents": seen.intents,
        "differences": seen.differences,
        "findings": [
            {
                "kind": finding.kind,
                "where": finding.kind.where,
                "harmless": finding.kind.harmless,
                "count": finding.count,
                "repaired": finding.repaired,
                "gone": finding.gone,
                "left": finding.left,
                "examples": finding.examples,
            }
            for finding in seen.findings
        ],
    }


def _finding(finding: Finding, *, repair: bool) -> tuple[str, ...]:
    done = (str(finding.repaired), str(finding.left)) if repair else ()
    where = "Redis" if finding.kind.where == "redis" else "MySQL"
    return (finding.kind.value, where, str(finding.count), *done, _MEANINGS[finding.kind.value])


def _examples(finding: Finding) -> list[str]:
    shown = [f"  {_place(example)}: {printable(example.says)}" for example in finding.examples]
    others = finding.count - len(shown)
    return [f"{finding.kind.value}:", *shown, *([f"  and {others} more"] if others else [])]


def _place(example: Example) -> str:
    event = f" of event {example.event_id}" if example.event_id is not None else ""
    what = f"hold {example.hold_id}" if example.seat_id is None else f"seat {example.seat_id}"
    return f"{what}{event}"


def _verdict(seen: Reconciliation, *, repair: bool) -> str:
    if not seen.differences:
        return "nothing differs" if not repair else "nothing differs any more"
    within = seen.differences - seen.repairable
    said = [f"{counted(seen.differences, 'difference')}"]
    if seen.repairable:
        said.append(f"--repair corrects {seen.repairable} of them")
    if within:
        said.append(f"{within} within MySQL, where nothing repairs them: `audit SEAT` shows what happened to a seat")
    return "; ".join(said)


# --- sweep ------------------------------------------------------------------------------------


def swept_text(swept: Swept) -> str:
    """Return what a sweep did.

    Args:
        swept: It.
    """
    what = f"{counted(swept.seats, 'seat')} freed whose holds were over" if swept.seats else "no hold is over"
    more = "; there may be more: --all goes on until there are none" if swept.more else ""
    if not swept.elected.known:
        who = "Redis does not answer: who the elected sweeper is, is not known"
    elif swept.elected.owner is None:
        who = "no process is elected to sweep: services that run a Sweeper elect one"
    else:
        who = f"{process(swept.elected.owner)} is the elected sweeper"
    return f"{what}{more}\n{who}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
