"""What the server has, as the plan sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketctl.provision.search.mapping import Setting

RED = "red"
WRITE_BLOCK = "index.blocks.write"
_WRITE_BLOCKS = ("index.blocks.read_only", "index.blocks.read_only_allow_delete", WRITE_BLOCK)


@dataclass(frozen=True, slots=True)
class LiveIndex:
    """An index as the server shows it.

    Attributes:
        name: Its own name.
        health: `green`, `yellow` or `red`; red when a shard is not started.
        documents: How many it holds, None when not every shard answers.
        mappings: Its mapping.
        settings: Its settings, dotted.
    """

    name: str
    health: str
    documents: int | None
    mappings: Mapping[str, Any]
    settings: Mapping[str, Setting]

    @property
    def write_blocks(self) -> tuple[str, ...]:
        """Settings that make the index refuse documents; the server sets one when its disk is nearly full."""
        return tuple(name for name in _WRITE_BLOCKS if self.settings.get(name) == "true")

    @property
    def documents_text(self) -> str:
        """The number of documents as a message says it."""
        return "an unknown number of documents" if self.documents is None else f"{self.documents} documents"


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there.

    Attributes:
        data_nodes: Nodes of the cluster that hold data.
        behind_alias: Indices that the alias leads to.
        wanted: The index of the wanted name, whether the alias leads to it or not.
        squatter: The index that has the alias's name as its own.
    """

    data_nodes: int
    behind_alias: tuple[LiveIndex, ...] = ()
    wanted: LiveIndex | None = None
    squatter: LiveIndex | None = None


def is_managed(name: str, alias: str) -> bool:
    """Tell whether an index has a name that only this tool gives.

    Args:
        name: Name of the index.
        alias: The alias that it would serve.
    """
    return re.fullmatch(rf"{re.escape(alias)}_v\d+_[0-9a-f]{{8}}", name) is not None
