"""`index create` on a real node."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch, NotFoundError

from integration.search.indices import change_mapping
from ticketctl.errors import IndexConflictError, MappingChangedError, MappingFileError
from ticketctl.events import Event, Notice, Progress, StepFinished, StepStarted
from ticketctl.provision.search.create import IndexResult, create
from ticketctl.provision.search.index import execute
from ticketctl.provision.search.mapping import read_mapping
from ticketctl.provision.search.plan import ReplaceEmptyIndex
from ticketctl.provision.search.status import IndexStatus, status
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

pytestmark = pytest.mark.integration

Create = Callable[..., IndexResult]


@pytest.fixture
def run(root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint) -> Create:
    """`create`, with the test's own settings unless others are given."""

    def call(settings: SearchSettings = search, **options: Any) -> IndexResult:
        return create(root, settings, endpoint, **options)

    return call


@pytest.fixture
def look(root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint) -> Callable[[], IndexStatus]:
    return lambda: status(root, search, endpoint)


def behind(admin: Elasticsearch, alias: str) -> list[str]:
    return sorted(admin.indices.get_alias(name=alias))


def versions(admin: Elasticsearch, index: str) -> dict[str, Any]:
    """What Elasticsearch counts up at each change of an index's metadata."""
    metadata = admin.cluster.state(metric="metadata", index=index)["metadata"]["indices"][index]
    return {name: value for name, value in metadata.items() if name.endswith("version")}


