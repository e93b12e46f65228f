"""The mapping file: what the index looks like, and a hash that names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketctl.errors import MappingFileError, SettingsProblem
from ticketctl.provision.search.json_lines import Keys, locate
from ticketctl.provision.search.mapping_check import check

REPLICAS = "index.number_of_replicas"
SHARDS = "index.number_of_shards"
HASH_LENGTH = 8

# Settings that a live index takes; all others are fixed when it is created. From "Index settings"
# in the Elasticsearch reference, section "Dynamic index settings".
_CHANGEABLE = (
    "index.auto_expand_replicas",
    "index.blocks.",
    "index.default_pipeline",
    "index.final_pipeline",
    "index.gc_deletes",
    "index.hidden",
    "index.highlight.max_analyzed_offset",
    "index.indexing.slowlog.",
    "index.mapping.depth.",
    "index.mapping.field_name_length.",
    "index.mapping.nested_",
    "index.mapping.total_fields.",
    "index.max_",
    "index.merge.",
    "index.number_of_replicas",
    "index.priority",
    "index.query.default_field",
    "index.refresh_interval",
    "index.requests.cache.enable",
    "index.routing.",
    "index.search.idle.after",
    "index.search.slowlog.",
    "index.translog.",
    "index.unassigned.",
    "index.write.wait_for_active_shards",
)

Setting = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file that was read and found good.

    Attributes:
        path: The file.
        settings: Index settings by full dotted name, values as text, as the server shows them.
        mappings: The mapping itself, as it stands in the file.
    """

    path: Path
    settings: Mapping[str, Setting]
    mappings: Mapping[str, Any]

    @property
    def replicas(self) -> int:
        """Replicas that the file asks for; the server's own default is 1."""
        return int(str(self.settings.get(REPLICAS, 1)))

    @property
    def shards(self) -> int:
        """Primary shards that the file asks for; the server's own default is 1."""
        return int(str(self.settings.get(SHARDS, 1)))

    @property
    def hash(self) -> str:
        """Eight hex digits over everything that only a new index can change.

        Spelling does not count: white space, order of keys, nested or dotted settings.
        """
        fixed = {name: value for name, value in self.settings.items() if not is_changeable(name)}
        canonical = json.dumps({"mappings": self.mappings, "settings": fixed}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:HASH_LENGTH]

    def index_name(self, alias: str, version: int) -> str:
        """Return the name of the concrete index that holds this mapping.

        Args:
            alias: Name that services search by.
            version: Version of the mapping, from the settings.
        """
        return f"{alias}_v{version}_{self.hash}"


def is_changeable(name: str) -> bool:
    """Tell whether a live index takes another value for this setting."""
    return name.startswith(_CHANGEABLE)


def read_mapping(path: Path) -> MappingFile:
    """Read and check a mapping file.

    Args:
        path: The file: JSON with `settings` (optional) and `mappings`.

    Raises:
        MappingFileError: It cannot be read, does not parse, or does not hold together; every
            problem with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise _error(path, [(1, (), f"cannot be read: {error.strerror}")]) from error
    except json.JSONDecodeError as error:
        raise _error(path, [(error.lineno, (), f"is not JSON: {error.msg} (column {error.colno})")]) from error
    except UnicodeDecodeError as error:
        raise _error(path, [(1, (), "is not UTF-8 text")]) from error
    lines = locate(text)
    problems = [(line, keys, "stands here a second time") for keys, line in lines.repeated]
    problems += [(lines.of(keys), keys, message) for keys, message in check(document)]
    if problems:
        raise _error(path, sorted(problems))
    return MappingFile(path, flatten_settings(document.get("settings", {})), document["mappings"])


def flatten_settings(settings: Mapping[str, Any]) -> dict[str, Setting]:
    """Bring settings to the one spelling that the server uses: dotted, with `index.`, values as text.

    Args:
        settings: Nested, dotted, with or without `index.` in front.
    """
    flat: dict[str, Setting] = {}
    for name, value in _leaves((), settings):
        flat[name if name.startswith("index.") else f"index.{name}"] = value
    return flat


def _leaves(keys: Keys, value: object) -> list[tuple[str, Setting]]:
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in _leaves((*keys, key), item)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [(".".join(keys), tuple(_text(item) for item in value))]
    return [] if value is None else [(".".join(keys), _text(value))]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _error(path: Path, problems: Sequence[tuple[int, Keys, str]]) -> MappingFileError:
    return MappingFileError(
        path,
        [SettingsProblem(f"{path.name}:{line}", ".".join(keys), message) for line, keys, message in problems],
        line=problems[0][0],
    )
