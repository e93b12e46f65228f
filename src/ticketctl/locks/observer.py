"""What can be watched of locks: the protocol of observers, and labels that do not grow with the data.

An observer gets a lock's *template*, never its name: `seat:{id}`-like names would give a time series to
every seat. `key_template` makes the template of a name; `TemplateLimit` bounds how many there are.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import Protocol

_logger = logging.getLogger(__name__)

OTHER = "other"
_LONGEST_WORD = 32
# An e-mail address is one segment, for its dots separate nothing.
_SEGMENT = re.compile(r"[^:/]*@[^:/]*|[^:/.]+")
_HEXADECIMAL = re.compile(r"[a-fA-F]{8,}")
_ENCODED_LENGTH = 16


class LockObserver(Protocol):
    """Who is told what happens to locks.

    Its methods are called on the thread, or the event loop, that works with the lock: they must be quick
    and must not block. What one raises is logged and changes nothing (`SafeObserver`).
    """

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None:
        """Somebody tried to get a lock, and got it or not.

        Args:
            template: What the name of the lock looks like.
            acquired: Whether it was got.
            contended: Whether somebody else had it at first.
            waited: Seconds from the call to its answer.
        """
        ...

    def released(self, template: str, *, held: float) -> None:
        """A holder gave a lock back.

        Args:
            template: What the name of the lock looks like.
            held: Seconds that it was held.
        """
        ...

    def lost(self, template: str, *, reason: str, held: float) -> None:
        """A holder lost a lock that it had not given back.

        Args:
            template: What the name of the lock looks like.
            reason: One of those of `LockLostError`, such as `expired`.
            held: Seconds that it was held.
        """
        ...

    def renewed(self, template: str, *, lag: float) -> None:
        """A lock was kept alive.

        Args:
            template: What the name of the lock looks like.
            lag: Seconds that the renewal came after the time at which it was due.
        """
        ...


def key_template(name: str) -> str:
    """Return what the name of a lock looks like, with `*` for what tells one lock from another.

    The name is split at `:`, `/` and `.`, except that an e-mail address stays whole. A segment is kept
    when it is a word, and becomes `*` when it

    - contains a digit (`1042`, `2026-05-01`, `sku7`, most UUIDs and hashes),
    - contains anything but letters, `_` and `-` (an e-mail address, base64 with `=`, `*` itself),
    - is eight letters or more of a hexadecimal number (`deadbeef`),
    - has 16 characters or more, and more capitals than a name in camel case (base64, base62), or
    - has more than 32 characters.

    Identifiers that look like words (`user:anna`) stay: give such locks a template function of your own.

    Args:
        name: The name of a lock, `checkout:1042:seat/7f3a`.

    Returns:
        Its template, `checkout:*:seat/*`.
    """
    return _SEGMENT.sub(_kept_or_star, name)


def _kept_or_star(segment: re.Match[str]) -> str:
    return segment[0] if _is_word(segment[0]) else "*"


def _is_word(text: str) -> bool:
    letters = text.replace("_", "").replace("-", "")
    if not letters.isalpha() or len(text) > _LONGEST_WORD or _HEXADECIMAL.fullmatch(text):
        return False
    if len(text) < _ENCODED_LENGTH or text.isupper():
        return True
    # Half of the letters of an encoded number are capitals, while a name's words have one each.
    return 3 * sum(letter.isupper() for letter in text) <= len(text)


class TemplateLimit:
    """Lets so many distinct templates through and calls every later one `other`.

    It is what stands between a template function that lets an identifier slip and a metrics store with
    a million time series. Safe to share between threads.
    """

    def __init__(self, most: int = 200) -> None:
        """Start with no template seen.

        Args:
            most: How many distinct templates pass.

        Raises:
            ValueError: `most` is below 1.
        """
        if most < 1:
            raise ValueError(f"most must be at least 1, not {most}")
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, template: str) -> str:
        """Return the template, or `other` when it is new and there are enough."""
        if template in self._known:
            return template
        if len(self._known) >= self._most:  # they are never forgotten, so this needs no lock
            return OTHER
        with self._lock:
            if len(self._known) < self._most:
                self._known.add(template)
        return template if template in self._known else OTHER


class SafeObserver:
    """Hands everything on to an observer whose exceptions must not reach the holder of a lock.

    The first exception is logged with its trace, the later ones are dropped: an observer that is broken
    once is broken for every lock. Exceptions that are no `Exception` (`KeyboardInterrupt`,
    `asyncio.CancelledError`) pass.
    """

    def __init__(self, observer: LockObserver) -> None:
        self._observer = observer
        self._logged = False

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None:
        """See `LockObserver`."""
        try:
            self._observer.attempted(template, acquired=acquired, contended=contended, waited=waited)
        except Exception:
            self._log("attempted")

    def released(self, template: str, *, held: float) -> None:
        """See `LockObserver`."""
        try:
            self._observer.released(template, held=held)
        except Exception:
            self._log("released")

    def lost(self, template: str, *, reason: str, held: float) -> None:
        """See `LockObserver`."""
        try:
            self._observer.lost(template, reason=reason, held=held)
        except Exception:
            self._log("lost")

    def renewed(self, template: str, *, lag: float) -> None:
        """See `LockObserver`."""
        try:
            self._observer.renewed(template, lag=lag)
        except Exception:
            self._log("renewed")

    def _log(self, method: str) -> None:
        if self._logged:
            return
        self._logged = True
        _logger.exception("%s.%s failed; later failures are not logged", type(self._observer).__name__, method)
