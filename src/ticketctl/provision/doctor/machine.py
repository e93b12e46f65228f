"""Judge the machine: disk, memory, kernel settings, clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ticketctl.provision.doctor.model import Finding, blocked, ok, skipped, warn
from ticketctl.provision.stack.definition.size import mebibytes
from ticketctl.settings.model import Settings

MIB = 1024**2
GIB = 1024**3
MAP_COUNT = 262_144
"""What Elasticsearch's bootstrap check wants in production."""

_WATERMARK = 2 * GIB
"""Free room below which Elasticsearch places no shard: `disk.watermark.low` of the Compose file."""
_DATA = 1 * GIB
"""Three fresh databases with their binary log, an index, and logs."""
_CLOCK_TOLERANCE = 2.0
"""Seconds. Tokens, TTLs and logs of containers and host are compared by people and programs."""
# MiB, measured with the placeholders some minutes after the start, and rounded up.
_TYPICAL_MYSQL = 560
_TYPICAL_REDIS = 16
_TYPICAL_SERVICE = 24
_ELASTICSEARCH_BESIDE_HEAP = 384


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes.

    Attributes:
        total: Of the engine's machine.
        available: What could be given to programs now; None when that cannot be seen from here.
    """

    total: int
    available: int | None


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a stack takes.

    Attributes:
        typical: What it takes without load, in bytes.
        limits: The sum of its containers' limits, in bytes.
    """

    typical: int
    limits: int


def judge_disk(free: int | None, folder: str, *, missing_images: int, fresh: bool) -> Finding:
    """Judge the room for images and volumes.

    Args:
        free: Free bytes where the engine keeps them, None when that cannot be seen from here.
        folder: That folder.
        missing_images: Bytes that images still to come will take.
        fresh: Whether the stack has no data yet.
    """
    if free is None:
        return skipped("disk", f"{folder} is on the engine's machine, which cannot be looked at from here")
    need = missing_images + (_DATA if fresh else 0) + _WATERMARK
    told = f"{_size(free)} free in {folder}, {_size(need)} needed"
    fix = "free room (`docker system df` shows what takes it), or move the engine's data-root to a larger disk"
    if free < need:
        return blocked("disk", told, fix)
    if free < 2 * need:
        return warn("disk", f"{told}; little is left for data", fix)
    return ok("disk", told)


def judge_memory(memory: Memory | None, need: MemoryNeed, *, running: bool) -> Finding:
    """Judge the memory.

    Args:
        memory: What the engine's machine has, None when that cannot be seen.
        need: What the stack takes.
        running: Whether the stack runs: then what is available no longer has to hold it.
    """
    if memory is None:
        return skipped("memory", "neither the engine nor this system tells how much there is")
    told = f"{_size(memory.total)} in all; the stack takes about {_size(need.typical)}, at most {_size(need.limits)}"
    if memory.total < need.typical:
        return blocked("memory", told, "use a larger machine (or give Docker's virtual machine more memory)")
    if not running and memory.available is not None and memory.available < need.typical:
        return warn("memory", f"{_size(memory.available)} available of {told}", "end what else takes memory")
    if memory.total < need.limits:
        return warn(
            "memory", told, "under load the kernel may end a server: lower `limits` in ticketctl.yaml, or add memory"
        )
    return ok("memory", told)


def memory_need(settings: Settings, servers: int) -> MemoryNeed:
    """Return what the stack of these settings takes.

    Args:
        settings: The complete settings.
        servers: How many MySQL servers it has.
    """
    limits = settings.limits
    services = len(settings.services)
    typical = (
        servers * _TYPICAL_MYSQL
        + _TYPICAL_REDIS
        + mebibytes(limits.elasticsearch_heap)
        + _ELASTICSEARCH_BESIDE_HEAP
        + services * _TYPICAL_SERVICE
    )
    at_most = (
        servers * mebibytes(limits.mysql)
        + mebibytes(limits.redis)
        + mebibytes(limits.elasticsearch)
        + services * mebibytes(limits.service)
    )
    return MemoryNeed(typical * MIB, at_most * MIB)


def judge_map_count(value: int | None) -> Finding:
    """Judge `vm.max_map_count`, on which Elasticsearch insists unless it is a single development node."""
    name = "vm.max_map_count"
    if value is None:
        return skipped(name, "a setting of the engine's kernel, which cannot be looked at from here")
    if value >= MAP_COUNT:
        return ok(name, str(value))
    return warn(
        name,
        f"{value}; a single development node starts all the same, a production node wants {MAP_COUNT}",
        f"`sudo sysctl -w vm.max_map_count={MAP_COUNT}`; in /etc/sysctl.d/ it survives a restart",
    )


def judge_clock(skew: float | None) -> Finding:
    """Judge how far the engine's clock is ahead of this machine's, in seconds."""
    if skew is None:
        return skipped("clock", "the engine does not tell its time")
    if abs(skew) <= _CLOCK_TOLERANCE:
        return ok("clock", f"the engine's and this machine's agree within {_CLOCK_TOLERANCE:.0f} s")
    side = "ahead of" if skew > 0 else "behind"
    return warn(
        "clock",
        f"the engine's clock is {abs(skew):.1f} s {side} this machine's",
        "let both follow a time server (`timedatectl set-ntp true`); restart a desktop's virtual machine",
    )


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / MIB:.0f} MiB"
