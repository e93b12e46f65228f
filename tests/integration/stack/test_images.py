"""Building images with the real engine: once, again only after a change, and with its failures told."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_stack import LiveStack
from ticketctl.infra.docker import Engine, connect_engine

DOCKERFILE = "ARG BASE=debian:bookworm-slim\nFROM ${BASE}\nLABEL ticketctl.test=images\n"


@pytest.fixture
def engine() -> Iterator[Engine]:
    import os

    found = connect_engine(os.environ)
    yield found
    found.close()


@pytest.fixture
def project(tmp_path: Path, engine: Engine) -> Iterator[LiveStack]:
    """A project whose placeholder's image is a tiny one; what is built of it is removed."""
    live = LiveStack.create(tmp_path, "images", {"TICKETCTL_IMAGES__PREFER": "build"})
    folder = live.root / "compose" / "images" / "service"
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    write(live, f"RUN echo {uuid.uuid4().hex} > /id")
    yield live
    for image in engine.images.with_label("ticketctl.test=images"):
        for reference in image.tags or (image.id,):  # a build that failed leaves its last step without a name
            engine.images.remove(reference)


def write(live: LiveStack, instruction: str) -> None:
    (live.root / "compose" / "images" / "service" / "Dockerfile").write_text(f"{DOCKERFILE}{instruction}\n")


def test_what_is_unchanged_is_built_once(project: LiveStack, engine: Engine) -> None:
    (first,) = project.json("images", "build", "service")
    reference = f"ticketctl/service:{first['digest']}"
    image = engine.images.find(reference)
    assert image is not None
    assert image.labels["ticketctl.image"] == "service"

    assert project.json("images", "build", "service") == []
    assert re.search(rf"{reference} +here ", project.run("images", "list"))

    write(project, "RUN echo other > /id")
    (second,) = project.json("images", "build", "service")
    assert second["digest"] != first["digest"]


def test_a_dry_run_builds_nothing(project: LiveStack) -> None:
    assert "would build ticketctl/service:" in project.run("images", "build", "service", "--dry-run")
    assert "to be built" in project.run("images", "list")


def test_a_failed_instruction_shows_its_last_lines(project: LiveStack) -> None:
    write(project, "RUN echo the disk is not the cause >&2; exit 3")

    done = project.start("images", "build", "service")

    assert done.returncode == 5
    assert "TKT-205" in done.stderr
    assert "the disk is not the cause" in done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_while_building_is_recognised(project: LiveStack) -> None:
    """The kernel itself says ENOSPC: every write to /dev/full fails so."""
    write(project, "RUN dd if=/dev/zero of=/dev/full count=1")

    done = project.start("images", "build", "service")

    assert done.returncode == 5
    assert "TKT-206" in done.stderr
    assert "docker system df" in done.stderr


def test_an_unknown_name_is_answered_with_the_nearest(project: LiveStack) -> None:
    done = project.start("images", "build", "servce")

    assert done.returncode == 2
    assert "did you mean 'service'?" in done.stderr
