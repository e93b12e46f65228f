"""Is Elasticsearch what searching and indexing need?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.infra.elasticsearch_errors import Refusal, refused
from ticketctl.provision.health.model import Finding, fail, ok, warn
from ticketctl.provision.health.search_index import IndexChecks
from ticketctl.provision.health.size import human_size
from ticketctl.provision.health.target import Check, Target
from ticketctl.provision.health.version import parse_version
from ticketctl.provision.health.watermark import PREFIX, STAGES, Disk, Stage, flattened, reached_stage
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

MAJOR = 8
_CLUSTER_BLOCKS = ("cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete")
_STAGE_TEXTS: Mapping[Stage, str] = {
    "flood_stage": "indices become read-only",
    "high": "shards are moved away, and where there is no other node indexing will stop soon",
    "low": "no new shards are put here",
}


@dataclass(frozen=True, slots=True)
class ElasticsearchSession:
    """A client that is logged in, and what was asked once for several checks.

    Attributes:
        endpoint: Where requests go, for messages.
        client: The client.
        version: The server's version.
        index: The checks of the index.
    """

    endpoint: ElasticsearchEndpoint
    client: Elasticsearch
    version: str
    index: IndexChecks


def elasticsearch_target(
    endpoint: ElasticsearchEndpoint, root: Path, search: SearchSettings
) -> Target[ElasticsearchSession]:
    """Return the checks of Elasticsearch.

    Args:
        endpoint: Cluster and account.
        root: Folder that the mapping file's path starts from.
        search: Alias and mapping file.
    """

    @contextmanager
    def opened() -> Iterator[ElasticsearchSession]:
        with closing(connect(endpoint)) as client:
            with translating(endpoint):
                number = str(client.info()["version"]["number"])
            yield ElasticsearchSession(endpoint, client, number, IndexChecks(endpoint, client, root, search))

    return Target("elasticsearch", "elasticsearch", endpoint.url, endpoint.user, opened, _CHECKS, "elasticsearch")


def version(session: ElasticsearchSession) -> Finding:
    """Elasticsearch 8: the client and the security API speak its language."""
    if parse_version(session.version)[:1] != (MAJOR,):
        return fail(f"Elasticsearch {session.version}, wanted is 8.x", "set images.elasticsearch to an 8.19 release")
    return ok(f"Elasticsearch {session.version}")


def status(session: ElasticsearchSession) -> Finding:
    """Green, yellow or red: are all copies of all shards there?"""
    with translating(session.endpoint):
        health = session.client.cluster.health()
    color, missing = str(health["status"]), int(health["unassigned_shards"])
    nodes = int(health["number_of_nodes"])
    text = f"{color}, {nodes} node{'s' if nodes != 1 else ''}, {health['active_shards']} shards"
    if color == "green":
        return ok(text)
    text = f"{text}, {missing} not assigned"
    explain = "GET _cluster/allocation/explain says why a shard is not assigned"
    if color == "red":
        return fail(f"{text}: a part of the data cannot be read or written", explain)
    advice = "`ticketctl index create` sets replicas to 0 on a single node" if nodes == 1 else explain
    return warn(f"{text}: copies are missing, the data is complete", advice)


def disk(session: ElasticsearchSession) -> Finding:
    """How far is each node's disk from the watermarks?"""
    with translating(session.endpoint):
        nodes: Mapping[str, Any] = session.client.nodes.stats(metric="fs")["nodes"]
        # A filter matches nested names only, not the dotted ones of `flat_settings`.
        found = session.client.cluster.get_settings(include_defaults=True, filter_path=f"*.{PREFIX}").body
    settings: dict[str, str] = {}
    for origin in ("defaults", "persistent", "transient"):
        settings |= flattened(found.get(origin, {}))
    disks = [
        Disk(
            str(node["name"]),
            int(node["fs"]["total"]["total_in_bytes"]),
            int(node["fs"]["total"]["available_in_bytes"]),
        )
        for node in nodes.values()
    ]
    stages = {disk.node: reached_stage(disk, settings) for disk in disks}
    passed = [stage for stage in STAGES if stage in stages.values()]
    text = ", ".join(f"{disk.node}: {human_size(disk.free)} of {human_size(disk.total)} free" for disk in disks)
    if not passed:
        return ok(text)
    worst = passed[0]
    text = f"{text}; {worst.replace('_', '-')} watermark passed: {_STAGE_TEXTS[worst]}"
    advice = f"free disk space, or lower {PREFIX}.watermark.{worst}"
    return fail(text, advice) if worst == "flood_stage" else warn(text, advice)


def cluster_block(session: ElasticsearchSession) -> Finding:
    """Did somebody, or a full disk, make the cluster or the index read-only?"""
    with translating(session.endpoint):
        found = session.client.cluster.get_settings(flat_settings=True)
    settings = {**found.get("persistent", {}), **found.get("transient", {})}
    blocks = [name for name in _CLUSTER_BLOCKS if settings.get(name) == "true"]
    if blocks:
        return fail(f"{', '.join(blocks)} is set", f"PUT _cluster/settings with {blocks[0]}: null")
    return session.index.blocks()


def writable(session: ElasticsearchSession) -> Finding:
    """Write a document and delete it in one request.

    Both happen in one go on one shard, so that no search comes between them but by a hair's breadth;
    the document is empty, so that none but a search for everything would find it.
    """
    missing = session.index.missing()
    if missing:
        return missing
    place = {"_index": session.index.alias, "_id": f"ticketctl-health-{secrets.token_hex(8)}"}
    with translating(session.endpoint):
        answer = session.client.bulk(operations=[{"create": place}, {}, {"delete": place}])
    created = answer["items"][0]["create"]
    if "error" in created:
        error = created["error"]
        raise refused(session.endpoint, Refusal(created["status"], error["type"], error.get("reason", "")))
    return ok("a document was written and deleted")


_CHECKS: tuple[Check[ElasticsearchSession], ...] = (
    Check("version", version),
    Check("status", status),
    Check("disk", disk),
    Check("alias", lambda session: session.index.alias_leads_somewhere()),
    Check("mapping", lambda session: session.index.mapping()),
    Check("index settings", lambda session: session.index.settings()),
    Check("read-only block", cluster_block),
    Check("writable", writable),
)
