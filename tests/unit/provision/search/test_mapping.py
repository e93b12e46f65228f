"""The mapping file: what it says, its hash, and every problem with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ticketctl.errors import ExitCode, MappingFileError
from ticketctl.provision.search.json_lines import locate
from ticketctl.provision.search.mapping import MappingFile, is_changeable, read_mapping

ROOT = Path(__file__).parents[4]
COMMITTED = ROOT / "elasticsearch/mappings/events.json"
SPECIFIED = ROOT / "tests/fixtures/specification/events-mapping.json"


def mapping(folder: Path, document: Any) -> MappingFile:
    path = folder / "events.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return read_mapping(path)


def problems(folder: Path, document: Any) -> list[str]:
    with pytest.raises(MappingFileError) as caught:
        mapping(folder, document)
    return [str(problem) for problem in caught.value.problems]


def document(**changes: Any) -> dict[str, Any]:
    return {"settings": {"number_of_shards": 3}, "mappings": {"properties": {"city": {"type": "keyword"}}}, **changes}


def test_the_committed_mapping_is_the_specification_byte_for_byte() -> None:
    assert COMMITTED.read_bytes() == SPECIFIED.read_bytes()


def test_the_committed_mapping_is_read_into_the_servers_own_spelling() -> None:
    file = read_mapping(COMMITTED)

    assert file.settings == {
        "index.number_of_shards": "3",
        "index.number_of_replicas": "1",
        "index.analysis.analyzer.event_name_analyzer.type": "custom",
        "index.analysis.analyzer.event_name_analyzer.tokenizer": "standard",
        "index.analysis.analyzer.event_name_analyzer.filter": ("lowercase", "asciifolding"),
    }
    assert (file.shards, file.replicas) == (3, 1)
    assert len(file.mappings["properties"]) == 13


def test_the_index_name_says_version_and_hash() -> None:
    file = read_mapping(COMMITTED)

    assert file.index_name("events", 2) == f"events_v2_{file.hash}"
    assert len(file.hash) == 8


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(
            '{ "mappings": {"properties": {"city":{"type":"keyword"}}}, "settings":{"number_of_shards":3}}', id="order"
        ),
        pytest.param(document(settings={"index": {"number_of_shards": "3"}}), id="nested and as text"),
        pytest.param(document(settings={"index.number_of_shards": 3}), id="dotted"),
        pytest.param(document(settings={"number_of_shards": 3, "number_of_replicas": 2}), id="more replicas"),
        pytest.param(
            document(settings={"number_of_shards": 3, "refresh_interval": "30s"}), id="a setting of live indices"
        ),
    ],
)
def test_the_hash_ignores_what_needs_no_new_index(tmp_path: Path, same: Any) -> None:
    assert mapping(tmp_path, same).hash == mapping(tmp_path, document()).hash


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(document(settings={"number_of_shards": 1}), id="shards"),
        pytest.param(document(settings={"number_of_shards": 3, "codec": "best_compression"}), id="a fixed setting"),
        pytest.param(document(mappings={"properties": {"city": {"type": "text"}}}), id="a type"),
        pytest.param(document(mappings={"dynamic": False, **document()["mappings"]}), id="dynamic"),
    ],
)
def test_the_hash_changes_with_what_needs_a_new_index(tmp_path: Path, other: Any) -> None:
    assert mapping(tmp_path, other).hash != mapping(tmp_path, document()).hash


def test_number_of_shards_is_fixed_and_replicas_are_not() -> None:
    assert not is_changeable("index.number_of_shards")
    assert not is_changeable("index.analysis.analyzer.a.type")
    assert not is_changeable("index.mapping.coerce")
    assert is_changeable("index.number_of_replicas")
    assert is_changeable("index.mapping.total_fields.limit")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingFileError) as caught:
        read_mapping(tmp_path / "none.json")

    assert str(caught.value) == (
        f"TKT-501 the mapping file {tmp_path}/none.json cannot be used\n"
        "why: none.json:1: cannot be read: No such file or directory\n"
        "next: correct the lines above"
    )
    assert caught.value.exit_code is ExitCode.SETTINGS


def test_broken_json_is_reported_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(MappingFileError) as caught:
        mapping(tmp_path, '{\n  "mappings": {\n    "properties": [,]\n')

    assert caught.value.line == 3
    assert str(caught.value.problems[0]) == "events.json:3: is not JSON: Expecting value (column 20)"


def test_bytes_that_are_no_text_are_reported(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_bytes(b'{"mappings": "\xff"}')

    with pytest.raises(MappingFileError, match="cannot be used"):
        read_mapping(tmp_path / "events.json")


def test_all_problems_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """{
  "setings": {},
  "aliases": {"events": {}},
  "settings": {
    "number_of_shards": 0,
    "index": {"number_of_replicas": "many"},
    "analysis": {"analyzer": {"event_name_analyzer": {"type": "custom", "tokenizer": "standard"}}}
  },
  "mappings": {
    "properties": {
      "name": {
        "type": "txt",
        "analyzer": "event_name_analyser",
        "fields": {"keyword": {"type": "keywrod"}}
      },
      "city": "keyword",
      "venue": {"doc_values": true},
      "city": {"type": "keyword"},
      "place": {"properties": {"hall": {"type": ["keyword"]}}}
    }
  }
}
"""
    assert problems(tmp_path, text) == [
        "events.json:2: setings: unknown key; did you mean 'settings'?",
        "events.json:3: aliases: the alias comes from `search.alias` in ticketctl.yaml",
        "events.json:5: settings.number_of_shards: expected a whole number of at least 1, got 0",
        "events.json:6: settings.index.number_of_replicas: expected a whole number of at least 0, got 'many'",
        "events.json:12: mappings.properties.name.type: unknown type 'txt'; did you mean 'text'?",
        "events.json:13: mappings.properties.name.analyzer: unknown analyzer 'event_name_analyser'; "
        "did you mean 'event_name_analyzer'?",
        "events.json:14: mappings.properties.name.fields.keyword.type: unknown type 'keywrod'; did you mean 'keyword'?",
        "events.json:17: mappings.properties.venue: a field needs a `type`",
        "events.json:18: mappings.properties.city: stands here a second time",
        "events.json:19: mappings.properties.place.properties.hall.type: expected the name of a type, got ['keyword']",
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([1], "must be an object with `settings` and `mappings`"),
        ({"settings": {}}, "mappings: must be an object with `properties`"),
        (document(settings=[]), "settings: must be an object"),
        (document(mappings={"properties": {}}), "mappings.properties: must name at least one field"),
        (
            document(mappings={"properties": ["city"]}),
            "mappings.properties: must be an object with a field for each key",
        ),
        (
            document(mappings={"properties": {"city": "keyword"}}),
            "mappings.properties.city: a field is an object with a `type`",
        ),
    ],
)
def test_wrong_shapes_are_said_in_words(tmp_path: Path, wrong: Any, said: str) -> None:
    assert problems(tmp_path, wrong) == [f"events.json:1: {said}"]


def test_a_name_that_resembles_nothing_is_left_to_the_server(tmp_path: Path) -> None:
    fields = {"place": {"type": "murmur3"}, "name": {"type": "text", "analyzer": "icu_analyzer"}}

    assert mapping(tmp_path, document(mappings={"properties": fields})).mappings["properties"] == fields


def test_lines_are_found_behind_brackets_and_quotes_inside_of_strings() -> None:
    text = '{\n "a]\\"{": [1, {"x": 2},\n  {"x": ","}],\n "b": null}'

    found = locate(text)

    assert found.lines == {('a]"{',): 2, ('a]"{', "1", "x"): 2, ('a]"{', "2", "x"): 3, ("b",): 4}
    assert found.of(("b", "not", "there")) == 4
    assert found.of(("neither",)) == 1
    assert not found.repeated
