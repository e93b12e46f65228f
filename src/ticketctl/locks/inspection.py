"""Who holds the locks of a namespace, who waits for them; and how one is taken from its holder.

For people and programs that look after locks, not for those that use them: `docs/howto/locks-on-call.md`. The keys and
what stands in them are those of `docs/reference/lock-protocol.md`. Errors of the driver are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ticketctl.locks._names import checked_name, checked_namespace, fence_key, lease_key, queue_key
from ticketctl.locks._scripts import BREAK, CLAIM, fence_lifetime, milliseconds
from ticketctl.locks._written import Owner, moment, owner_in, parsed_entry, parsed_lease

if TYPE_CHECKING:
    from redis import Redis

__all__ = [
    "BREAKS_KEPT",
    "Break",
    "HeldLock",
    "Owner",
    "break_lock",
    "breaks",
    "checked_name",
    "checked_namespace",
    "find",
    "literal",
    "look",
    "look_at",
]

BREAKS_KEPT = 1000
"""How many breaks a namespace remembers."""
_BATCH = 1000
# Foreign values and keys may be no text, which a client that decodes its replies fails at.
_RAW: dict[str, Any] = {"NEVER_DECODE": True}


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that somebody holds, as it was when the server was asked.

    Attributes:
        name: The lock.
        namespace: What its keys begin with.
        value: What stands in its key.
        foreign: Whether that is none of our leases: something else set the key, and it counts as held.
        token: What the holder is known by, empty where the lease is foreign.
        fence: Its fence, None where the lease is foreign.
        owner: The process that holds it, None where the lease is foreign.
        since: When it was won, by the server's clock, None where the lease is foreign.
        held: Seconds since then.
        left: Seconds until it ends unless it is renewed, None when it never does.
        waiting: The processes that wait for it, the next one first. Each has one entry, however many of its threads or
            tasks wait; those that have died are skipped when their turn comes.
    """

    name: str
    namespace: str
    value: bytes = field(repr=False)
    foreign: bool
    token: str = field(repr=False)
    fence: int | None
    owner: Owner | None
    since: datetime | None
    held: float | None
    left: float | None
    waiting: tuple[Owner, ...]

    def is_same_lease(self, other: HeldLock) -> bool:
        """Tell whether the same holder has it by the same acquisition."""
        return self.token == other.token and (not self.foreign or self.value == other.value)


@dataclass(frozen=True, slots=True)
class Break:
    """A lock was taken from its holder.

    Attributes:
        name: The lock.
        at: When, by the server's clock.
        by: Who did it.
        reason: Why, in their words.
        owner: Who held it, None where the lease was foreign.
        fence: The fence of the holder, None where the lease was foreign.
    """

    name: str
    at: datetime
    by: str
    reason: str
    owner: Owner | None
    fence: int | None


def find(redis: Redis, *, namespace: str = "lock", pattern: str = "*") -> Iterator[HeldLock]:
    """Yield the locks that are held, in no order, while the server's keys are walked through in small steps.

    A lock that is won or released meanwhile may be among them or not; none comes twice.

    Args:
        redis: A client.
        namespace: What the keys begin with.
        pattern: Which names, as Redis matches keys: `report:*`. `literal` makes one of any text.

    Raises:
        ValueError: The namespace cannot be.
    """
    return _walk(redis, checked_namespace(namespace), pattern)


def literal(text: str) -> str:
    """Return the pattern that only this text matches."""
    return "".join(f"\\{sign}" if sign in "*?[]^-\\" else sign for sign in text)


def look(redis: Redis, name: str, *, namespace: str = "lock") -> HeldLock | None:
    """Return who holds a lock, None when nobody does.

    Raises:
        ValueError: The name or the namespace cannot be.
    """
    return next(iter(look_at(redis, (name,), namespace=namespace)), None)


def look_at(redis: Redis, names: Iterable[str], *, namespace: str = "lock") -> list[HeldLock]:
    """Return those of the locks that are held, in the order of the names; all are asked for in one trip.

    Raises:
        ValueError: A name or the namespace cannot be.
    """
    wanted = [checked_name(name) for name in names]
    checked_namespace(namespace)
    replies = iter(_read(redis, wanted, namespace))
    now = next(replies)
    return [
        _held(name, namespace, _Read(now, value, left, queue))
        for name, value, left, queue in zip(wanted, replies, replies, replies, strict=True)
        if value is not None and left != -2  # -2: it ended between the two
    ]


