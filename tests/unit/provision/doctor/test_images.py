"""The verdict on registry and images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ticketctl.provision.doctor.images import ImagesSight, judge_images, judge_registry
from ticketctl.provision.doctor.machine import MIB
from ticketctl.provision.stack.images import ImageChoice

HERE = ImageChoice("redis", "redis:8", "the official image is here already", "none", "REDIS_IMAGE")
TO_BUILD = ImageChoice("mysql", "ticketctl/mysql:0123456789ab", "no registry answers", "build", "MYSQL_IMAGE")
TO_FETCH = ImageChoice("mysql", "mysql:9.7", "a registry answers", "pull", "MYSQL_IMAGE")


def test_a_registry_that_answers_is_fine() -> None:
    assert judge_registry(ImagesSight(registry_answers=True)).level == "ok"


@pytest.mark.parametrize(("choice", "level"), [(HERE, "ok"), (TO_BUILD, "ok"), (TO_FETCH, "warn")])
def test_a_silent_registry_matters_only_to_what_must_come_from_it(choice: ImageChoice, level: str) -> None:
    finding = judge_registry(ImagesSight(registry_answers=False, choices=(choice,)))

    assert (finding.level, finding.blocks) == (level, False)
    assert "no answer within 3 s" in finding.detail


def test_without_an_engine_neither_is_judged() -> None:
    assert judge_registry(None).level == "skipped"
    assert judge_images(None).level == "skipped"


def test_images_that_are_here_or_can_be_had_are_fine() -> None:
    assert judge_images(ImagesSight(True, (HERE,))).detail == "all here"
    assert "mysql:9.7 is to be fetched (a registry answers)" in judge_images(ImagesSight(True, (HERE, TO_FETCH))).detail


def test_an_image_that_can_neither_be_found_nor_fetched_blocks() -> None:
    finding = judge_images(ImagesSight(False, (TO_FETCH,), unavailable=("mysql:9.7",)))

    assert finding.blocks
    assert "mysql:9.7" in finding.detail
    assert "images.prefer: build" in finding.fix


def test_a_build_without_a_base_blocks_only_where_none_can_be_made() -> None:
    sight = ImagesSight(False, (TO_BUILD,), without_base=("mysql",))

    assert judge_images(sight).level == "ok"
    assert judge_images(replace(sight, can_make_base=False)).blocks


def test_only_what_is_still_to_come_needs_room() -> None:
    own = ImageChoice("booking", "registry.example/booking:7", "services.booking.image", "pull", "")

    assert ImagesSight(True, (HERE,)).missing_bytes == 0
    assert ImagesSight(True, (HERE, TO_BUILD)).missing_bytes == 600 * MIB
    assert ImagesSight(True, (TO_FETCH, own)).missing_bytes == 1500 * MIB
