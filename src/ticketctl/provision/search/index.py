"""The index on the server: read it once, carry out one action of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ticketctl.provision.search.live import LiveIndex, Observed
from ticketctl.provision.search.mapping import Setting
from ticketctl.provision.search.plan import Action, CreateIndex, PointAlias, PutSettings, ReplaceEmptyIndex

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

NOT_AVAILABLE = 503


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
    """Return how many documents can be searched, None when not every shard answers.

    Args:
        client: Elasticsearch.
        index: An index or alias that exists.
    """
    answer = client.options(ignore_status=NOT_AVAILABLE).count(index=index)
    shards = answer.get("_shards")
    if not shards or shards["successful"] != shards["total"]:
        return None
    return int(answer["count"])


def setting_values(settings: Mapping[str, Any]) -> dict[str, Setting]:
    """Return an answer's flat settings, lists as tuples.

    Args:
        settings: Of one index, as the server sends them with `flat_settings`.
    """
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def _live(client: Elasticsearch, name: str, body: Mapping[str, Any]) -> LiveIndex:
    # A document is counted only once it can be searched, which an idle index puts off.
    client.indices.refresh(index=name)
    return LiveIndex(name, count_documents(client, name), body["mappings"], setting_values(body["settings"]))


def _replace_empty(client: Elasticsearch, alias: str, empty: str, index: str) -> bool:
    # The block is in force on every shard, with no write still under way, when the call returns. So
    # what is counted after it cannot grow until the index is gone.
    client.indices.add_block(index=empty, block="write")
    replaced = False
    try:
        client.indices.refresh(index=empty)
        if count_documents(client, empty) == 0:
            client.indices.update_aliases(
                actions=[{"add": {"alias": alias, "index": index}}, {"remove_index": {"index": empty}}]
            )
            replaced = True
    finally:
        if not replaced:
            client.indices.put_settings(index=empty, settings={"index.blocks.write": None})
    return replaced
