"""`index status`: is the index there, is it what the file says, does it answer?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.provision.search.compare import differences
from ticketctl.provision.search.index import observe, unassigned_reason
from ticketctl.provision.search.live import RED, LiveIndex
from ticketctl.provision.search.mapping import REPLICAS, MappingFile, read_mapping
from ticketctl.provision.search.plan import plan_index
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index as it is.

    Attributes:
        alias: Name that services search by.
        wanted: The concrete index that the mapping file and the settings ask for.
        indices: What the alias leads to.
        documents: How many can be searched, None when that cannot be told.
        bytes: Size of the primary shards on disk.
        health: `green`, `yellow`, `red`, or `missing`.
        trouble: Why a shard is not started, empty when all are.
        replicas: Copies of each shard that the live index is set to, None when it is missing.
        mapping_equal: Whether mapping and settings equal the file.
        differences: Where they do not.
        write_blocks: Settings that make the index refuse documents.
        pending: What `index create` would do, one line each.
        conflict: Why it cannot, empty when it can.
    """

    alias: str
    wanted: str
    indices: tuple[str, ...]
    documents: int | None
    bytes: int
    health: str
    trouble: str
    replicas: int | None
    mapping_equal: bool
    differences: tuple[str, ...]
    write_blocks: tuple[str, ...]
    pending: tuple[str, ...]
    conflict: str

    @property
    def ok(self) -> bool:
        """Whether the wanted index is there, equals the file, answers and takes documents."""
        found = self.indices == (self.wanted,) and not self.pending and not self.conflict
        return found and self.mapping_equal and self.health != RED and not self.write_blocks


def status(root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint) -> IndexStatus:
    """Compare the live index with the file.

    Args:
        root: Folder that the mapping file's path starts from.
        search: Alias, mapping file, version, override of the replicas.
        endpoint: Elasticsearch and the account that manages the index.

    Raises:
        MappingFileError: The file cannot be used.
        BackendError: Elasticsearch cannot be reached, or refuses the account.
    """
    file = read_mapping(root / search.mapping)
    with translating(endpoint), closing(connect(endpoint)) as client:
        return read_status(client, file, search)


def read_status(client: Elasticsearch, file: MappingFile, search: SearchSettings) -> IndexStatus:
    """Like `status`, with a client and a file that are there already.

    Args:
        client: Elasticsearch.
        file: The mapping file.
        search: Alias, version, override of the replicas.
    """
    observed = observe(client, search.alias, file.index_name(search.alias, search.version))
    plan = plan_index(file, search, observed)
    live = observed.behind_alias[0] if observed.behind_alias else None
    found = differences(file, live.mappings, live.settings) if live else ()
    return IndexStatus(
        alias=search.alias,
        wanted=plan.index,
        indices=tuple(index.name for index in observed.behind_alias),
        documents=live.documents if live else None,
        bytes=_size(client, live),
        health=live.health if live else "missing",
        trouble=unassigned_reason(client, live.name) if live and live.health == RED else "",
        replicas=int(str(live.settings[REPLICAS])) if live else None,
        mapping_equal=live is not None and not found,
        differences=tuple(map(str, found)),
        write_blocks=live.write_blocks if live else (),
        pending=tuple(map(str, plan.actions)),
        conflict=plan.conflict.what if plan.conflict else "",
    )


def _size(client: Elasticsearch, live: LiveIndex | None) -> int:
    if live is None:
        return 0
    answer = client.indices.stats(index=live.name, metric="store")
    return int(answer["_all"]["primaries"].get("store", {}).get("size_in_bytes", 0))
