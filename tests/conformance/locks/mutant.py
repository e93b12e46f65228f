"""A plugin of the pytest that judges a mutant: it takes care that the mutant is what is tested, on a server that runs.

`TICKETCTL_TEST_MUTANT` names the folder of the mutant, `TICKETCTL_TEST_MUTANT_REDIS` a container and its port.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.locks import servers
from integration.servers import Server
from ticketctl import locks

FOLDER = "TICKETCTL_TEST_MUTANT"
REDIS = "TICKETCTL_TEST_MUTANT_REDIS"


@contextmanager
def _that_runs(_command: Sequence[str] = ()) -> Iterator[servers.RedisServer]:
    name, port = os.environ[REDIS].split(":")
    yield servers.RedisServer(Server(name, int(port)))


def pytest_configure() -> None:
    """Refuse to judge anything but the mutant; spare each run a server of its own."""
    if not Path(locks.__file__).is_relative_to(os.environ[FOLDER]):
        raise pytest.UsageError(f"the mutant is not what is imported: {locks.__file__}")
    servers.running_redis = _that_runs  # type: ignore[assignment]  # its argument has another name
