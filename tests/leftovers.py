"""What test runs that were killed left on the engine, and how to tell it from a run that goes on.

A run holds a shared lock while it may have stacks; the kernel gives it back however the run ends. A single
container says by its label which process made it. `python tests/leftovers.py` removes the rest.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from docker import APIClient
from docker.errors import NotFound

from ticketctl.infra.docker.address import engine_address
from ticketctl.infra.docker.model import PROJECT_LABEL

PREFIX = "ticketctl-test-"
OWNER_LABEL = "ticketctl.test"
LOCK = Path(tempfile.gettempdir()) / f"ticketctl-test-{os.getuid()}.lock"


@functools.cache
def hold_test_lock(path: Path = LOCK) -> int:
    """Say, until this process ends, that a test run with stacks goes on."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextlib.contextmanager
def no_other_run(path: Path = LOCK) -> Iterator[bool]:
    """Say whether no test run has stacks, and keep one from beginning meanwhile."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def remove_leftovers(client: APIClient, prefix: str = PREFIX, *, stacks: bool = True) -> list[str]:
    """Remove what belongs to test runs that are no more, and return what it was.

    Args:
        client: Connection to the engine.
        prefix: Beginning of the tests' Compose projects.
        stacks: Remove Compose projects as well; not while another run may have some.
    """

    def is_leftover(labels: Mapping[str, str] | None) -> bool:
        labels = labels or {}
        return (stacks and labels.get(PROJECT_LABEL, "").startswith(prefix)) or _is_orphan(labels.get(OWNER_LABEL, ""))

    removed = []
    for container in client.containers(all=True):
        if is_leftover(container["Labels"]):
            with contextlib.suppress(NotFound):
                client.remove_container(container["Id"], force=True, v=True)
            removed.append(f"container {container['Names'][0].lstrip('/')}")
    for network in client.networks():
        if is_leftover(network["Labels"]):
            with contextlib.suppress(NotFound):
                client.remove_network(network["Id"])
            removed.append(f"network {network['Name']}")
    for volume in client.volumes()["Volumes"] or ():
        if is_leftover(volume["Labels"]):
            with contextlib.suppress(NotFound):
                client.remove_volume(volume["Name"])
            removed.append(f"volume {volume['Name']}")
    return removed


def _is_orphan(owner: str) -> bool:
    """Whether the process that a label names has ended."""
    return owner.isdigit() and not Path("/proc", owner).exists()


def main() -> None:
    """Remove the leftovers on the engine that the docker client would use, and say what went."""
    client = APIClient(base_url=engine_address(os.environ).host, version="auto")
    with no_other_run() as alone:
        removed = remove_leftovers(client, stacks=alone)
    for name in removed:
        sys.stdout.write(f"removed {name}\n")
    if not alone:
        sys.stdout.write("another test run goes on: its stacks are left alone\n")


if __name__ == "__main__":
    main()
