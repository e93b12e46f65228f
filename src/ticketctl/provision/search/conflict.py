"""What stands in the way of the plan: situations in which going on would lose documents."""

from __future__ import annotations

from ticketctl.errors import IndexConflictError, MappingChangedError, SearchIndexError
from ticketctl.provision.search.compare import differences, setting_changes
from ticketctl.provision.search.live import LiveIndex, Observed, is_managed
from ticketctl.provision.search.mapping import MappingFile


def find_conflict(file: MappingFile, alias: str, index: str, observed: Observed) -> SearchIndexError | None:
    """Return why the alias cannot be led to the wanted index without losing something.

    Args:
        file: The mapping file.
        alias: Name that services search by.
        index: Name of the wanted index.
        observed: What is there.

    Returns:
        The error to raise, None when nothing stands in the way.
    """
    if observed.squatter:
        return _name_taken(alias, observed.squatter)
    if len(observed.behind_alias) > 1:
        return _several(alias, observed.behind_alias)
    for live in observed.behind_alias:
        if not is_managed(live.name, alias):
            return _foreign(alias, live)
        if live.name != index and live.documents != 0:
            return _changed(file, alias, live)
    if observed.wanted:
        return _altered(file, observed.wanted)
    return None


def _name_taken(alias: str, live: LiveIndex) -> IndexConflictError:
    return IndexConflictError(
        f"an index, not an alias, has the name '{alias}'",
        why=f"it holds {live.documents_text}. Elasticsearch makes such an index by itself when a service "
        "writes to a name that does not exist yet",
        next_step="stop the service that wrote to it; if its documents can go, "
        f"`DELETE /{alias}` and run `ticketctl index create` again",
    )


def _several(alias: str, behind: tuple[LiveIndex, ...]) -> IndexConflictError:
    return IndexConflictError(
        f"the alias '{alias}' leads to {len(behind)} indices",
        why=", ".join(f"{live.name} ({live.documents_text})" for live in behind),
        next_step="take the alias from all but one with `POST /_aliases` and run `ticketctl index create` again",
    )


def _foreign(alias: str, live: LiveIndex) -> IndexConflictError:
    return IndexConflictError(
        f"the alias '{alias}' leads to '{live.name}', which ticketctl did not make",
        why=f"its indices are named {alias}_v<version>_<hash of the mapping>; this one holds {live.documents_text}",
        next_step="take the alias from that index with `POST /_aliases`, or set search.alias to another name",
    )


def _changed(file: MappingFile, alias: str, live: LiveIndex) -> MappingChangedError:
    return MappingChangedError(
        f"{file.path.name} changed, and the index behind '{alias}' holds {live.documents_text}",
        index=live.name,
        documents=live.documents,
        why=f"a mapping is fixed when its index is created: {live.name} keeps the old one, and its documents have to "
        "be carried over to a new index",
        next_step=f"undo the change of {file.path.name} until they can be carried over; where they can go, "
        f"`DELETE /{live.name}` and run `ticketctl index create` again",
    )


def _altered(file: MappingFile, live: LiveIndex) -> IndexConflictError | None:
    fixed = setting_changes(file, live.settings)
    broken = [
        item for item in differences(file, live.mappings, live.settings) if not item.added and item.where not in fixed
    ]
    if not broken:
        return None
    return IndexConflictError(
        f"the index {live.name} does not have the mapping that its name promises",
        why="\n".join(map(str, broken)),
        next_step="it was made or changed by something else than ticketctl: delete it if its "
        f"{live.documents_text} can go, or raise search.version to have a new one",
    )
