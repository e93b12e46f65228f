"""How locks look, and what breaking one means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ticketctl.cli.render.columns import columns

if TYPE_CHECKING:
    from ticketctl.locks.inspection import Break, HeldLock, Owner

_TOKEN_SHOWN = 8
"""Enough to find a holder in the logs; the whole token would let go of its lock."""
_HEADING = ("LOCK", "HELD", "LEFT", "WAITING", "FENCE", "HOLDER")


def ordered(locks: Sequence[HeldLock], by: Literal["name", "age", "waiting"]) -> list[HeldLock]:
    """Return the locks by name, or what is held or waited for most first; equal ones by name.

    Args:
        locks: The locks.
        by: What comes first. Those of which nobody knows the age come last.
    """
    named = sorted(locks, key=lambda lock: lock.name)
    if by == "age":
        return sorted(named, key=lambda lock: (lock.since is None, lock.since))
    if by == "waiting":
        return sorted(named, key=lambda lock: len(lock.waiting), reverse=True)
    return named


# --- list -------------------------------------------------------------------------------------


def list_text(locks: Sequence[HeldLock], *, more: bool) -> str:
    """Return a table of the locks, and how many they are.

    Args:
        locks: The locks, in their order.
        more: Whether there are others that were not read.
    """
    if not locks:
        return "no lock is held"
    last = f"the first {len(locks)} that were found; --limit, --prefix or --pattern show others"
    return "\n".join((*table(locks), last if more else counted(len(locks), "lock")))


def table(locks: Sequence[HeldLock]) -> list[str]:
    """Return a line for each lock below a heading.

    Args:
        locks: The locks, in their order.
    """
    return columns([_HEADING, *map(_row, locks)])


def list_plain(locks: Sequence[HeldLock], *, more: bool) -> dict[str, object]:
    """Return the list as data.

    Args:
        locks: The locks, in their order.
        more: Whether there are others that were not read.
    """
    return {"locks": [lock_plain(lock) for lock in locks], "more": more}


# --- show -------------------------------------------------------------------------------------


def show_text(name: str, lock: HeldLock | None, breaks: Sequence[Break]) -> str:
    """Return everything about one lock, or that nobody holds it.

    Args:
        name: Its name.
        lock: What was seen.
        breaks: Who broke it lately.
    """
    if lock is None:
        return f"lock '{printable(name)}' is not held"
    lines = [
        f"lock     {printable(name)}",
        f"holder   {holder(lock)}",
        f"since    {_since(lock)}",
        f"left     {_left(lock)}",
        f"fence    {'none' if lock.fence is None else lock.fence}",
        f"token    {_token(lock) or 'none'}",
        f"waiting  {counted(len(lock.waiting), 'process', 'processes') if lock.waiting else 'nobody'}",
    ]
    lines += [f"         {place}. {process(owner)}" for place, owner in enumerate(lock.waiting, 1)]
    lines += [f"broken   {_break(one)}" for one in breaks]
    return "\n".join(lines)


def show_plain(name: str, lock: HeldLock | None, breaks: Sequence[Break]) -> dict[str, object]:
    """Return everything about one lock as data.

    Args:
        name: Its name.
        lock: What was seen.
        breaks: Who broke it lately.
    """
    return {"name": name, "held": lock is not None, "lock": lock and lock_plain(lock), "breaks": breaks}


# --- break ------------------------------------------------------------------------------------


def break_question(lock: HeldLock) -> str:
    """Return who holds a lock, and what follows when it is taken.

    Args:
        lock: The lock.
    """
    if lock.waiting:
        next_one = f"{counted(len(lock.waiting), 'process', 'processes')} waiting, first {process(lock.waiting[0])}: "
        next_one += "the first that still listens has the lock at once"
    else:
        next_one = "nobody waits: the lock is free then"
    if lock.foreign:
        learns = "whoever set the key is no holder that this library knows: nobody tells it, and it has no fence"
    else:
        learns = (
            "the holder is not stopped: it learns of it at its next renewal or release\n"
            "  its writes fail only where the fence is checked"
        )
    return (
        f"lock '{printable(lock.name)}' is held by {holder(lock)}\n"
        f"  since {_since(lock)}; left: {_left(lock)}\n"
        f"  {next_one}\n"
        f"  {learns}"
    )


def break_text(name: str, seen: HeldLock | None, now: HeldLock | None, *, broken: bool) -> str:
    """Return what became of it.

    Args:
        name: The lock.
        seen: Its lease before, None when nobody held it.
        now: Its lease after.
        broken: Whether it was taken.
    """
    shown = printable(name)
    if seen is None:
        return f"lock '{shown}' is not held"
    after = f"held by {holder(now)} now" if now else "free now"
    if broken:
        return f"lock '{shown}' was taken from {holder(seen)}; it is {after}"
    return f"lock '{shown}' is {after}; {holder(seen)} had let go of it before, and nothing was broken"


def break_plain(name: str, seen: HeldLock | None, now: HeldLock | None, *, broken: bool) -> dict[str, object]:
    """Return what became of it as data.

    Args:
        name: The lock.
        seen: Its lease before, None when nobody held it.
        now: Its lease after.
        broken: Whether it was taken.
    """
    return {"name": name, "broken": broken, "seen": seen and lock_plain(seen), "now": now and lock_plain(now)}


# --- parts ------------------------------------------------------------------------------------


def lock_plain(lock: HeldLock) -> Mapping[str, object]:
    """Return a lock as data; its token shortened.

    Args:
        lock: The lock.
    """
    return {
        "name": lock.name,
        "foreign": lock.foreign,
        "fence": lock.fence,
        "token": _token(lock),
        "owner": lock.owner,
        "since": lock.since,
        "held": lock.held,
        "left": lock.left,
        "waiting": lock.waiting,
    }


def holder(lock: HeldLock) -> str:
    """Return who holds a lock, in words."""
    if lock.owner is None:
        start = lock.value[:_TOKEN_SHOWN].decode(errors="replace")
        return f"something that is no lock of ours ('{printable(start)}{'…' if len(lock.value) > len(start) else ''}')"
    return process(lock.owner)


def process(owner: Owner) -> str:
    """Return a process in words."""
    service = f"{printable(owner.service)} on " if owner.service else ""
    return f"{service}{printable(owner.host) or 'an unnamed host'}, process {owner.pid}"


def printable(text: str) -> str:
    """Return what others wrote without signs that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def duration(seconds: float) -> str:
    """Return a time in the two units that matter."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, smaller, name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller} {name}"
    return f"{whole} s"


def counted(count: int, word: str, words: str = "") -> str:
    """Return how many there are."""
    return f"{count} {word if count == 1 else words or f'{word}s'}"


def _row(lock: HeldLock) -> tuple[str, ...]:
    return (
        printable(lock.name),
        "?" if lock.held is None else duration(lock.held),
        "for ever" if lock.left is None else duration(lock.left),
        str(len(lock.waiting) or "-"),
        "-" if lock.fence is None else str(lock.fence),
        holder(lock),
    )


def _since(lock: HeldLock) -> str:
    if lock.since is None or lock.held is None:
        return "unknown"
    return f"{_moment(lock.since)} ({duration(lock.held)})"


def _left(lock: HeldLock) -> str:
    return "for ever: it has no end" if lock.left is None else f"{duration(lock.left)} unless it is renewed"


def _token(lock: HeldLock) -> str:
    return f"{lock.token[:_TOKEN_SHOWN]}…" if lock.token else ""


def _break(one: Break) -> str:
    who = f", held by {process(one.owner)}, fence {one.fence}" if one.owner else ""
    why = f": {printable(one.reason)}" if one.reason else ""
    return f"{_moment(one.at)} by {printable(one.by)}{who}{why}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
