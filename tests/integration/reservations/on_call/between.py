"""Something happens between two of a reader's questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Happening = Callable[[], object]


class Once:
    """Calls something when a word is asked for the nth time.

    Args:
        word: What the question has in it.
        happening: What to call.
        nth: When, counted from 1.
    """

    def __init__(self, word: str, happening: Happening, nth: int = 1) -> None:
        self._word = word
        self._happening = happening
        self._left = nth

    @property
    def happened(self) -> bool:
        return self._left <= 0

    def look(self, question: str) -> None:
        if self._word in question:
            self._left -= 1
            if self._left == 0:
                self._happening()


class Cursor:
    """A cursor before whose statements something happens; it counts the rows of each answer."""

    def __init__(self, cursor: Any, once: Once | None = None) -> None:
        self._cursor = cursor
        self._once = once
        self.answers: list[int] = []

    def execute(self, query: str, args: Any, /) -> object:
        if self._once is not None:
            self._once.look(query)
        return self._cursor.execute(query, args)

    def fetchall(self) -> Any:
        answer = self._cursor.fetchall()
        self.answers.append(len(answer))
        return answer


class Client:
    """A client of Redis before whose commands something happens."""

    def __init__(self, redis: Any, once: Once) -> None:
        self._redis = redis
        self._once = once

    def execute_command(self, *words: Any, **options: Any) -> Any:
        self._once.look(str(words[0]))
        return self._redis.execute_command(*words, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)
