"""The index on the server: read it once, carry out one action of a plan."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ticketctl.provision.search.live import RED, WRITE_BLOCK, LiveIndex, Observed
from ticketctl.provision.search.mapping import Setting
from ticketctl.provision.search.plan import Action, CreateIndex, PointAlias, PutSettings, ReplaceEmptyIndex

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

NOT_FOUND = 404
NOT_AVAILABLE = 503
SEARCHES_END_SECONDS = 1.0


def observe(client: Elasticsearch, alias: str, wanted: str) -> Observed:
    """Read what there is.

    Args:
        client: Elasticsearch.
        alias: Name that services search by; what lies behind it is read.
        wanted: Name of the concrete index that there should be.
    """
    health = client.cluster.health()
    answer = client.indices.get(
        index=f"{alias},{wanted}", ignore_unavailable=True, allow_no_indices=True, flat_settings=True
    )
    found = {name: _live(client, name, body) for name, body in answer.items()}
    return Observed(
        data_nodes=int(health["number_of_data_nodes"]),
        behind_alias=tuple(live for name, live in sorted(found.items()) if alias in answer[name]["aliases"]),
        wanted=found.get(wanted),
        squatter=found.get(alias),
    )


def execute(client: Elasticsearch, action: Action, *, seconds: float) -> bool:
    """Carry out one action.

    Args:
        client: Elasticsearch.
        action: What to do.
        seconds: How long the server may take to start the shards of a new index.

    Returns:
        Whether it was done; False when what it was planned for is no longer so.
    """
    match action:
        case CreateIndex(index, alias, settings, mappings):
            aliases: dict[str, Any] = {alias: {}} if alias else {}
            client.indices.create(
                index=index,
                aliases=aliases,
                settings=dict(settings),
                mappings=dict(mappings),
                timeout=f"{int(seconds * 1000)}ms",
            )
        case PointAlias(alias, index):
            client.indices.update_aliases(actions=[{"add": {"alias": alias, "index": index}}])
        case PutSettings(index, settings, _):
            client.indices.put_settings(index=index, settings=dict(settings))
        case ReplaceEmptyIndex(alias, empty, index):
            return _replace_empty(client, alias, empty, index)
    return True


def count_documents(client: Elasticsearch, index: str) -> int | None:
    """Return how many documents an index holds, None when not every shard answers.

    Args:
        client: Elasticsearch.
        index: An index or alias that exists and whose shards are started.
    """
    # A document is counted only once it can be searched, which an idle index puts off.
    client.indices.refresh(index=index)
    answer = client.options(ignore_status=NOT_AVAILABLE).count(index=index)
    shards = answer.get("_shards")
    if not shards or shards["successful"] != shards["total"]:
        return None
    return int(answer["count"])


def unassigned_reason(client: Elasticsearch, index: str) -> str:
    """Return why a shard of an index is not started, empty when all are.

    Args:
        client: Elasticsearch.
        index: An index that exists.
    """
    shards = client.cluster.health(index=index, level="shards")["indices"][index]["shards"]
    waiting = [int(number) for number, shard in shards.items() if not shard["primary_active"]]
    if not waiting:
        return ""
    answer = client.cluster.allocation_explain(index=index, shard=waiting[0], primary=True)
    refusals = {
        decider["explanation"]
        for node in answer.get("node_allocation_decisions", [])
        for decider in node.get("deciders", [])
        if decider["decision"] != "YES"
    }
    return "; ".join(sorted(refusals)) or str(answer.get("allocate_explanation", "it is starting"))


def setting_values(settings: Mapping[str, Any]) -> dict[str, Setting]:
    """Return an answer's flat settings, lists as tuples.

    Args:
        settings: Of one index, as the server sends them with `flat_settings`.
    """
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def _live(client: Elasticsearch, name: str, body: Mapping[str, Any]) -> LiveIndex:
    health = str(client.cluster.health(index=name)["status"])
    # A shard that is not started lets a refresh wait for a minute.
    documents = None if health == RED else count_documents(client, name)
    return LiveIndex(name, health, documents, body["mappings"], setting_values(body["settings"]))


def _replace_empty(client: Elasticsearch, alias: str, empty: str, index: str) -> bool:
    # The block is in force on every shard, with no write still under way, when the call returns. So
    # what is counted after it cannot grow any more.
    client.indices.add_block(index=empty, block="write")
    moved = False
    try:
        if count_documents(client, empty) == 0:
            client.indices.update_aliases(
                actions=[
                    {"add": {"alias": alias, "index": index}},
                    {"remove": {"alias": alias, "index": empty}},
                ]
            )
            moved = True
    finally:
        if not moved:
            client.indices.put_settings(index=empty, settings={WRITE_BLOCK: None})
    if moved:
        # Not in the same step: a search that was sent to the old index just before would fail.
        time.sleep(SEARCHES_END_SECONDS)
        client.options(ignore_status=NOT_FOUND).indices.delete(index=empty)
    return moved
