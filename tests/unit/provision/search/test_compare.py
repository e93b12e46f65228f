"""A live index against the file: only real differences show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ticketctl.provision.search.compare import differences, setting_changes
from ticketctl.provision.search.mapping import MappingFile, flatten_settings, read_mapping

SPECIFIED = Path(__file__).parents[3] / "fixtures/specification/events-mapping.json"


def file_with(mappings: dict[str, Any], settings: dict[str, Any] | None = None) -> MappingFile:
    return MappingFile(Path("events.json"), flatten_settings(settings or {}), mappings)


def found(wanted: dict[str, Any], live: dict[str, Any]) -> list[str]:
    file = file_with({"properties": {"field": wanted}})
    return [str(item) for item in differences(file, {"properties": {"field": live}}, {})]


def test_an_index_with_the_files_own_mapping_equals_it() -> None:
    file = read_mapping(SPECIFIED)
    live_only = {"index.uuid": "a", "index.number_of_replicas": "0", "index.version.created": "8"}

    assert differences(file, file.mappings, {**file.settings, **live_only}) == ()


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        pytest.param(
            {"type": "keyword", "index": True}, {"type": "keyword"}, id="a default that the server leaves out"
        ),
        pytest.param(
            {"type": "object", "properties": {"x": {"type": "long"}}},
            {"properties": {"x": {"type": "long"}}},
            id="object",
        ),
        pytest.param(
            {"type": "keyword", "ignore_above": "256"}, {"type": "keyword", "ignore_above": 256}, id="number as text"
        ),
        pytest.param({"type": "text", "norms": "false"}, {"type": "text", "norms": False}, id="boolean as text"),
        pytest.param(
            {"type": "scaled_float", "scaling_factor": 100},
            {"type": "scaled_float", "scaling_factor": 100.0},
            id="float",
        ),
        pytest.param({"type": "keyword", "copy_to": "all"}, {"type": "keyword", "copy_to": ["all"]}, id="list of one"),
    ],
)
def test_another_spelling_is_no_difference(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    assert found(wanted, live) == []


def test_a_changed_type_deep_inside_is_found() -> None:
    wanted = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    live = {"type": "text", "fields": {"keyword": {"type": "wildcard"}}}

    assert found(wanted, live) == ["properties.field.fields.keyword.type: wildcard, the file says keyword"]


def test_a_missing_field_and_a_missing_option_are_found() -> None:
    file = file_with({"properties": {"a": {"type": "date", "format": "yyyy"}, "b": {"type": "long"}}})

    assert [str(item) for item in differences(file, {"properties": {"a": {"type": "date"}}}, {})] == [
        "properties.a.format: missing, the file says yyyy",
        'properties.b: missing, the file says {"type": "long"}',
    ]


def test_a_field_that_documents_brought_counts_as_added() -> None:
    file = file_with({"properties": {"a": {"type": "long"}}})
    live = {"properties": {"a": {"type": "long"}, "colour": {"type": "text"}}}

    (only,) = differences(file, live, {})

    assert only.added
    assert str(only) == 'properties.colour: {"type": "text"}, of which the file says nothing'


def test_an_option_that_only_the_index_has_is_a_change_and_no_addition() -> None:
    file = file_with({"properties": {"a": {"type": "keyword"}}})

    (hidden,) = differences(file, {"properties": {"a": {"type": "keyword", "index": False}}}, {})

    assert not hidden.added
    assert str(hidden) == "properties.a.index: false, the file says true"


def test_a_field_may_be_named_like_an_option() -> None:
    file = file_with({"properties": {"store": {"type": "keyword"}}})

    assert [item.where for item in differences(file, {"properties": {}}, {})] == ["properties.store"]
    assert [item.where for item in differences(file_with({"properties": {}}), {"properties": {"index": {}}}, {})] == [
        "properties.index"
    ]


def test_settings_are_compared_without_the_replicas() -> None:
    file = file_with({}, {"number_of_shards": 3, "number_of_replicas": 1, "refresh_interval": "30s"})

    assert [str(item) for item in differences(file, {}, {"index.number_of_shards": "1"})] == [
        "index.number_of_shards: 1, the file says 3",
        "index.refresh_interval: missing, the file says 30s",
    ]


def test_only_settings_of_live_indices_are_proposed_as_changes() -> None:
    file = file_with({}, {"number_of_shards": 3, "number_of_replicas": 1, "refresh_interval": "30s", "priority": 1})

    assert setting_changes(file, {"index.number_of_shards": "1", "index.priority": "1"}) == {
        "index.refresh_interval": "30s"
    }
