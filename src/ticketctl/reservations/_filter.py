"""The filter in front of MySQL: which seats others have or want, as Redis knows it; it may say no, never yes.

An entry is a key `<namespace>:{<event>}:<seat>` with the id of a hold. A hold writes *intents* for its seats before its
transaction, which end by themselves after a few seconds; after COMMIT they live as long as the hold. What gives seats
back makes the entries short first, commits, and removes them then. So whatever crashes where, and whatever order
answers arrive in, an entry outlives the truth by no more than an intent's life.

All functions here make commands or read their answers; `None` stands for the answer of a Redis that is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from ticketctl.locks._names import checked_namespace
from ticketctl.locks._resp import bulk, command, number
from ticketctl.reservations._moments import microseconds
from ticketctl.reservations._outcomes import Granted, Outcome, Refused
from ticketctl.reservations._requests import Request

INTENT = 3.0
"""Seconds that an intent lives: longer than a transaction takes, and as long as a free seat may be refused."""
LONGEST = 600.0
"""Seconds that an entry lives at most; MySQL says the same of the seat when it has gone."""

_FOLDER = files(__package__) / "lua"


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


_INTEND, _SETTLE, _LEAVE, _WITHDRAW, _REFILL = map(_text, ("intend", "settle", "leave", "withdraw", "refill"))
LOAD = tuple(command("SCRIPT", "LOAD", text) for text in (_INTEND, _SETTLE, _LEAVE, _WITHDRAW, _REFILL))
"""What makes a server know the scripts."""


def _head(text: str) -> bytes:
    return bulk("EVALSHA") + bulk(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_HEADS = {text: _head(text) for text in (_INTEND, _SETTLE, _LEAVE, _WITHDRAW, _REFILL)}


class Filter:
    """Makes the commands.

    Args:
        namespace: What the keys begin with.
        intent: Seconds that an intent lives.

    Raises:
        ValueError: The namespace cannot be one.
    """

    def __init__(self, namespace: str, intent: float) -> None:
        self._namespace = checked_namespace(namespace)
        self._intent = round(intent * 1000)
        self._longest = round(LONGEST * 1000)

    def key(self, event_id: int, seat_id: int) -> str:
        """Return the key of a seat; all of an event are in one slot."""
        return f"{self._namespace}:{{{event_id}}}:{seat_id}"

    def intend(self, event_id: int, seat_ids: Sequence[int], hold_id: str) -> bytes:
        """Announce a hold."""
        return self._command(_INTEND, event_id, seat_ids, bulk(hold_id), number(self._intent))

    def refused(self, request: Request, reply: Any) -> tuple[int, ...]:  # noqa: ANN401  # as Redis says
        """Return the seats that others have or want; empty also if Redis has not answered."""
        return tuple(request.seat_ids[place - 1] for place in reply) if isinstance(reply, list) else ()

    def settled(self, outcomes: Iterable[Outcome]) -> list[bytes]:
        """Return what is to be said after COMMIT of those who were granted seats, and of those who were not."""
        return [packed for outcome in outcomes for packed in self._settled(outcome)]

    def _settled(self, outcome: Outcome) -> Iterable[bytes]:
        if isinstance(outcome, Granted):
            hold = outcome.hold
            if hold.status in ("EXPIRED", "CANCELLED"):  # asked for again
                yield self.withdraw(hold.event_id, hold.seat_ids, hold.hold_id)
            elif outcome.new:
                yield self.settle(hold.event_id, hold.seat_ids, hold.hold_id, microseconds(hold.remaining()))
        elif isinstance(outcome, Refused) and outcome.request.seat_ids:
            yield self._refill(outcome)

    def settle(self, event_id: int, seat_ids: Sequence[int], hold_id: str, life: int | None) -> bytes:
        """Let the entries of a hold live for so many microseconds; for as long as any, if it has no end."""
        milliseconds = self._longest if life is None else max(1, min(life // 1000, self._longest))
        return self._command(_SETTLE, event_id, seat_ids, bulk(hold_id), number(milliseconds))

    def leave(self, event_id: int, seat_ids: Sequence[int], hold_id: str) -> bytes:
        """Make the entries of a hold short that is about to give its seats back."""
        return self._command(_LEAVE, event_id, seat_ids, bulk(hold_id), number(self._intent))

    def withdraw(self, event_id: int, seat_ids: Sequence[int], hold_id: str) -> bytes:
        """Remove the entries of a hold."""
        return self._command(_WITHDRAW, event_id, seat_ids, bulk(hold_id))

    def _refill(self, refused: Refused) -> bytes:
        request = refused.request
        holders = {seat_id: (holder, life) for seat_id, holder, life in refused.holders}
        words = [bulk(request.hold_id)]
        for seat_id in request.seat_ids:
            holder, life = holders.get(seat_id, ("", 0))
            left = self._intent if life is None else max(1, min(life // 1000, self._intent))
            words += bulk(holder), number(left)
        return self._command(_REFILL, request.event_id, request.seat_ids, *words)

    def _command(self, script: str, event_id: int, seat_ids: Sequence[int], *arguments: bytes) -> bytes:
        start = f"{self._namespace}:{{{event_id}}}:"
        return b"".join(
            (
                b"*%d\r\n" % (3 + len(seat_ids) + len(arguments)),
                _HEADS[script],
                number(len(seat_ids)),
                *(bulk(f"{start}{seat_id}") for seat_id in seat_ids),
                *arguments,
            )
        )