def test_the_live_index_has_the_mapping_of_the_specification(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    specified = json.loads((Path(__file__).parents[2] / "fixtures/specification/events-mapping.json").read_text())

    result = run()

    assert result.changed
    assert result.index == read_mapping(root / "events.json").index_name(search.alias, 1)
    assert behind(admin, search.alias) == [result.index]
    live = admin.indices.get(index=result.index)[result.index]
    assert live["mappings"] == specified["mappings"]
    assert live["settings"]["index"]["analysis"] == specified["settings"]["analysis"]
    assert live["settings"]["index"]["number_of_shards"] == str(specified["settings"]["number_of_shards"])


def test_on_a_single_node_there_are_no_replicas_and_the_reader_is_told(
    run: Create, admin: Elasticsearch, root: Path
) -> None:
    events: list[Event] = []

    result = run(emit=events.append)

    assert result.replicas == 0
    assert admin.cluster.health(index=result.index)["status"] == "green"
    override = "0 replicas instead of the 1 of events.json: a single data node has no place for a copy"
    assert result.overrides == (override,)
    assert Notice("info", f"{result.index}: {override}") in events
    assert json.loads((root / "events.json").read_text())["settings"]["number_of_replicas"] == 1


def test_a_second_run_changes_nothing(run: Create, admin: Elasticsearch) -> None:
    events: list[Event] = []
    first = run()
    before = versions(admin, first.index)

    second = run(emit=events.append)

    assert not second.changed
    assert second.actions == ()
    assert versions(admin, first.index) == before
    assert [type(event) for event in events] == [StepStarted, Notice, StepFinished]
    assert isinstance(events[-1], StepFinished)
    assert events[-1].outcome == "unchanged"


def test_a_dry_run_prints_the_plan_and_makes_nothing(run: Create, admin: Elasticsearch, search: SearchSettings) -> None:
    events: list[Event] = []

    result = run(dry_run=True, emit=events.append)

    assert result.changed
    assert f"create index {result.index}: 3 shards, 0 replicas, behind alias {search.alias}" in result.plan
    assert events == []
    assert not admin.indices.exists(index=[search.alias, result.index])


def test_a_lost_alias_is_pointed_again(run: Create, admin: Elasticsearch, search: SearchSettings) -> None:
    index = run().index
    admin.indices.delete_alias(index=index, name=search.alias)

    result = run()

    assert result.actions == (f"point alias {search.alias} at {index}",)
    assert behind(admin, search.alias) == [index]


def test_replicas_follow_the_settings(run: Create, admin: Elasticsearch, search: SearchSettings) -> None:
    index = run().index

    more = run(replace(search, replicas=1))

    assert more.actions == (f"change settings of {index}: index.number_of_replicas 0 -> 1",)
    assert admin.cluster.health(index=index)["status"] == "yellow"
    run()
    assert admin.cluster.health(index=index)["status"] == "green"


def test_a_setting_of_live_indices_is_put_without_a_new_index(run: Create, admin: Elasticsearch, root: Path) -> None:
    index = run().index
    path = root / "events.json"
    document = json.loads(path.read_text())
    document["settings"]["refresh_interval"] = "7s"
    path.write_text(json.dumps(document))

    result = run()

    assert result.index == index
    assert result.actions == (f"change settings of {index}: index.refresh_interval unset -> 7s",)
    assert admin.indices.get_settings(index=index)[index]["settings"]["index"]["refresh_interval"] == "7s"
    assert not run().changed


def test_a_changed_mapping_replaces_an_empty_index(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    old = run().index
    change_mapping(root, "artist", {"type": "keyword"})

    result = run()

    assert result.index != old
    assert behind(admin, search.alias) == [result.index]
    assert not admin.indices.exists(index=old)
    assert not run().changed


def test_readers_never_miss_the_alias_while_it_moves(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    run()
    done = threading.Event()

    def poll() -> int:
        asked = 0
        while not done.is_set():
            assert admin.count(index=search.alias)["count"] == 0
            asked += 1
        return asked

    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(poll)
        try:
            for number in range(3):
                change_mapping(root, f"field{number}", {"type": "keyword"})
                assert run().changed
        finally:
            done.set()
        assert polled.result() > 10


@pytest.mark.parametrize("refreshed", [True, False])
def test_a_changed_mapping_never_replaces_documents(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path, refreshed: bool
) -> None:
    old = run().index
    admin.indices.put_settings(index=old, settings={"index.refresh_interval": -1})
    admin.index(index=search.alias, id="1", document={"name": "kept"}, refresh=refreshed)
    change_mapping(root, "artist", {"type": "keyword"})

    with pytest.raises(MappingChangedError) as caught:
        run()

    assert (caught.value.index, caught.value.documents) == (old, 1)
    assert behind(admin, search.alias) == [old]
    assert admin.get(index=search.alias, id="1")["_source"] == {"name": "kept"}
    assert not admin.indices.exists(index=f"{search.alias}_v1_*,-{old}", allow_no_indices=False)
    dry = run(dry_run=True)
    assert not dry.ok
    assert "holds 1 documents" in dry.conflict


def test_a_document_that_comes_in_after_the_plan_stops_the_replacement(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    old = run().index
    change_mapping(root, "artist", {"type": "keyword"})
    new = read_mapping(root / "events.json").index_name(search.alias, 1)
    admin.indices.create(index=new)
    admin.index(index=search.alias, id="1", document={"name": "late"})

    assert execute(admin, ReplaceEmptyIndex(search.alias, old, new), seconds=5) is False

    assert behind(admin, search.alias) == [old]
    admin.index(index=search.alias, id="2", document={"name": "still taken"}, refresh=True)
    assert admin.count(index=search.alias)["count"] == 2


def test_a_replacement_that_was_killed_goes_on_wherever_it_stood(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    committed = (root / "events.json").read_text()
    old = run().index
    admin.indices.add_block(index=old, block="write")  # killed after the block
    change_mapping(root, "artist", {"type": "keyword"})
    new = run().index
    assert behind(admin, search.alias) == [new]
    assert not admin.indices.exists(index=old)

    (root / "events.json").write_text(committed)
    run()
    change_mapping(root, "artist", {"type": "keyword"})
    file = read_mapping(root / "events.json")
    admin.indices.create(index=new, settings=dict(file.settings), mappings=dict(file.mappings))
    admin.indices.add_block(index=new, block="write")  # killed after an earlier move, before the empty one was deleted

    assert run().ok
    assert behind(admin, search.alias) == [new]
    admin.index(index=search.alias, id="1", document={"name": "taken"})


def test_an_index_with_the_aliases_name_is_left_alone(
    run: Create, admin: Elasticsearch, search: SearchSettings
) -> None:
    admin.index(index=search.alias, id="1", document={"name": "squatter"}, refresh=True)

    with pytest.raises(IndexConflictError, match=f"an index, not an alias, has the name '{search.alias}'") as caught:
        run()

    assert "it holds 1 documents" in caught.value.why
    assert admin.count(index=search.alias)["count"] == 1


def test_a_service_cannot_make_such_an_index_by_writing(
    search: SearchSettings, admin: Elasticsearch, indexer: ElasticsearchEndpoint
) -> None:
    from ticketctl.errors import BackendPermissionError
    from ticketctl.infra.elasticsearch import connect, translating

    client = connect(indexer)
    with pytest.raises(BackendPermissionError), translating(indexer):
        client.index(index=search.alias, id="1", document={"name": "too early"})
    client.close()

    assert not admin.indices.exists(index=search.alias)


def test_an_index_that_somebody_else_made_is_left_alone(
    run: Create, admin: Elasticsearch, search: SearchSettings
) -> None:
    foreign = f"{search.alias}_version2025"
    admin.indices.create(index=foreign, aliases={search.alias: {}})

    with pytest.raises(IndexConflictError, match="which ticketctl did not make"):
        run()

    assert behind(admin, search.alias) == [foreign]


def test_an_index_of_our_name_with_another_mapping_is_reported(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    file = read_mapping(root / "events.json")
    admin.indices.create(
        index=file.index_name(search.alias, 1),
        settings=dict(file.settings),
        mappings={"properties": {**file.mappings["properties"], "city": {"type": "text"}}},
    )

    with pytest.raises(IndexConflictError) as caught:
        run()

    assert caught.value.why == "properties.city.type: text, the file says keyword"


def test_two_at_once_make_one_index(run: Create, admin: Elasticsearch, search: SearchSettings) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = [future.result() for future in [pool.submit(run) for _ in range(4)]]

    assert [result.changed for result in results].count(True) == 1
    assert {result.index for result in results} == set(behind(admin, search.alias))
    assert list(admin.indices.get(index=f"{search.alias}*")) == [results[0].index]


def test_two_at_once_replace_an_empty_index_once(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    for number in range(3):
        run()
        change_mapping(root, f"field{number}", {"type": "keyword"})

        with ThreadPoolExecutor(3) as pool:
            results = [future.result() for future in [pool.submit(run) for _ in range(3)]]

        assert list(admin.indices.get(index=f"{search.alias}_v*")) == [results[0].index]
        assert behind(admin, search.alias) == [results[0].index]
        blocks = admin.indices.get_settings(index=results[0].index, name="index.blocks.*")
        assert not blocks


def test_what_the_server_refuses_in_the_file_is_a_problem_of_the_file(
    run: Create, admin: Elasticsearch, search: SearchSettings, root: Path
) -> None:
    change_mapping(root, "artist", {"type": "text", "analyzer": "klingon"})

    with pytest.raises(MappingFileError) as caught:
        run()

    assert caught.value.path == root / "events.json"
    assert "analyzer [klingon] has not been configured in mappings" in caught.value.why
    with pytest.raises(NotFoundError):
        admin.indices.get_alias(name=search.alias)


def test_every_action_is_shown_as_progress(run: Create) -> None:
    events: list[Event] = []

    result = run(emit=events.append)

    assert [event.detail for event in events if isinstance(event, Progress)] == list(result.actions)


# --- status ---------------------------------------------------------------------------------------


def test_the_status_of_a_missing_index_says_what_create_would_do(look: Callable[[], IndexStatus]) -> None:
    found = look()

    assert not found.ok
    assert (found.health, found.indices, found.documents) == ("missing", (), None)
    assert found.pending[0].startswith("create index ")


def test_the_status_of_a_good_index_counts_its_documents(
    run: Create, look: Callable[[], IndexStatus], admin: Elasticsearch, search: SearchSettings
) -> None:
    run()
    admin.index(index=search.alias, id="1", document={"name": "one"}, refresh=True)

    found = look()

    assert found.ok
    assert (found.documents, found.health, found.replicas, found.mapping_equal) == (1, "green", 0, True)
    assert found.bytes > 0


def test_an_unknown_field_of_a_document_shows_as_a_difference(
    run: Create, look: Callable[[], IndexStatus], admin: Elasticsearch, search: SearchSettings
) -> None:
    run()
    admin.index(index=search.alias, id="1", document={"colour": 7}, refresh=True)

    found = look()

    assert not found.ok
    assert not found.mapping_equal
    assert found.differences == ('properties.colour: {"type": "long"}, of which the file says nothing',)
    again = run()
    assert not again.changed
    assert again.remarks == ("documents brought fields that the file does not name: properties.colour",)


def test_an_index_that_is_read_only_shows_it(
    run: Create, look: Callable[[], IndexStatus], admin: Elasticsearch
) -> None:
    index = run().index
    admin.indices.put_settings(index=index, settings={"index.blocks.read_only_allow_delete": True})

    found = look()

    assert not found.ok
    assert found.write_blocks == ("index.blocks.read_only_allow_delete",)
    assert run().remarks == ("writes are refused: index.blocks.read_only_allow_delete is set",)


def test_the_status_of_a_conflict_names_it(
    look: Callable[[], IndexStatus], admin: Elasticsearch, search: SearchSettings
) -> None:
    admin.indices.create(index=search.alias)

    found = look()

    assert not found.ok
    assert found.conflict == f"an index, not an alias, has the name '{search.alias}'"
