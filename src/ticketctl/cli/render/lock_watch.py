"""What happened to locks between two looks, as lines, as JSON and on a screen."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ticketctl.cli.render.lock import counted, duration, holder, lock_plain, ordered, printable, table
from ticketctl.cli.render.plain import to_plain
from ticketctl.errors import TicketctlError

if TYPE_CHECKING:
    from rich.text import Text

    from ticketctl.locks.inspection import HeldLock

Kind = Literal["held", "free", "acquired", "handed over", "freed", "waiting", "unreachable", "reachable"]
"""The first two are what was found at the first look."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened.

    Attributes:
        kind: What.
        name: The lock, empty where none is concerned.
        before: The lock as it was at the look before, None when it was free.
        now: The lock as it is, None when it is free.
        error: Why the server cannot be asked.
    """

    kind: Kind
    name: str = ""
    before: HeldLock | None = None
    now: HeldLock | None = None
    error: TicketctlError | None = None


def changes(
    before: Mapping[str, HeldLock] | None, now: Mapping[str, HeldLock], named: Collection[str] = ()
) -> list[Change]:
    """Return what is another than at the look before, by name.

    Args:
        before: The locks of the look before, None at the first one: then all that is held is told.
        now: The locks of this look.
        named: Locks that were asked for: the first look tells of them also when they are free.
    """
    if before is None:
        return [Change("held" if name in now else "free", name, now=now.get(name)) for name in sorted({*now, *named})]
    names = sorted({*before, *now})
    return [change for name in names for change in _changed(name, before.get(name), now.get(name))]


def change_line(change: Change, at: datetime) -> str:
    """Return a change as a line.

    Args:
        change: What happened.
        at: When it was seen.
    """
    name = f"{printable(change.name)}  " if change.name else ""
    return f"{at:%H:%M:%S}  {name}{_told(change)}"


def change_json(change: Change, at: datetime) -> str:
    """Return a change as one line of JSON.

    Args:
        change: What happened.
        at: When it was seen.
    """
    document = {
        "at": at,
        "change": change.kind,
        "name": change.name,
        "before": change.before and lock_plain(change.before),
        "now": change.now and lock_plain(change.now),
        "error": change.error,
    }
    return json.dumps(to_plain(document), ensure_ascii=False)


def screen(locks: Sequence[HeldLock], recent: Sequence[str], footer: str, height: int) -> Text:
    """Return what stands on a terminal: the locks, those most waited for first, and what happened lately.

    Args:
        locks: The locks of this look.
        recent: The last changes, as lines.
        footer: The last line.
        height: Lines of the terminal.
    """
    from rich.text import Text

    waiting = sum(len(lock.waiting) for lock in locks)
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{counted(len(locks), 'lock')} held, {waiting} waiting\n", style="bold")
    # The headline, the heading, how many are not shown, and the footer.
    room = max(1, height - len(recent) - 4)
    shown = ordered(locks, "waiting")[:room]
    if shown:
        text.append("\n".join(table(shown)) + "\n")
    if len(locks) > len(shown):
        text.append(f"and {len(locks) - len(shown)} more\n", style="dim")
    for line in recent:
        text.append(f"{line}\n", style="cyan")
    text.append(footer, style="dim")
    return text


def _changed(name: str, before: HeldLock | None, now: HeldLock | None) -> Iterator[Change]:
    if before is None or now is None:
        yield Change("acquired" if before is None else "freed", name, before, now)
    elif not now.is_same_lease(before):
        yield Change("handed over", name, before, now)
    elif len(now.waiting) != len(before.waiting):
        yield Change("waiting", name, before, now)


def _told(change: Change) -> str:
    if change.now is None:
        return _told_without(change)
    by, waiting = holder(change.now), _waiting(change.now)
    if change.kind == "waiting" and change.before is not None:
        return f"{waiting or 'nobody waits'}, {len(change.before.waiting)} before"
    fence = "" if change.now.fence is None else f", fence {change.now.fence}"
    tail = fence + (f", {waiting}" if waiting else "")
    if change.kind == "held":
        since = "" if change.now.held is None else f" for {duration(change.now.held)}"
        return f"held by {by}{since}{tail}"
    if change.before is not None:
        return f"handed over from {holder(change.before)} to {by}{tail}"
    return f"acquired by {by}{tail}"


def _told_without(change: Change) -> str:
    if change.error is not None:
        return f"{change.error.what}: {change.error.why}" if change.error.why else change.error.what
    if change.kind == "reachable":
        return "Redis answers again"
    return "free" if change.before is None else f"free again, was held by {holder(change.before)}"


def _waiting(lock: HeldLock) -> str:
    return counted(len(lock.waiting), "process waits", "processes wait") if lock.waiting else ""
