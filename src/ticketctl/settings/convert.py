"""Turn plain values (from YAML or the environment) into the settings dataclasses.

Works on type hints alone, collects every problem instead of stopping at the first, and suggests
the nearest key for an unknown one.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ticketctl.errors import SettingsProblem
from ticketctl.settings.secret import Secret

Path_ = tuple[str, ...]
Where = Callable[[Path_], str]


class Converter:
    """Converts a tree of plain values and remembers what was wrong.

    Args:
        where: Tells where the value at a path came from, for messages.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self.problems: list[SettingsProblem] = []
        self._unusable = 0

    def convert(self, hint: Any, value: Any, path: Path_) -> Any:
        """Return `value` as the type of `hint`, or None after noting a problem."""
        if get_origin(hint) is Annotated:
            return self.convert(get_args(hint)[0], value, path)
        if is_dataclass(hint):
            return self._dataclass(typing.cast("type[Any]", hint), value, path)
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            return self._optional(hint, value, path)
        if origin is Literal:
            return self._choice(get_args(hint), value, path)
        if origin is tuple:
            return self._list(get_args(hint)[0], value, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(get_args(hint)[1], value, path)
        return self._scalar(hint, value, path)

    def problem(self, path: Path_, message: str) -> None:
        """Note that the value at `path` is wrong."""
        self._unusable += 1
        self.problems.append(SettingsProblem(self._where(path), ".".join(path), message))

    def _dataclass(self, cls: type[Any], value: Any, path: Path_) -> Any:
        if not isinstance(value, Mapping):
            self.problem(path, f"expected a mapping, got {describe(value)}")
            return None
        hints = get_type_hints(cls, include_extras=True)
        known = {field.name: field for field in fields(cls)}
        self._report_unknown(value, known, path)
        before = self._unusable
        chosen = {name: self.convert(hints[name], value[name], (*path, name)) for name in known if name in value}
        for name, declared in known.items():
            if name not in chosen and _is_required(declared):
                self.problem(path, f"'{name}' is missing")
        return cls(**chosen) if self._unusable == before else None

    def _report_unknown(self, value: Mapping[Any, Any], known: Iterable[str], path: Path_) -> None:
        """Note unknown keys; they do not keep the rest from being used and checked."""
        for key in value:
            if key not in known:
                here = (*path, str(key))
                message = f"unknown key{suggestion(str(key), known)}"
                self.problems.append(SettingsProblem(self._where(here), ".".join(here), message))

    def _optional(self, hint: Any, value: Any, path: Path_) -> Any:
        if value is None:
            return None
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return self.convert(inner, value, path)

    def _choice(self, choices: tuple[Any, ...], value: Any, path: Path_) -> Any:
        if value in choices:
            return value
        listed = ", ".join(map(str, choices))
        self.problem(path, f"expected one of {listed}, got {describe(value)}{suggestion(str(value), choices)}")
        return None

    def _list(self, hint: Any, value: Any, path: Path_) -> Any:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list):
            self.problem(path, f"expected a list, got {describe(value)}")
            return None
        return tuple(self.convert(hint, item, (*path, str(index))) for index, item in enumerate(value))

    def _mapping(self, hint: Any, value: Any, path: Path_) -> Any:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.problem(path, f"expected a mapping, got {describe(value)}")
            return None
        return {str(key): self.convert(hint, item, (*path, str(key))) for key, item in value.items()}

    def _scalar(self, hint: Any, value: Any, path: Path_) -> Any:
        if hint is Secret and isinstance(value, str):
            return Secret(value)
        if hint is str and isinstance(value, str):
            return value
        if hint is bool and isinstance(value, bool):
            return value
        if hint in (int, float):
            number = _number(hint, value)
            if number is not None:
                return number
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", Secret: "text"}
        shown = "another type" if hint is Secret else describe(value)
        self.problem(path, f"expected {names[hint]}, got {shown}")
        return None


def suggestion(given: str, known: Iterable[object]) -> str:
    """Return `; did you mean 'x'?` for the nearest of `known`, or nothing."""
    near = difflib.get_close_matches(given, [str(item) for item in known], n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def describe(value: object) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value)


def _is_required(declared: Field[Any]) -> bool:
    return declared.default is MISSING and declared.default_factory is MISSING


def _number(hint: type[int] | type[float], value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (hint is float and isinstance(value, float)):
        return hint(value)
    if isinstance(value, str):
        try:
            return hint(value)
        except ValueError:
            return None
    return None
