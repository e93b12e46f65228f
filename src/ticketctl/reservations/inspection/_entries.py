"""What stands in Redis: entries are walked through in small steps, read, and put right by compare-and-set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from ticketctl.locks.inspection import literal
from ticketctl.reservations._filter import INTENT, Filter

if TYPE_CHECKING:
    from redis import Redis

STEP = 1_000
"""Keys that Redis looks at for one answer."""
SHORT = round(INTENT * 1000)
"""Milliseconds that an intent lives: what ends within them refuses nobody for longer than an intent may."""

_LOOK, _MEND = ((files(__package__) / "lua" / name).read_text(encoding="utf-8") for name in ("look.lua", "mend.lua"))
# What others wrote may be no text, which a client that decodes its replies fails at.
_RAW: dict[str, Any] = {"NEVER_DECODE": True}
_LARGEST = 2**63 - 1


class Place(NamedTuple):
    """What an entry is of.

    Attributes:
        event_id: The event.
        seat_id: The seat.
    """

    event_id: int
    seat_id: int


class Entry(NamedTuple):
    """An entry.

    Attributes:
        place: What it is of.
        value: What stands in it.
        left: Milliseconds until it ends; None if it does not.
    """

    place: Place
    value: bytes
    left: int | None

    @property
    def short(self) -> bool:
        """Whether it ends as soon as an intent would."""
        return self.left is not None and self.left <= SHORT

    @property
    def leaving(self) -> bool:
        """Whether its hold was giving the seat back."""
        return self.value.endswith(b"!")


class Mending(NamedTuple):
    """What an entry shall be.

    Attributes:
        entry: It, as it was when it was judged.
        value: Its new value; empty if it shall go.
        life: Milliseconds that it shall live.
    """

    entry: Entry
    value: str = ""
    life: int = 0


class Entries:
    """The entries of a namespace.

    Args:
        redis: A client of one server, whichever way it decodes.
        namespace: What the keys begin with.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._namespace = namespace
        self._filter = Filter(namespace, INTENT)
        start = re.escape(f"{namespace}:{{".encode())
        self._key = re.compile(start + rb"([1-9][0-9]{0,18})\}:([1-9][0-9]{0,18})")

    def walk(self, event_id: int | None) -> Iterator[list[Entry]]:
        """Yield the entries of an event, or of all, a few at a time, while Redis goes on with its work.

        One that is there all the time is among them, perhaps twice while Redis changes the size of its table.
        """
        execute: Callable[..., Any] = self._redis.execute_command
        match = f"{literal(self._namespace)}:{{{'*' if event_id is None else event_id}}}:*"
        cursor = 0
        while True:
            # By type: what is no text is no entry; the filter does not see it either.
            cursor, keys = execute("SCAN", cursor, "MATCH", match, "COUNT", STEP, "TYPE", "string", **_RAW)
            if entries := self.read({place for key in keys if (place := self._place(key))}):
                yield list(entries.values())
            if not int(cursor):
                return

    def read(self, places: Iterable[Place]) -> dict[Place, Entry]:
        """Return the entries that are there now, each with the life that it has at that moment."""
        found: dict[Place, Entry] = {}
        with self._redis.pipeline(transaction=False) as pipeline:
            ask: Callable[..., Any] = pipeline.execute_command
            groups = _groups(places)
            for group in groups:
                ask("EVAL", _LOOK, len(group), *(self._filter.key(*place) for place in group), **_RAW)
            for group, reply in zip(groups, pipeline.execute(), strict=True):
                answers = iter(reply)
                for place, value, left in zip(group, answers, answers, strict=True):
                    if value is not None and left != -2:  # -2: it ended between the two
                        found[place] = Entry(place, value, None if left < 0 else left)
        return found

    def absent(self, places: Iterable[Place]) -> set[Place]:
        """Return those of which there is no entry."""
        found: set[Place] = set()
        with self._redis.pipeline(transaction=False) as pipeline:
            ask: Callable[..., Any] = pipeline.execute_command
            groups = _groups(places)
            for group in groups:
                ask("MGET", *(self._filter.key(*place) for place in group), **_RAW)
            for group, values in zip(groups, pipeline.execute(), strict=True):
                found.update(place for place, value in zip(group, values, strict=True) if value is None)
        return found

    def mend(self, mendings: Sequence[Mending]) -> Mapping[Place, bool]:
        """Put entries right that still are what they were; False for one that is something else by now."""
        done: dict[Place, bool] = {}
        execute: Callable[..., Any] = self._redis.execute_command
        in_order = sorted(mendings, key=lambda mending: mending.entry.place)
        for _, group in groupby(in_order, key=lambda mending: mending.entry.place.event_id):
            of_event = list(group)  # one slot
            keys = [self._filter.key(*mending.entry.place) for mending in of_event]
            words = [word for each in of_event for word in (each.entry.value, each.value, each.life)]
            replies = execute("EVAL", _MEND, len(keys), *keys, SHORT, *words)
            done.update((each.entry.place, reply == 1) for each, reply in zip(of_event, replies, strict=True))
        return done

    def _place(self, key: bytes) -> Place | None:
        """Return what a key is of; None if the filter would not look at it."""
        match = self._key.fullmatch(key)
        if match is None:
            return None
        place = Place(int(match[1]), int(match[2]))
        return place if max(place) <= _LARGEST else None


def _groups(places: Iterable[Place]) -> list[list[Place]]:
    """Return places in groups that Redis can be asked for at once: of one event, and not too many."""
    of_events = [list(group) for _, group in groupby(sorted(places), key=lambda place: place.event_id)]
    return [group[start : start + STEP] for group in of_events for start in range(0, len(group), STEP)]
