import tarfile
from pathlib import Path

import pytest

from ticketctl.errors import ImageBuildError
from ticketctl.provision.stack.images.sources import KINDS, ImageSource, build_context, is_built_here, read_source

OWN = Path(__file__).parents[5] / "compose"
DOCKERFILE = "# first\nARG BASE=debian:sid-slim\nFROM ${BASE}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images" / "redis"
    made.mkdir(parents=True)
    (made / "Dockerfile").write_text(DOCKERFILE)
    (made / "entrypoint.sh").write_text("#!/bin/sh\n")
    return made


def source_of(folder: Path) -> ImageSource:
    source = read_source(folder.parents[1], "redis")
    assert source is not None
    return source


@pytest.mark.parametrize("kind", KINDS)
def test_every_folder_of_ours_says_what_it_begins_from(kind: str) -> None:
    source = read_source(OWN, kind)

    assert source is not None
    assert source.base == f"debian:{source.suite}-slim"
    assert is_built_here(source.reference, kind)


def test_a_project_without_the_folder_has_no_source(tmp_path: Path) -> None:
    assert read_source(tmp_path, "redis") is None


def test_the_identity_is_that_of_the_content(folder: Path) -> None:
    first = source_of(folder)

    (folder / "README.md").write_text("how to")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"\0")
    assert source_of(folder) == first

    (folder / "entrypoint.sh").write_text("#!/bin/sh\nset -e\n")
    changed = source_of(folder)
    assert changed.digest != first.digest

    (folder / "entrypoint.sh").rename(folder / "start.sh")
    assert source_of(folder).digest not in (first.digest, changed.digest)


def test_a_file_that_begins_where_another_ends_is_another_identity(folder: Path) -> None:
    (folder / "a").write_text("xy")
    (folder / "b").write_text("z")
    first = source_of(folder)

    (folder / "a").write_text("x")
    (folder / "b").write_text("yz")

    assert source_of(folder).digest != first.digest


@pytest.mark.parametrize("line", ["", "ARG BASE", "ARG BASE=ubuntu", "FROM debian:sid-slim"])
def test_a_dockerfile_that_does_not_say_its_base_is_refused(folder: Path, line: str) -> None:
    (folder / "Dockerfile").write_text(f"{line}\nFROM ${{BASE}}\n")

    with pytest.raises(ImageBuildError, match="which base"):
        source_of(folder)


def test_the_context_is_the_same_wherever_and_whenever_it_is_made(folder: Path) -> None:
    with build_context(source_of(folder), None) as context:
        first = context.read()
    (folder / "entrypoint.sh").touch()
    (folder / "entrypoint.sh").chmod(0o600)

    with build_context(source_of(folder), None) as context:
        assert context.read() == first
        context.seek(0)
        with tarfile.open(fileobj=context) as tar:
            assert {entry.name: oct(entry.mode) for entry in tar} == {"Dockerfile": "0o644", "entrypoint.sh": "0o755"}


def test_the_hosts_certificates_go_only_where_the_dockerfile_takes_them(folder: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    with build_context(source_of(folder), bundle) as context, tarfile.open(fileobj=context) as tar:
        assert "host-ca.crt" not in tar.getnames()

    (folder / "Dockerfile").write_text(f"{DOCKERFILE}COPY entrypoint.sh host-ca.cr[t] /tmp/\n")
    with_ca = source_of(folder)

    with build_context(with_ca, bundle) as context, tarfile.open(fileobj=context) as tar:
        assert "host-ca.crt" in tar.getnames()
    # What one host trusts is no part of the image's identity.
    bundle.write_text("another")
    assert source_of(folder) == with_ca


@pytest.mark.parametrize(
    ("reference", "ours"),
    [
        ("ticketctl/redis:0123456789ab", True),
        ("ticketctl/redis:dev", False),
        ("ticketctl/mysql:0123456789ab", False),
        ("redis:8", False),
        ("example.org/ticketctl/redis:0123456789ab", False),
        ("", False),
    ],
)
def test_only_references_of_this_builder_are_its_own(reference: str, ours: bool) -> None:
    assert is_built_here(reference, "redis") is ours
