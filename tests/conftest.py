"""What every test stands on: a clean environment."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from live_stack import LiveStack
from ticketctl.settings.endpoints import MysqlEndpoint


def pytest_configure() -> None:
    """Let commands that tests start be interrupted.

    A shell starts background jobs with Ctrl-C ignored, and that is inherited: tests that press it would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own TICKETCTL_* variables must not change what a test sees."""
    for variable in list(os.environ):
        if variable.startswith("TICKETCTL_") and not variable.startswith("TICKETCTL_TEST_"):
            monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """A complete stack, migrated and indexed, shared by the tests that only use it.

    `TICKETCTL_TEST_STACK` names the folder of a project that is up already; it is left as it is.
    """
    given = os.environ.get("TICKETCTL_TEST_STACK")
    if given:
        yield LiveStack(Path(given), {})
        return
    live = LiveStack.create(tmp_path_factory.mktemp("stack"), "shared")
    try:
        live.run("bootstrap", timeout=1800)
        yield live
    finally:
        live.remove()


@pytest.fixture
def scratch_database(stack: LiveStack) -> Iterator[MysqlEndpoint]:
    """An empty database of its own on the shared stack, with the migration account."""
    from ticketctl.infra.mysql import connect, quote_identifier

    name = f"ticketctl_scratch_{uuid.uuid4().hex[:12]}"
    server = replace(next(iter(stack.endpoints.mysql.values())), database=None)
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quote_identifier(name)}")
        yield replace(server, database=name)
        cursor.execute(f"DROP DATABASE IF EXISTS {quote_identifier(name)}")
