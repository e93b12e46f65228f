"""The checks of the search index. What is there is read once for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ticketctl.infra.elasticsearch import translating
from ticketctl.provision.health.model import Finding, fail, ok, skipped, warn
from ticketctl.provision.search.mapping import read_mapping
from ticketctl.provision.search.status import IndexStatus, read_status
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_SHOWN = 3


class IndexChecks:
    """The index behind the alias, as `index status` sees it.

    Args:
        endpoint: Where requests go, for messages.
        client: The client.
        root: Folder that the mapping file's path starts from.
        search: Alias and mapping file.

    Attributes:
        alias: Name that services search by.
    """

    def __init__(
        self, endpoint: ElasticsearchEndpoint, client: Elasticsearch, root: Path, search: SearchSettings
    ) -> None:
        self.alias = search.alias
        self._endpoint = endpoint
        self._client = client
        self._root = root
        self._search = search
        self._status: IndexStatus | None = None

    def alias_leads_somewhere(self) -> Finding:
        """Can services search by the alias? Asked first: the other checks use what this one reads."""
        file = read_mapping(self._root / self._search.mapping)
        with translating(self._endpoint):
            status = self._status = read_status(self._client, file, self._search)
        if not status.indices:
            why = status.conflict or f"no index is behind the alias '{self.alias}'"
            return fail(why, "`ticketctl index status` says more" if status.conflict else "`ticketctl index create`")
        text = f"{self.alias} -> {', '.join(status.indices)}, {_documents(status)}"
        if len(status.indices) > 1:
            return warn(f"{text}: writes to an alias of several indices are refused", "`ticketctl index status`")
        if status.health == "red":
            return fail(f"{text}: a shard of it is missing", "GET _cluster/allocation/explain says why")
        return ok(text)

    def missing(self) -> Finding | None:
        """Return why a check of the index makes no sense, None when it does."""
        if self._status is None:
            return skipped("what is behind the alias could not be read")
        return None if self._status.indices else skipped(f"no index is behind the alias '{self.alias}'")

    def mapping(self) -> Finding:
        """Does the index equal the mapping file?"""
        status = self._status
        missing = self.missing()
        if missing or status is None:
            return missing or skipped("")
        # Settings that can be changed at any time are the next check's.
        changeable = status.pending and not status.conflict and status.indices == (status.wanted,)
        found = [text for text in status.differences if not (changeable and text.startswith("index."))]
        if not found:
            return ok(f"equals {self._search.mapping}")
        text = "; ".join(found[:_SHOWN])
        if len(found) > _SHOWN:
            text = f"{text}; and {len(found) - _SHOWN} more"
        if status.conflict or status.indices != (status.wanted,):
            return fail(text, "`ticketctl index status` shows every difference and what to do")
        return warn(f"{text}; all that the file says still holds", "add the field to the file, or stop sending it")

    def settings(self) -> Finding:
        """Are replicas and other settings those of the file and of `ticketctl.yaml`?"""
        status = self._status
        missing = self.missing()
        if missing or status is None:
            return missing or skipped("")
        if status.conflict:
            return warn(status.conflict, "`ticketctl index create` says what to do")
        if status.pending:
            return warn("; ".join(status.pending), "`ticketctl index create` does it")
        replicas = status.replicas or 0
        return ok(f"{replicas} replica{'s' if replicas != 1 else ''}")

    def blocks(self) -> Finding:
        """Is the index read-only?"""
        status = self._status
        missing = self.missing()
        if missing or status is None:
            return missing or skipped("")
        if status.write_blocks:
            name = status.write_blocks[0]
            return fail(
                f"{', '.join(status.write_blocks)} is set",
                "free disk space, if that is why: the server then takes the block away by itself; "
                f"else PUT {self.alias}/_settings with {name}: null",
            )
        return ok("none")


def _documents(status: IndexStatus) -> str:
    return "an unknown number of documents" if status.documents is None else f"{status.documents} documents"
