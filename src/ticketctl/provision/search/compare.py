"""Does a live index equal the mapping file?

The server shows a mapping in its own spelling: defaults are left out, numbers and booleans may come
back as text. Both sides are brought to one spelling first, so that only real differences show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ticketctl.provision.search.mapping import REPLICAS, MappingFile, Setting, is_changeable

# What the server assumes, and leaves out of its answer, when a field does not say it.
_DEFAULTS: dict[str, str] = {
    "coerce": "true",
    "doc_values": "true",
    "dynamic": "true",
    "eager_global_ordinals": "false",
    "enabled": "true",
    "ignore_malformed": "false",
    "index": "true",
    "index_options": "positions",
    "norms": "true",
    "position_increment_gap": "100",
    "split_queries_on_whitespace": "false",
    "store": "false",
    "type": "object",
}
_NAMED_BY_USER = ("properties", "fields")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a live index is not what the file says.

    Attributes:
        where: Dotted path: `properties.city.type`, `index.number_of_shards`.
        expected: What the file says, None when it says nothing.
        actual: What the index has, None when it has nothing.
        added: Whether it is a field that the index has beyond the file, as after a document with an
            unknown field; all that the file says still holds.
    """

    where: str
    expected: str | None
    actual: str | None
    added: bool = False

    def __str__(self) -> str:
        if self.expected is None:
            return f"{self.where}: {self.actual}, of which the file says nothing"
        return f"{self.where}: {self.actual or 'missing'}, the file says {self.expected}"


def differences(
    file: MappingFile, mappings: Mapping[str, Any], settings: Mapping[str, Setting]
) -> tuple[Difference, ...]:
    """Compare a live index with the file. Replicas are left out: the plan decides them.

    Args:
        file: The mapping file.
        mappings: The live index's mapping, as the server shows it.
        settings: Its settings, dotted; those that the file does not name are left out.

    Returns:
        Every difference, in the order of their paths; empty when the index equals the file.
    """
    return (*_walk((), file.mappings, mappings), *_settings(file, settings))


def setting_changes(file: MappingFile, settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """Return the file's settings that the live index takes now and that it has otherwise.

    Args:
        file: The mapping file.
        settings: The live index's settings, dotted.
    """
    return {
        name: value
        for name, value in file.settings.items()
        if is_changeable(name) and name != REPLICAS and _plain(settings.get(name)) != _plain(value)
    }


def _settings(file: MappingFile, settings: Mapping[str, Setting]) -> Iterator[Difference]:
    for name, value in sorted(file.settings.items()):
        if name != REPLICAS and _plain(settings.get(name)) != _plain(value):
            yield Difference(name, _shown(value), _shown(settings.get(name)))


def _walk(
    path: tuple[str, ...], expected: Mapping[str, Any], actual: Mapping[str, Any], *, names: bool = False
) -> Iterator[Difference]:
    for key in sorted(expected.keys() | actual.keys()):
        default = None if names else _DEFAULTS.get(key)
        wanted, found = expected.get(key, default), actual.get(key, default)
        if isinstance(wanted, Mapping) and isinstance(found, Mapping):
            yield from _walk((*path, key), wanted, found, names=key in _NAMED_BY_USER and not names)
        elif _plain(wanted) != _plain(found):
            added = wanted is None and (names or key in _NAMED_BY_USER)
            yield Difference(".".join((*path, key)), _shown(wanted), _shown(found), added)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.12g}"
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value) if len(value) != 1 else _plain(value[0])
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _shown(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
