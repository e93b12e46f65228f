"""A plugin of the pytest that judges a mutant of the locks: it spares each run a server of its own.

`TICKETCTL_TEST_MUTANT_REDIS` names a container and its port.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import pytest

from conformance.locks import servers
from conformance.mutant import check_mutant
from integration.servers import Server

REDIS = "TICKETCTL_TEST_MUTANT_REDIS"


@contextmanager
def _that_runs(_command: Sequence[str] = ()) -> Iterator[servers.RedisServer]:
    name, port = os.environ[REDIS].split(":")
    yield servers.RedisServer(Server(name, int(port)))


def pytest_configure() -> None:
    check_mutant()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Put it in its place before any conftest takes the other one from there."""
    servers.running_redis = _that_runs  # type: ignore[assignment]  # its argument has another name
    return (yield)
