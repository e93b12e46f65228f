"""Elasticsearch's disk watermarks, computed as the server does."""

from __future__ import annotations

import pytest

from ticketctl.provision.health.size import human_size, parse_size, percent
from ticketctl.provision.health.version import parse_version
from ticketctl.provision.health.watermark import Disk, must_stay_free, reached_stage

GB = 1024**3
PREFIX = "cluster.routing.allocation.disk"
SIZES = {
    f"{PREFIX}.watermark.low": "3gb",
    f"{PREFIX}.watermark.high": "2gb",
    f"{PREFIX}.watermark.flood_stage": "1gb",
}


@pytest.mark.parametrize(
    ("free", "stage"), [(4, None), (3, None), (2.5, "low"), (1.5, "high"), (1, "high"), (0.5, "flood_stage")]
)
def test_sizes_must_stay_free(free: float, stage: str | None) -> None:
    assert reached_stage(Disk("a", 100 * GB, int(free * GB)), SIZES) == stage


@pytest.mark.parametrize(
    ("written", "headroom", "free"),
    [
        ("85%", "-1", 150),
        ("85%", "200gb", 150),
        ("85%", "100gb", 100),
        ("0.85", "-1", 150),
        ("85%", "", 150),
        ("5gb", "1gb", 5),
        ("nonsense", "", 0),
    ],
)
def test_parts_may_be_used_and_large_disks_have_a_headroom(written: str, headroom: str, free: int) -> None:
    settings = {f"{PREFIX}.watermark.low": written, f"{PREFIX}.watermark.low.max_headroom": headroom}
    assert must_stay_free(1000 * GB, settings, "low") == pytest.approx(free * GB, abs=1)


def test_watermarks_can_be_switched_off() -> None:
    assert reached_stage(Disk("a", 100 * GB, 0), {**SIZES, f"{PREFIX}.threshold_enabled": "false"}) is None


@pytest.mark.parametrize(
    ("text", "size"), [("500mb", 500 * 1024**2), ("1.5g", 3 * 512 * 1024**2), ("7b", 7), ("-1", None), ("85%", None)]
)
def test_sizes_are_read(text: str, size: int | None) -> None:
    assert parse_size(text) == size


def test_sizes_are_shown() -> None:
    assert [human_size(count) for count in (0, 1023, 1536, 20 * GB)] == ["0 B", "1023 B", "1.5 KiB", "20 GiB"]
    assert (percent(1, 3), percent(1, 0)) == ("33 %", "0 %")


@pytest.mark.parametrize(
    ("text", "version"),
    [("9.7.4-2", (9, 7, 4)), ("8.0.6", (8, 0, 6)), ("8.19.21", (8, 19, 21)), ("8.4.0-commercial", (8, 4, 0)), ("", ())],
)
def test_versions_are_read(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version
