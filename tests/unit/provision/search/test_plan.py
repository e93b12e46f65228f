"""The plan as text, for every state that an index can be found in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ticketctl.errors import IndexConflictError, MappingChangedError
from ticketctl.provision.search.live import LiveIndex, Observed, is_managed
from ticketctl.provision.search.mapping import MappingFile, Setting, flatten_settings, read_mapping
from ticketctl.provision.search.plan import CreateIndex, IndexPlan, plan_index
from ticketctl.settings.model import SearchSettings

FILE = read_mapping(Path(__file__).parents[3] / "fixtures/specification/events-mapping.json")
NAME = f"events_v1_{FILE.hash}"
OLD = "events_v1_00000000"
OVERRIDE = (
    "  override: 0 replicas instead of the 1 of events-mapping.json: a single data node has no place for a copy\n"
)


def live(name: str = NAME, *, documents: int | None = 0, **changes: Any) -> LiveIndex:
    settings: dict[str, Setting] = {**FILE.settings, "index.number_of_replicas": "0"}
    return replace(LiveIndex(name, "green", documents, FILE.mappings, settings), **changes)


def plan(observed: Observed, *, file: MappingFile = FILE, search: SearchSettings | None = None) -> IndexPlan:
    return plan_index(file, search or SearchSettings(), observed)


def text(observed: Observed, **options: Any) -> str:
    return str(plan(observed, **options)) + "\n"


def test_on_an_empty_node_the_index_is_created_behind_its_alias() -> None:
    planned = plan(Observed(data_nodes=1))

    assert f"{planned}\n" == (
        f"alias events -> index {NAME}\n  create index {NAME}: 3 shards, 0 replicas, behind alias events\n" + OVERRIDE
    )
    (create,) = planned.actions
    assert isinstance(create, CreateIndex)
    assert create.mappings == FILE.mappings
    assert create.settings == {**FILE.settings, "index.number_of_replicas": "0"}


def test_with_more_nodes_the_files_replicas_stand() -> None:
    assert text(Observed(data_nodes=2)) == (
        f"alias events -> index {NAME}\n  create index {NAME}: 3 shards, 1 replicas, behind alias events\n"
    )


def test_the_settings_override_of_replicas_wins_over_the_number_of_nodes() -> None:
    assert text(Observed(data_nodes=1), search=SearchSettings(replicas=2)) == (
        f"alias events -> index {NAME}\n"
        f"  create index {NAME}: 3 shards, 2 replicas, behind alias events\n"
        "  override: 2 replicas instead of the 1 of events-mapping.json: search.replicas in the settings\n"
    )
    assert "override" not in text(Observed(data_nodes=1), search=SearchSettings(replicas=1))


def test_what_is_as_it_should_be_is_left_alone() -> None:
    observed = Observed(1, behind_alias=(live(documents=7),), wanted=live(documents=7))

    assert text(observed) == f"alias events -> index {NAME}\n{OVERRIDE}  nothing to change\n"


def test_an_alias_that_was_lost_is_pointed_again() -> None:
    assert text(Observed(1, wanted=live())) == (
        f"alias events -> index {NAME}\n  point alias events at {NAME}\n{OVERRIDE}"
    )


def test_replicas_and_settings_of_the_live_index_are_brought_to_the_files() -> None:
    file = replace(FILE, settings={**FILE.settings, **flatten_settings({"refresh_interval": "30s"})})

    assert text(Observed(2, (live(),), live()), file=file) == (
        f"alias events -> index {NAME}\n"
        f"  change settings of {NAME}: index.refresh_interval unset -> 30s, index.number_of_replicas 0 -> 1\n"
    )


def test_replicas_that_the_server_sets_by_itself_are_left_to_it() -> None:
    file = replace(FILE, settings={**FILE.settings, "index.auto_expand_replicas": "0-1"})
    settings = {**file.settings, "index.number_of_replicas": "0"}
    found = live(settings=settings)

    assert text(Observed(1, (found,), found), file=file) == f"alias events -> index {NAME}\n  nothing to change\n"


def test_an_empty_index_with_an_older_mapping_is_replaced() -> None:
    assert text(Observed(1, (live(OLD),))) == (
        f"alias events -> index {NAME}\n"
        f"  create index {NAME}: 3 shards, 0 replicas\n"
        f"  move alias events from {OLD} to {NAME}, delete {OLD} (empty)\n" + OVERRIDE
    )


def test_a_replacement_that_was_interrupted_goes_on() -> None:
    assert text(Observed(1, (live(OLD),), wanted=live())) == (
        f"alias events -> index {NAME}\n  move alias events from {OLD} to {NAME}, delete {OLD} (empty)\n{OVERRIDE}"
    )


def test_a_write_block_that_an_interrupted_replacement_left_is_lifted() -> None:
    blocked = live(settings={**live().settings, "index.blocks.write": "true"})

    assert text(Observed(1, (live(OLD),), wanted=blocked)) == (
        f"alias events -> index {NAME}\n"
        f"  change settings of {NAME}: index.blocks.write true -> unset\n"
        f"  move alias events from {OLD} to {NAME}, delete {OLD} (empty)\n"
        f"{OVERRIDE}  note: writes are refused: index.blocks.write is set\n"
    )
    assert "change settings" not in text(Observed(1, (blocked,), wanted=blocked))


@pytest.mark.parametrize(("documents", "said"), [(3, "3 documents"), (None, "an unknown number of documents")])
def test_an_index_with_documents_and_an_older_mapping_is_never_replaced(documents: int | None, said: str) -> None:
    planned = plan(Observed(1, (live(OLD, documents=documents),)))

    assert planned.actions == ()
    assert isinstance(planned.conflict, MappingChangedError)
    assert (planned.conflict.index, planned.conflict.documents) == (OLD, documents)
    assert f"  cannot: events-mapping.json changed, and the index behind 'events' holds {said}" in str(planned)
    assert "nothing to change" not in str(planned)
    assert f"DELETE /{OLD}" in planned.conflict.next_step


def test_a_raised_version_asks_for_a_new_index_too() -> None:
    planned = plan(Observed(1, (live(documents=3),)), search=SearchSettings(version=2))

    assert planned.index == f"events_v2_{FILE.hash}"
    assert isinstance(planned.conflict, MappingChangedError)


def test_an_index_with_the_aliases_name_is_a_conflict() -> None:
    planned = plan(Observed(1, squatter=live("events", documents=4)))

    assert isinstance(planned.conflict, IndexConflictError)
    assert planned.conflict.what == "an index, not an alias, has the name 'events'"
    assert planned.conflict.why.startswith("it holds 4 documents.")


def test_an_index_that_somebody_else_made_is_not_touched_even_when_empty() -> None:
    planned = plan(Observed(1, (live("events-2025"),)))

    assert isinstance(planned.conflict, IndexConflictError)
    assert planned.conflict.what == "the alias 'events' leads to 'events-2025', which ticketctl did not make"


def test_an_alias_over_several_indices_is_a_conflict() -> None:
    planned = plan(Observed(1, (live(), live(OLD, documents=2)), wanted=live()))

    assert isinstance(planned.conflict, IndexConflictError)
    assert planned.conflict.why == f"{NAME} (0 documents), {OLD} (2 documents)"


def test_an_index_of_our_name_with_another_mapping_is_a_conflict() -> None:
    mappings = {"properties": {**FILE.mappings["properties"], "city": {"type": "text"}}}
    found = live(mappings=mappings, documents=5)

    planned = plan(Observed(1, (found,), found))

    assert isinstance(planned.conflict, IndexConflictError)
    assert planned.conflict.why == "properties.city.type: text, the file says keyword"


def test_fields_that_documents_brought_and_a_write_block_are_noted() -> None:
    mappings = {"properties": {**FILE.mappings["properties"], "colour": {"type": "text"}}}
    settings = {**live().settings, "index.blocks.read_only_allow_delete": "true"}
    found = live(mappings=mappings, settings=settings)

    assert text(Observed(1, (found,), found)) == (
        f"alias events -> index {NAME}\n{OVERRIDE}"
        "  note: documents brought fields that the file does not name: properties.colour\n"
        "  note: writes are refused: index.blocks.read_only_allow_delete is set\n"
        "  nothing to change\n"
    )


@pytest.mark.parametrize(
    ("name", "managed"),
    [
        ("events_v1_0123abcd", True),
        ("events_v12_0123abcd", True),
        ("events_v1_0123abcd_old", False),
        ("events_v1_0123ABCD", False),
        ("myevents_v1_0123abcd", False),
        ("events", False),
    ],
)
def test_managed_indices_are_told_by_their_names(name: str, managed: bool) -> None:
    assert is_managed(name, "events") is managed
    assert not is_managed("eventsXv1_0123abcd", "events.")
