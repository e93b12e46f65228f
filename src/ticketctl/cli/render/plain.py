"""Results as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from ticketctl.errors import TicketctlError
from ticketctl.settings.secret import Secret

_SCALARS = (str, int, float, bool, type(None))


def to_plain(value: object) -> object:
    """Return a value as JSON knows it; secrets come out masked.

    Args:
        value: Dataclasses, known errors, mappings, sequences, enums, paths, times and scalars, nested.
    """
    if isinstance(value, Secret):
        return "***"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, TicketctlError):
        return {"code": value.code, "what": value.what, "why": value.why, "next": value.next_step}
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    return _container(value)


def to_json(value: object) -> str:
    """Return a value as an indented JSON document."""
    return json.dumps(to_plain(value), indent=2, ensure_ascii=False)


def _container(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [to_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
