"""Disk, memory, kernel settings and clock: where the lines are drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ticketctl.provision.doctor.machine import (
    GIB,
    MIB,
    Memory,
    MemoryNeed,
    judge_clock,
    judge_disk,
    judge_map_count,
    judge_memory,
    memory_need,
)
from ticketctl.settings.model import LimitSettings, ServiceSettings, Settings

NEED = MemoryNeed(typical=2 * GIB, limits=4 * GIB)


@pytest.mark.parametrize(
    ("free", "level", "blocks"),
    [(2.9, "fail", True), (3.1, "warn", False), (6.1, "ok", False)],
)
def test_a_fresh_stack_needs_room_for_data_and_the_watermark(free: float, level: str, blocks: bool) -> None:
    finding = judge_disk(int(free * GIB), "/var/lib/docker", missing_images=0, fresh=True)

    assert (finding.level, finding.blocks) == (level, blocks)
    assert "3.0 GiB needed" in finding.detail
    assert bool(finding.fix) is (level != "ok")


def test_images_that_are_still_to_come_need_room_too_and_data_that_is_there_needs_none() -> None:
    assert "5.0 GiB needed" in judge_disk(9 * GIB, "/x", missing_images=2 * GIB, fresh=True).detail
    assert "2.0 GiB needed" in judge_disk(9 * GIB, "/x", missing_images=0, fresh=False).detail


def test_a_disk_out_of_sight_is_not_judged() -> None:
    assert judge_disk(None, "/var/lib/docker", missing_images=0, fresh=True).level == "skipped"


@pytest.mark.parametrize(
    ("memory", "running", "level", "blocks"),
    [
        (Memory(GIB, None), False, "fail", True),
        (Memory(16 * GIB, GIB), False, "warn", False),
        (Memory(16 * GIB, GIB), True, "ok", False),
        (Memory(3 * GIB, 3 * GIB), False, "warn", False),
        (Memory(16 * GIB, None), False, "ok", False),
        (None, False, "skipped", False),
    ],
    ids=["too small", "others take it", "the stack itself takes it", "below the limits", "plenty", "unknown"],
)
def test_memory(memory: Memory | None, running: bool, level: str, blocks: bool) -> None:
    finding = judge_memory(memory, NEED, running=running)

    assert (finding.level, finding.blocks) == (level, blocks)


def test_the_need_follows_the_settings() -> None:
    service = ServiceSettings(description="", language="python", port=8080)
    settings = Settings(
        services={"one": service, "two": service},
        limits=LimitSettings(
            mysql="1g", redis="256m", elasticsearch="1408m", elasticsearch_heap="512m", service="128m"
        ),
    )

    assert memory_need(settings, servers=1).limits == (1024 + 256 + 1408 + 2 * 128) * MIB
    more = replace(settings, limits=replace(settings.limits, elasticsearch_heap="1g"))
    assert memory_need(more, 1).typical - memory_need(settings, 1).typical == 512 * MIB
    assert memory_need(settings, 3).typical > memory_need(settings, 1).typical


@pytest.mark.parametrize(("value", "level"), [(65530, "warn"), (262144, "ok"), (1048576, "ok"), (None, "skipped")])
def test_a_small_map_count_is_a_warning_for_a_development_node(value: int | None, level: str) -> None:
    finding = judge_map_count(value)

    assert (finding.level, finding.blocks) == (level, False)
    assert ("sysctl -w vm.max_map_count=262144" in finding.fix) is (level == "warn")


@pytest.mark.parametrize(
    ("skew", "level", "said"),
    [
        (0.0, "ok", "agree"),
        (-1.9, "ok", "agree"),
        (7.25, "warn", "7.2 s ahead of"),
        (-90.0, "warn", "90.0 s behind"),
        (None, "skipped", "does not tell"),
    ],
)
def test_clock(skew: float | None, level: str, said: str) -> None:
    finding = judge_clock(skew)

    assert finding.level == level
    assert said in finding.detail
