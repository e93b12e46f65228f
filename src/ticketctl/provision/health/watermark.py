"""When is a disk too full for Elasticsearch? The server's own rules, computed from its settings (pure).

A watermark is a size that must stay free (`500mb`), or a part that may be used (`85%`, `0.85`). To a
part belongs a headroom: on a large disk no more than that has to stay free.
https://www.elastic.co/guide/en/elasticsearch/reference/8.19/modules-cluster.html#disk-based-shard-allocation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ticketctl.provision.health.size import parse_size

PREFIX = "cluster.routing.allocation.disk"
Stage = Literal["flood_stage", "high", "low"]
STAGES: tuple[Stage, ...] = ("flood_stage", "high", "low")
"""From the one in which indices become read-only to the one in which no new shards come."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of one node, in bytes."""

    node: str
    total: int
    free: int


def reached_stage(disk: Disk, settings: Mapping[str, str]) -> Stage | None:
    """Return the worst watermark that a disk has passed, None when it has passed none.

    Args:
        disk: The disk.
        settings: The cluster's settings, flat, defaults included.
    """
    if settings.get(f"{PREFIX}.threshold_enabled", "true") == "false":
        return None
    for stage in STAGES:
        if disk.free < must_stay_free(disk.total, settings, stage):
            return stage
    return None


def must_stay_free(total: int, settings: Mapping[str, str], stage: Stage) -> int:
    """Return how many bytes have to be free for a watermark not to be passed.

    Args:
        total: Size of the disk in bytes.
        settings: The cluster's settings, flat, defaults included.
        stage: Which watermark.
    """
    written = settings.get(f"{PREFIX}.watermark.{stage}", "")
    size = parse_size(written)
    if size is not None:
        return size
    part = _part(written)
    if part is None:
        return 0
    free = round(total * (1 - part))
    headroom = parse_size(settings.get(f"{PREFIX}.watermark.{stage}.max_headroom", ""))
    return free if headroom is None else min(free, headroom)


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings with dotted names.

    Args:
        settings: As the server sends them.
        prefix: What each name begins with.
    """
    flat: dict[str, str] = {}
    for name, value in settings.items():
        flat |= flattened(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": str(value)}
    return flat


def _part(written: str) -> float | None:
    try:
        return float(written.removesuffix("%")) / 100 if written.endswith("%") else float(written)
    except ValueError:
        return None
