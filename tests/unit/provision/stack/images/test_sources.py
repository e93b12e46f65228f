"""Build folders: what changes their identity, and what is sent to the engine."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from ticketctl.errors import ImageBuildError
from ticketctl.provision.stack.images.sources import KINDS, ImageSource, build_context, is_built_here, read_source

ROOT = Path(__file__).parents[5]
DOCKERFILE = "ARG BASE=debian:bookworm-slim\nFROM ${BASE}\nCOPY run.sh host-ca.cr[t] /\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "images" / "redis"
    path.mkdir(parents=True)
    (path / "Dockerfile").write_text(DOCKERFILE)
    (path / "run.sh").write_text("#!/bin/sh\n")
    return path


def source(folder: Path) -> ImageSource:
    found = read_source(folder.parents[1], folder.name)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_folder_of_this_project_can_be_built(kind: str) -> None:
    found = read_source(ROOT / "compose", kind)

    assert found is not None
    assert is_built_here(found.reference, kind)
    assert found.suite == ("sid" if kind in ("mysql", "redis") else "bookworm")


def test_the_identity_follows_the_content_alone(folder: Path) -> None:
    before = source(folder).digest
    (folder / "README.md").write_text("words")
    (folder / "run.sh").chmod(0o755)
    assert source(folder).digest == before

    (folder / "run.sh").write_text("#!/bin/sh\nexit 1\n")
    assert source(folder).digest != before


def test_moving_a_line_between_files_is_a_change(folder: Path) -> None:
    (folder / "a").write_text("xy")
    before = source(folder).digest
    (folder / "a").write_text("x")
    (folder / "b").write_text("y")

    assert source(folder).digest != before


def test_a_project_without_the_folder_has_no_source(tmp_path: Path) -> None:
    assert read_source(tmp_path, "mysql") is None


def test_a_dockerfile_must_say_its_base(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM debian:bookworm-slim\n")

    with pytest.raises(ImageBuildError, match="does not say which base"):
        read_source(folder.parents[1], "redis")


def names(found: ImageSource, host_ca: Path | None) -> dict[str, int]:
    with tarfile.open(fileobj=build_context(found, host_ca)) as tar:
        return {entry.name: entry.mode for entry in tar.getmembers()}


def test_the_context_is_the_same_on_every_machine(folder: Path) -> None:
    first = build_context(source(folder), None).read()
    (folder / "run.sh").touch()

    assert build_context(source(folder), None).read() == first
    assert names(source(folder), None) == {"Dockerfile": 0o644, "run.sh": 0o755}


def test_the_host_s_authorities_go_only_where_they_are_asked_for(folder: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")

    assert "host-ca.crt" in names(source(folder), bundle)
    (folder / "Dockerfile").write_text(DOCKERFILE.replace(" host-ca.cr[t]", ""))
    assert "host-ca.crt" not in names(source(folder), bundle)
