"""What killed test runs left is removed; what lives, and what is somebody else's, stays."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker import APIClient
from docker.errors import NotFound

from leftovers import OWNER_LABEL, hold_test_lock, no_other_run, remove_leftovers
from ticketctl.infra.docker.address import engine_address
from ticketctl.infra.docker.model import PROJECT_LABEL

pytestmark = pytest.mark.integration
RUN = f"leftover-{uuid.uuid4().hex[:8]}-"
TESTS = f"ticketctl-test-{RUN}"
HOLD = """
import pathlib, sys
from leftovers import hold_test_lock
hold_test_lock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def client() -> Iterator[APIClient]:
    client = APIClient(base_url=engine_address(os.environ).host, version="auto")
    yield client
    client.close()


@pytest.fixture
def image(client: APIClient) -> Iterator[str]:
    """An image with nothing in it; its containers are never started."""
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    reference = f"ticketctl-test-empty:{RUN.strip('-')}"
    client.import_image_from_data(archive.getvalue(), repository="ticketctl-test-empty", tag=RUN.strip("-"))
    yield reference
    client.remove_image(reference)


class Things:
    """Containers, networks and volumes of a test, removed after it whatever became of them."""

    def __init__(self, client: APIClient, image: str) -> None:
        self._client = client
        self._image = image
        self._made: list[tuple[str, str]] = []

    def make(self, name: str, labels: dict[str, str]) -> None:
        self._client.create_container(self._image, ["true"], name=f"{name}-container", labels=labels)
        self._client.create_network(f"{name}-network", labels=labels)
        self._client.create_volume(f"{name}-volume", labels=labels)
        self._made += [(kind, f"{name}-{kind}") for kind in ("container", "network", "volume")]

    def left(self) -> set[str]:
        names = set()
        for kind, name in self._made:
            with suppress(NotFound):
                getattr(self._client, f"inspect_{kind}")(name)
                names.add(name)
        return names

    def remove(self) -> None:
        for kind, name in self._made:
            with suppress(NotFound):
                getattr(self._client, f"remove_{kind}")(name)


@pytest.fixture
def things(client: APIClient, image: str) -> Iterator[Things]:
    things = Things(client, image)
    yield things
    things.remove()


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def test_only_leftovers_are_removed(client: APIClient, things: Things) -> None:
    things.make(f"{RUN}stack", {PROJECT_LABEL: f"{TESTS}a"})
    things.make(f"{RUN}orphan", {OWNER_LABEL: str(dead_process())})
    things.make(f"{RUN}living", {OWNER_LABEL: str(os.getpid())})
    things.make(f"{RUN}developer", {PROJECT_LABEL: f"shop-{RUN}"})

    removed = remove_leftovers(client, TESTS)

    assert things.left() == {
        f"{RUN}{owner}-{kind}" for owner in ("living", "developer") for kind in ("container", "network", "volume")
    }
    assert {line for line in removed if RUN in line} == {
        f"{kind} {RUN}{owner}-{kind}" for owner in ("stack", "orphan") for kind in ("container", "network", "volume")
    }


def test_stacks_stay_while_another_run_may_have_some(client: APIClient, things: Things) -> None:
    things.make(f"{RUN}stack", {PROJECT_LABEL: f"{TESTS}a"})

    remove_leftovers(client, TESTS, stacks=False)

    assert len(things.left()) == 3


def test_a_run_is_known_until_its_process_ends_however_it_ends(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with no_other_run(lock) as alone:
            assert not alone
        process.kill()

    with no_other_run(lock) as alone:
        assert alone


def test_two_runs_do_not_wait_for_each_other(tmp_path: Path) -> None:
    first = hold_test_lock(tmp_path / "lock")
    hold_test_lock.cache_clear()
    second = hold_test_lock(tmp_path / "lock")

    assert first != second
    os.close(first)
    os.close(second)
