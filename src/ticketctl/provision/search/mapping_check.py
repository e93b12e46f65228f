"""What can be said of a mapping file without a server.

The server has the last word: types and analyzers may come from plugins. So an unknown name is
reported only where it is a near miss of a known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ticketctl.provision.search.json_lines import Keys
from ticketctl.settings.convert import suggestion

Found = Iterator[tuple[Keys, str]]

# fmt: off
_TYPES = frozenset([
    "aggregate_metric_double", "alias", "binary", "boolean", "byte", "completion", "constant_keyword", "date",
    "date_nanos", "date_range", "dense_vector", "double", "double_range", "flattened", "float", "float_range",
    "geo_point", "geo_shape", "half_float", "histogram", "integer", "integer_range", "ip", "ip_range", "join",
    "keyword", "long", "long_range", "match_only_text", "nested", "object", "percolator", "point", "rank_feature",
    "rank_features", "scaled_float", "search_as_you_type", "semantic_text", "shape", "short", "sparse_vector",
    "text", "token_count", "unsigned_long", "version", "wildcard",
])
# fmt: on
_ANALYZERS = frozenset(["standard", "simple", "whitespace", "stop", "keyword", "pattern", "fingerprint", "english"])
_ANALYZER_OPTIONS = ("analyzer", "search_analyzer", "search_quote_analyzer")
_NEAR = 0.75


def check(document: object) -> Found:
    """Yield each problem of a parsed mapping file, with the path of the key that it is about.

    Args:
        document: What the JSON parser returned.
    """
    if not isinstance(document, Mapping):
        yield (), "must be an object with `settings` and `mappings`"
        return
    for key in document.keys() - {"settings", "mappings"}:
        if key == "aliases":
            yield (key,), "the alias comes from `search.alias` in ticketctl.yaml"
        else:
            yield (key,), f"unknown key{suggestion(key, ('settings', 'mappings'))}"
    settings = document.get("settings", {})
    if not isinstance(settings, Mapping):
        yield ("settings",), "must be an object"
        settings = {}
    yield from _counts(settings)
    yield from _mappings(document.get("mappings"), _own_analyzers(settings))


def _counts(settings: Mapping[str, Any]) -> Found:
    for prefix, scope in (((), settings), (("index",), settings.get("index"))):
        if not isinstance(scope, Mapping):
            continue
        for name, least in (("number_of_shards", 1), ("number_of_replicas", 0)):
            value = scope.get(name)
            if value is not None and not (str(value).isdecimal() and int(value) >= least):
                yield ("settings", *prefix, name), f"expected a whole number of at least {least}, got {value!r}"


def _own_analyzers(settings: Mapping[str, Any]) -> set[str]:
    for scope in (settings, settings.get("index")):
        analysis = scope.get("analysis") if isinstance(scope, Mapping) else None
        analyzers = analysis.get("analyzer") if isinstance(analysis, Mapping) else None
        if isinstance(analyzers, Mapping):
            return set(analyzers)
    return set()


def _mappings(mappings: object, analyzers: set[str]) -> Found:
    if not isinstance(mappings, Mapping):
        yield ("mappings",), "must be an object with `properties`"
        return
    if not mappings.get("properties"):
        yield ("mappings", "properties"), "must name at least one field"
        return
    yield from _fields(("mappings", "properties"), mappings["properties"], analyzers)


def _fields(keys: Keys, fields: object, analyzers: set[str]) -> Found:
    if not isinstance(fields, Mapping):
        yield keys, "must be an object with a field for each key"
        return
    for name, field in fields.items():
        path = (*keys, name)
        if isinstance(field, Mapping):
            yield from _field(path, field, analyzers)
        else:
            yield path, "a field is an object with a `type`"


def _field(path: Keys, field: Mapping[str, Any], analyzers: set[str]) -> Found:
    if "type" in field:
        yield from _near_miss((*path, "type"), field["type"], _TYPES, "type")
    elif "properties" not in field:
        yield path, "a field needs a `type`"
    for option in _ANALYZER_OPTIONS:
        if option in field:
            yield from _near_miss((*path, option), field[option], analyzers | _ANALYZERS, "analyzer")
    for nested in ("properties", "fields"):
        if nested in field:
            yield from _fields((*path, nested), field[nested], analyzers)


def _near_miss(path: Keys, given: object, known: Iterable[str], noun: str) -> Found:
    names = sorted(known)
    if not isinstance(given, str):
        yield path, f"expected the name of {'an' if noun[0] == 'a' else 'a'} {noun}, got {given!r}"
    elif given not in names and difflib.get_close_matches(given, names, n=1, cutoff=_NEAR):
        yield path, f"unknown {noun} '{given}'{suggestion(given, names)}"
