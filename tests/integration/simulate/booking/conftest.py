"""An event on sale, and processes of the booking service that sell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from integration.servers import Server
from integration.simulate.booking.box_office import BoxOffice, World, made_world

Start = Callable[..., BoxOffice]


@pytest.fixture(scope="session")
def _booking_databases(own_mysql: Server, own_redis: Server) -> Iterator[World]:
    with made_world(own_mysql, own_redis) as made:
        yield made


@pytest.fixture(scope="session")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the books of the one payment provider of all processes are."""
    return tmp_path_factory.mktemp("booking")


@pytest.fixture(scope="session")
def _office(_booking_databases: World, _folder: Path) -> Iterator[BoxOffice]:
    _booking_databases.begin()
    with BoxOffice(_booking_databases, _folder) as office:
        yield office


@pytest.fixture
def world(_booking_databases: World) -> World:
    _booking_databases.begin()
    return _booking_databases


@pytest.fixture
def start(world: World, _folder: Path) -> Iterator[Start]:
    """Start processes of the service for one test."""
    with ExitStack() as running:
        yield lambda crash="", **settings: running.enter_context(BoxOffice(world, _folder, crash, **settings))


@pytest.fixture
def office(request: pytest.FixtureRequest, _office: BoxOffice) -> BoxOffice:
    """A process of the service that tests share: a test that ends it starts its own."""
    request.getfixturevalue("world")
    return _office
