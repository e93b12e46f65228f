"""Look at the machine and at a checkout, without changing either."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ticketctl.infra.docker import Engine, EngineInfo
from ticketctl.provision.doctor.machine import Memory


@dataclass(frozen=True, slots=True)
class EngineSight:
    """The engine's machine, as far as it can be seen from here.

    Attributes:
        local: It is this very machine, so that what is seen here holds for the engine.
        root_dir: Where the engine keeps images and volumes.
        memory_bytes: Its memory, 0 when no engine answers.
        clock_skew: By how many seconds its clock is ahead of ours; None when it does not tell.
    """

    local: bool
    root_dir: str
    memory_bytes: int = 0
    clock_skew: float | None = None


# Where an engine would keep its things once it is installed here.
NO_ENGINE = EngineSight(local=True, root_dir="/var/lib")


def look_at(engine: Engine) -> EngineSight:
    """Ask the engine about its machine.

    Args:
        engine: The engine.

    Raises:
        EngineError: It does not say.
    """
    before = time.time()
    info = engine.info()
    skew = clock_skew(info.time, before, time.time())
    return EngineSight(is_local(engine.address.host, info), info.root_dir, info.memory_bytes, skew)


def is_local(address: str, info: EngineInfo) -> bool:
    """Say whether the engine runs on this very kernel.

    A desktop's socket is local too, but its engine lives in a virtual machine with another name; so does,
    from inside a container, the engine whose socket is mounted there.
    """
    return address.startswith("unix://") and info.name == os.uname().nodename and os.uname().sysname == "Linux"


def free_bytes(sight: EngineSight) -> int | None:
    """Return the free bytes where the engine keeps images, None when that cannot be seen."""
    try:
        return shutil.disk_usage(sight.root_dir).free if sight.local else None
    except OSError:
        return None


def read_memory(sight: EngineSight, meminfo: Path = Path("/proc/meminfo")) -> Memory | None:
    """Return the memory of the engine's machine, None when nothing is known of it."""
    rows: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        rows = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines())
    total = sight.memory_bytes or _kibibytes(rows.get("MemTotal", ""))
    available = _kibibytes(rows.get("MemAvailable", "")) if sight.local else None
    return Memory(total, available) if total else None


def _kibibytes(text: str) -> int | None:
    words = text.split()
    return int(words[0]) * 1024 if words and words[0].isdigit() else None


def read_map_count(sight: EngineSight, path: Path = Path("/proc/sys/vm/max_map_count")) -> int | None:
    """Return `vm.max_map_count`, None when that of the engine's kernel cannot be seen from here."""
    try:
        return int(path.read_text(encoding="ascii")) if sight.local else None
    except (OSError, ValueError):
        return None


def clock_skew(engine_time: str, before: float, after: float) -> float | None:
    """Return by how many seconds the engine's clock is ahead, None when its time cannot be read.

    Args:
        engine_time: RFC 3339, as the engine told it.
        before: This machine's clock when it was asked, seconds since 1970.
        after: This machine's clock when it had answered.
    """
    try:
        told = datetime.fromisoformat(_microseconds(engine_time)).timestamp()
    except ValueError:
        return None
    # It read its clock somewhere between the two.
    return told - min(max(told, before), after)


def lock_holder(path: Path, locks: Path = Path("/proc/locks")) -> int | None:
    """Return the process that holds a stack's lock, None when nobody does; the lock itself is not touched.

    What a killed command wrote into the file says nothing alone, so the kernel's list has to agree.
    """
    try:
        pid = int(json.loads(path.read_text(encoding="utf-8"))["pid"])
        inode = path.stat().st_ino
        rows = locks.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # "1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF"; the device differs from stat's on some file systems.
    held = any(
        columns[1] == "FLOCK" and columns[4] == str(pid) and columns[5].endswith(f":{inode}")
        for columns in map(str.split, rows)
    )
    return pid if held else None


def _microseconds(text: str) -> str:
    """Cut the nanoseconds that Python does not read off an RFC 3339 time."""
    head, dot, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return f"{head}{dot}{digits[:6].ljust(6, '0')}{rest[len(digits) :]}" if dot else text
