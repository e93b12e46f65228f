"""A payment provider that is not real: it takes money from nobody, and declines on demand."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import threading
from decimal import Decimal
from typing import Protocol

NAME = "pretended"
CURRENCY = "EUR"
DECLINED_CARDS = {"declined": "the card was declined", "empty": "the card has no money on it"}
"""Cards that are not charged, and what the provider says; any other word is a card that is."""


class CardDeclinedError(Exception):
    """The provider did not charge a card.

    Attributes:
        reason: The provider's word for it.
        what: A sentence.
    """

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what


class Provider(Protocol):
    """What the service needs of a payment provider. Each key is one movement of money, however often it is sent."""

    async def charge(self, key: str, amount: Decimal, currency: str, card: str) -> str:
        """Take money.

        Args:
            key: Which charge it is; a key that was sent before gets the answer that it got before.
            amount: How much.
            currency: Of what, ISO 4217.
            card: From where.

        Returns:
            The provider's reference.

        Raises:
            CardDeclinedError: No money was taken, and none will be for that key.
        """

    async def find(self, key: str) -> str | None:
        """Return the reference of a charge that was made with a key, None if none was.

        Raises:
            CardDeclinedError: It was declined.
        """

    async def refund(self, key: str, charge: str, amount: Decimal) -> str:
        """Give the money of a charge back.

        Args:
            key: Which refund it is, as for `charge`.
            charge: The reference of the charge.
            amount: How much.

        Returns:
            The provider's reference.
        """


class PretendedProvider:
    """Keeps books, as a real one does, so that what was charged can be counted.

    Without a file it forgets them when the process ends; a key that comes again then still has the same reference,
    which is all that this service builds on.

    Args:
        books: A file, or `:memory:`.
    """

    def __init__(self, books: str = ":memory:") -> None:
        self._turn = threading.Lock()
        self._books = sqlite3.connect(books, check_same_thread=False, isolation_level=None, timeout=5)
        self._books.execute(
            "CREATE TABLE IF NOT EXISTS movements"
            " (key TEXT PRIMARY KEY, kind TEXT, amount TEXT, reference TEXT, declined TEXT, asked INTEGER)"
        )

    async def charge(self, key: str, amount: Decimal, currency: str, card: str) -> str:
        """See `Provider`."""
        declined = card if card in DECLINED_CARDS else ""
        return _charged(*await asyncio.to_thread(self._move, key, "charge", f"{amount} {currency}", declined))

    async def find(self, key: str) -> str | None:
        """See `Provider`."""
        found = await asyncio.to_thread(self._look, key)
        return None if found is None else _charged(*found)

    async def refund(self, key: str, charge: str, amount: Decimal) -> str:
        """See `Provider`."""
        reference, _ = await asyncio.to_thread(self._move, key, "refund", f"{amount} of {charge}", "")
        return reference

    def close(self) -> None:
        """Close the books."""
        self._books.close()

    def _move(self, key: str, kind: str, amount: str, declined: str) -> tuple[str, str]:
        """Write a movement down unless it is there, and return what is there."""
        reference = f"{kind}_{hashlib.blake2b(f'{kind} {key}'.encode(), digest_size=12).hexdigest()}"
        with self._turn:
            row = self._books.execute(
                "INSERT INTO movements VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (key) DO UPDATE SET asked = asked + 1"
                " RETURNING reference, declined",
                (key, kind, amount, reference, declined),
            ).fetchone()
        return str(row[0]), str(row[1])

    def _look(self, key: str) -> tuple[str, str] | None:
        with self._turn:
            row = self._books.execute("SELECT reference, declined FROM movements WHERE key = ?", (key,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))


def _charged(reference: str, declined: str) -> str:
    if declined:
        raise CardDeclinedError(declined, DECLINED_CARDS[declined])
    return reference
