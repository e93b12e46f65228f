"""What has to be done so that the alias leads to an index with the file's mapping. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ticketctl.errors import SearchIndexError
from ticketctl.provision.search.compare import differences, setting_changes
from ticketctl.provision.search.conflict import find_conflict
from ticketctl.provision.search.live import WRITE_BLOCK, LiveIndex, Observed
from ticketctl.provision.search.mapping import REPLICAS, MappingFile, Setting
from ticketctl.settings.model import SearchSettings

AUTO_EXPAND = "index.auto_expand_replicas"  # with it, the server sets the replicas by itself


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """Create the index, behind the alias from its first moment unless `alias` is None."""

    index: str
    alias: str | None
    settings: Mapping[str, Setting]
    mappings: Mapping[str, Any]

    def __str__(self) -> str:
        shards = self.settings.get("index.number_of_shards", "1")
        alias = f", behind alias {self.alias}" if self.alias else ""
        return f"create index {self.index}: {shards} shards, {self.settings[REPLICAS]} replicas{alias}"


@dataclass(frozen=True, slots=True)
class PointAlias:
    """Let the alias, which leads nowhere, lead to an index that is there."""

    alias: str
    index: str

    def __str__(self) -> str:
        return f"point alias {self.alias} at {self.index}"


@dataclass(frozen=True, slots=True)
class ReplaceEmptyIndex:
    """Move the alias from an index without documents to another one in one step, then delete the empty one."""

    alias: str
    empty: str
    index: str

    def __str__(self) -> str:
        return f"move alias {self.alias} from {self.empty} to {self.index}, delete {self.empty} (empty)"


@dataclass(frozen=True, slots=True)
class PutSettings:
    """Change settings of the live index."""

    index: str
    settings: Mapping[str, Setting | None]
    before: Mapping[str, Setting | None]

    def __str__(self) -> str:
        changes = (f"{name} {_value(self.before[name])} -> {_value(value)}" for name, value in self.settings.items())
        return f"change settings of {self.index}: {', '.join(changes)}"


Action = CreateIndex | PointAlias | ReplaceEmptyIndex | PutSettings


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What `create` will do.

    Attributes:
        alias: Name that services search by.
        index: The concrete index behind it.
        replicas: Copies of each shard that the index shall have.
        actions: What to do, in order; empty when nothing has to change.
        overrides: Where the plan departs from the file, and why.
        remarks: What does not hinder, but should be known.
        conflict: Why nothing can be done, None when it can.
    """

    alias: str
    index: str
    replicas: int
    actions: tuple[Action, ...] = ()
    overrides: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    conflict: SearchIndexError | None = None

    def __str__(self) -> str:
        lines = [f"alias {self.alias} -> index {self.index}"]
        lines += [f"  {action}" for action in self.actions]
        lines += [f"  override: {override}" for override in self.overrides]
        lines += [f"  note: {remark}" for remark in self.remarks]
        if self.conflict:
            lines.append(f"  cannot: {self.conflict.what}")
        elif not self.actions:
            lines.append("  nothing to change")
        return "\n".join(lines)


def plan_index(file: MappingFile, search: SearchSettings, observed: Observed) -> IndexPlan:
    """Decide what to do.

    Args:
        file: The mapping file.
        search: Alias, version, and an override of the replicas.
        observed: What is there.

    Returns:
        The plan; a conflict is part of it, so that it can be printed.
    """
    index = file.index_name(search.alias, search.version)
    replicas, overrides = _replicas(file, search, observed.data_nodes)
    settings = {**file.settings, REPLICAS: str(replicas)}
    plan = IndexPlan(search.alias, index, replicas, overrides=overrides)
    if conflict := find_conflict(file, search.alias, index, observed):
        return replace(plan, conflict=conflict)
    live, behind = observed.wanted, observed.behind_alias
    if live is None:
        create = CreateIndex(index, None if behind else search.alias, settings, file.mappings)
        return replace(plan, actions=(create, *_lead_to(index, search.alias, behind)) if behind else (create,))
    put = _put_settings(file, live, replicas, in_use=bool(behind) and behind[0].name == index)
    return replace(plan, actions=(*put, *_lead_to(index, search.alias, behind)), remarks=_remarks(file, live))


def _replicas(file: MappingFile, search: SearchSettings, data_nodes: int) -> tuple[int, tuple[str, ...]]:
    if search.replicas is not None:
        replicas, why = search.replicas, "search.replicas in the settings"
    elif data_nodes == 1 and AUTO_EXPAND not in file.settings:
        replicas, why = 0, "a single data node has no place for a copy"
    else:
        return file.replicas, ()
    if replicas == file.replicas:
        return replicas, ()
    return replicas, (f"{replicas} replicas instead of the {file.replicas} of {file.path.name}: {why}",)


def _lead_to(index: str, alias: str, behind: tuple[LiveIndex, ...]) -> tuple[Action, ...]:
    if not behind:
        return (PointAlias(alias, index),)
    if behind[0].name == index:
        return ()
    return (ReplaceEmptyIndex(alias, behind[0].name, index),)


def _put_settings(file: MappingFile, live: LiveIndex, replicas: int, *, in_use: bool) -> tuple[Action, ...]:
    changes: dict[str, Setting | None] = {**setting_changes(file, live.settings)}
    if AUTO_EXPAND not in file.settings and live.settings.get(REPLICAS) != str(replicas):
        changes[REPLICAS] = str(replicas)
    if not in_use and WRITE_BLOCK in live.write_blocks:
        changes[WRITE_BLOCK] = None  # left behind by a replacement that was interrupted
    if not changes:
        return ()
    return (PutSettings(live.name, changes, {name: live.settings.get(name) for name in changes}),)


def _remarks(file: MappingFile, live: LiveIndex) -> tuple[str, ...]:
    added = [item.where for item in differences(file, live.mappings, live.settings) if item.added]
    remarks = [f"documents brought fields that the file does not name: {', '.join(added)}"] if added else []
    remarks += [f"writes are refused: {name} is set" for name in live.write_blocks]
    return tuple(remarks)


def _value(value: Setting | None) -> str:
    if value is None:
        return "unset"
    return value if isinstance(value, str) else ", ".join(value)
