"""What buyers write down, and how it is read: a line for each word, so a killed process has written all but its last.

Moments are seconds of the machine's monotonic clock, which all processes share and no fault moves.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TextIO

What = Literal[
    "held", "confirmed", "released", "over", "refused", "limited", "expired", "conflict", "failed", "unknown"
]
"""What came of a request: the seats are held, booked, given back (or the hold was over when it should be); others have
some; the buyer has enough; the hold was over, refund; the hold is not what it was taken for; nothing was changed, for
the servers failed; nobody knows.
"""
Doing = Literal["hold", "best", "pay", "release"]


class Request(NamedTuple):
    """A hold that somebody wants.

    Attributes:
        hold_id: Its id, by which it is repeated.
        user_id: For whom.
        seat_ids: Which seats; none for the best.
        party: How many.
    """

    hold_id: str
    user_id: str
    seat_ids: tuple[int, ...]
    party: int


class Outcome(NamedTuple):
    """What came of a request.

    Attributes:
        what: It.
        seat_ids: The seats that are held now, or those that others have.
        why: What was said, where something failed.
    """

    what: What
    seat_ids: tuple[int, ...] = ()
    why: str = ""

    @property
    def is_grant(self) -> bool:
        """Whether the buyer has got seats, for a while or for good."""
        return self.what in ("held", "confirmed")

    @property
    def is_failure(self) -> bool:
        """Whether servers failed it: nothing was changed, or nobody knows."""
        return self.what in ("failed", "unknown")


@dataclass(frozen=True, slots=True)
class Trying:
    """A hold is asked for: what comes of it may be lost with the process.

    Attributes:
        request: What is asked for.
    """

    request: Request


@dataclass(frozen=True, slots=True)
class Answered:
    """A request was answered, or failed.

    Attributes:
        doing: What was asked for.
        outcome: What came of it.
        request: The hold that it is about.
        began: When it was sent.
        ended: When the answer was there.
    """

    doing: Doing
    outcome: Outcome
    request: Request
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Said:
    """Something that a process has to say of itself.

    Attributes:
        word: `ready`, `done`, or what is wrong.
    """

    word: str


Word = Trying | Answered | Said


class Diary:
    """Where a process writes.

    Args:
        stream: Its standard output.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._turn = threading.Lock()

    def write(self, word: Word) -> None:
        """Write a word, at once."""
        line = json.dumps(_packed(word), separators=(",", ":")) + "\n"
        with self._turn:
            self._stream.write(line)
            self._stream.flush()


def _packed(word: Word) -> Sequence[object]:
    if isinstance(word, Trying):
        return ["t", word.request]
    if isinstance(word, Answered):
        return ["a", word.doing, word.outcome, word.request, round(word.began, 4), round(word.ended, 4)]
    return ["s", word.word]


def read_word(line: str) -> Word:
    """Return what a line says.

    Raises:
        ValueError: It is none, such as half a line of a process that was killed.
    """
    try:
        kind, *rest = json.loads(line)
        if kind == "t":
            return Trying(request_of(*rest))
        if kind == "s":
            return Said(*rest)
        doing, (what, seats, why), request, began, ended = rest
        return Answered(doing, Outcome(what, tuple(seats), why), request_of(request), began, ended)
    except TypeError as error:
        raise ValueError(f"no word of a diary: {line[:80]!r}") from error


def request_of(parts: Sequence[Any]) -> Request:
    """Return a request that was written down as a list."""
    hold_id, user_id, seat_ids, party = parts
    return Request(hold_id, user_id, tuple(seat_ids), party)