def break_lock(redis: Redis, seen: HeldLock, *, by: str, reason: str = "") -> bool:
    """Take a lock from its holder, if that is still the one that was seen; whoever waits for it has it at once.

    The holder is not stopped: it learns of it when it renews, extends or releases the lock. Only writes that compare
    the fence (`ticketctl.locks.fenced`) are refused from then on, once the next holder has written.

    The break is recorded before it is made, so that none goes unrecorded; the record of one that could not be made is
    taken back, and stays if the server did not answer.

    Args:
        redis: A client.
        seen: The lock as it was seen.
        by: Who does it: `user@host`.
        reason: Why.

    Returns:
        Whether it was taken; False when the lease that was seen had ended.
    """
    record = {
        "lock": seen.name,
        "fence": "" if seen.fence is None else seen.fence,
        "owner": "" if seen.owner is None else seen.owner.text,
        "by": by,
        "reason": reason,
    }
    log = _breaks_key(seen.namespace)
    execute: Callable[..., Any] = redis.execute_command
    fields = [word for pair in record.items() for word in pair]
    entry = execute("XADD", log, "MAXLEN", "~", BREAKS_KEPT, "*", *fields)
    keys = (key(seen.namespace, seen.name) for key in (lease_key, fence_key, queue_key))
    kept = fence_lifetime(seen.left or 0)
    broken = bool(execute("EVAL", BREAK, 3, *keys, seen.value, kept, milliseconds(CLAIM)) == 1)
    if not broken:
        execute("XDEL", log, entry)
    return broken


def breaks(redis: Redis, name: str, *, namespace: str = "lock", most: int = 10) -> list[Break]:
    """Return the last breaks of a lock, the latest first.

    Args:
        redis: A client.
        name: The lock.
        namespace: What the keys begin with.
        most: How many at most.

    Raises:
        ValueError: The name or the namespace cannot be.
    """
    wanted = checked_name(name)
    execute: Callable[..., Any] = redis.execute_command
    entries = execute("XREVRANGE", _breaks_key(checked_namespace(namespace)), "+", "-", **_RAW)
    found = (_break(entry, record) for entry, record in entries if record.get(b"lock") == wanted.encode())
    return [one for one, _ in zip(found, range(most), strict=False)]


def _breaks_key(namespace: str) -> str:
    return f"{namespace}:breaks"


class _Read(NamedTuple):
    """The server's replies about one lock: its time in microseconds, the lease, the milliseconds left, the queue."""

    now: int
    value: bytes
    left: int
    queue: Sequence[bytes]


def _walk(redis: Redis, namespace: str, pattern: str) -> Iterator[HeldLock]:
    execute: Callable[..., Any] = redis.execute_command
    match = lease_key(namespace, pattern)
    known: set[str] = set()
    cursor = 0
    while True:
        # By type: what is no string is no lease, and GET would be refused.
        cursor, keys = execute("SCAN", cursor, "MATCH", match, "COUNT", _BATCH, "TYPE", "string", **_RAW)
        names = {name for key in keys if (name := _name_in(key, namespace)) is not None} - known
        if names:
            yield from look_at(redis, names, namespace=namespace)
            known |= names
        if not cursor:
            return


def _read(redis: Redis, names: Iterable[str], namespace: str) -> list[Any]:
    """Return the server's time, and of each lock its lease, the milliseconds left and its queue."""
    with redis.pipeline(transaction=False) as pipeline:
        ask: Callable[..., Any] = pipeline.execute_command
        ask("TIME")
        for name in names:
            key = lease_key(namespace, name)
            ask("GET", key, **_RAW)
            ask("PTTL", key)
            ask("LRANGE", queue_key(namespace, name), 0, -1, **_RAW)
        (seconds, microseconds), *replies = pipeline.execute()
    return [seconds * 1_000_000 + microseconds, *replies]


def _held(name: str, namespace: str, read: _Read) -> HeldLock:
    lease = parsed_lease(read.value)
    return HeldLock(
        name=name,
        namespace=namespace,
        value=read.value,
        foreign=lease is None,
        token=lease.token if lease else "",
        fence=lease.fence if lease else None,
        owner=lease.owner if lease else None,
        since=moment(lease.since) if lease else None,
        held=max(0, read.now - lease.since) / 1e6 if lease else None,
        left=None if read.left < 0 else read.left / 1000,
        waiting=tuple(owner for entry in read.queue if (owner := parsed_entry(entry)) is not None),
    )


def _name_in(key: bytes, namespace: str) -> str | None:
    """Return the name of the lock whose lease a key is, None if it can be none's."""
    try:
        return checked_name(key[len(namespace) + 2 : -1].decode())
    except ValueError:
        return None


def _break(entry: bytes, record: dict[bytes, bytes]) -> Break:
    text = {name.decode(): value.decode(errors="replace") for name, value in record.items()}
    fence = text.get("fence", "")
    milliseconds_since_1970 = int(entry.partition(b"-")[0])
    return Break(
        name=text["lock"],
        at=moment(milliseconds_since_1970 * 1000),
        by=text.get("by", ""),
        reason=text.get("reason", ""),
        owner=owner_in(text.get("owner", "")),
        fence=int(fence) if fence.isdecimal() else None,
    )
