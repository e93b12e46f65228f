"""What stands in a lease and in a queue (pure), read by whoever looks at locks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_LEASE = re.compile(r"([0-9a-f]{32}) ([0-9]{1,16}) ([0-9]{1,16}) (\{.*\})", re.DOTALL)
_ENTRY = re.compile(r"[0-9a-f]{32} \S+ (\{.*\})", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that holds a lock or waits for it.

    Attributes:
        host: The name of its machine or container.
        pid: Its number there.
        service: What the program calls itself, which may be nothing.
    """

    host: str
    pid: int
    service: str

    @property
    def text(self) -> str:
        """It as JSON."""
        return json.dumps({"host": self.host, "pid": self.pid, "service": self.service}, separators=(",", ":"))


class WrittenLease(NamedTuple):
    """What a holder wrote.

    Attributes:
        token: What it is known by.
        fence: Its fence.
        since: Microseconds since 1970, by the server's clock.
        owner: Who it is.
    """

    token: str
    fence: int
    since: int
    owner: Owner


def parsed_lease(value: bytes) -> WrittenLease | None:
    """Return what a lease says, None if it is none of ours."""
    found = _LEASE.fullmatch(value.decode(errors="replace"))
    owner = owner_in(found[4]) if found else None
    return WrittenLease(found[1], int(found[2]), int(found[3]), owner) if found and owner else None


def parsed_entry(entry: bytes) -> Owner | None:
    """Return who waits by an entry of a queue, None if it is none of ours."""
    found = _ENTRY.fullmatch(entry.decode(errors="replace"))
    return owner_in(found[1]) if found else None


def owner_in(text: str) -> Owner | None:
    """Return the process that a text describes, None if it describes none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    pid = said.get("pid")
    return Owner(str(said.get("host", "")), pid if isinstance(pid, int) else 0, str(said.get("service", "")))


def moment(microseconds: int) -> datetime:
    """Return the time so many microseconds after 1970 began, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)
