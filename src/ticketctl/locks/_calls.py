"""The lock of a decorated function: its name, filled in from a call."""

from __future__ import annotations

import inspect
import string
from collections.abc import Callable, Mapping
from typing import Any


class NameOfCall:
    """Makes the name.

    Args:
        name: The name, in which `{parameter}` stands for an argument.
        function: What is called.

    Raises:
        ValueError: The function has no such parameter.
    """

    def __init__(self, name: str, function: Callable[..., object]) -> None:
        self._name = name
        self._signature = inspect.signature(function)
        self._wanted = {field for _, field, _, _ in string.Formatter().parse(name) if field is not None}
        roots = {field.replace("[", ".").split(".")[0] for field in self._wanted}
        if unknown := sorted(roots - set(self._signature.parameters)):
            raise ValueError(
                f"the lock's name mentions {', '.join(unknown)}, which {function.__qualname__} does not take"
            )

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return the name for a call."""
        if not self._wanted:
            return self._name
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return self._name.format_map(bound.arguments)


def refuse_deferred(function: Callable[..., object]) -> None:
    """Refuse what returns before its body has run: the lock would be let go before.

    Raises:
        TypeError: It is a coroutine function or a generator function.
    """
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{function.__qualname__} is asynchronous: use AsyncLocker")
    refuse_generator(function)


def refuse_generator(function: Callable[..., object]) -> None:
    """Refuse what is run after it was called.

    Raises:
        TypeError: It is a generator function.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function.__qualname__} is a generator: take the lock inside it")
