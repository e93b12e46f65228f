"""Tiny stacks on the real engine, each removed after its test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.servers import docker
from integration.stack.tiny import TinyStack
from ticketctl.infra.docker import Engine, connect_engine

MakeStack = Callable[..., TinyStack]
RunDocker = Callable[..., str]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = connect_engine(os.environ)
    yield engine
    engine.close()


@pytest.fixture
def make_stack(tmp_path: Path, engine: Engine) -> Iterator[MakeStack]:
    """Make a stack of the given services; nothing is started."""
    made: list[TinyStack] = []

    def make(**services: dict[str, Any]) -> TinyStack:
        made.append(TinyStack(tmp_path, engine, uuid.uuid4().hex[:8], services))
        return made[-1]

    yield make
    for stack in made:
        stack.remove()


@pytest.fixture
def run_docker() -> RunDocker:
    """Do by hand what a user may do."""
    return docker
