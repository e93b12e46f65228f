"""An engine that refuses this user, as a real socket does it."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ticketctl.errors import EnginePermissionError, EngineUnavailableError
from ticketctl.provision.host.engine import engine_status, ensure_engine
from ticketctl.provision.host.model import EngineFiles

NOBODY = 65534


@pytest.fixture
def refusing_socket() -> Iterator[Path]:
    """A socket at which somebody listens, and which this process may not use."""
    folder = Path(tempfile.mkdtemp(prefix="ticketctl-test-"))
    folder.chmod(0o755)
    path = folder / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        if os.geteuid() == 0:
            os.seteuid(NOBODY)
            yield path
            os.seteuid(0)
        else:
            yield path
    shutil.rmtree(folder)


def environ_of(path: Path) -> dict[str, str]:
    return {"DOCKER_HOST": f"unix://{path}", "PATH": "/nonexistent"}


def test_an_engine_that_refuses_is_told_from_one_that_is_not_there(refusing_socket: Path) -> None:
    assert engine_status(environ_of(refusing_socket)).answer == "refused"
    assert engine_status(environ_of(refusing_socket.with_name("other.sock"))).answer == "silent"


def test_a_refusal_names_the_user_and_the_group_and_starts_nothing(refusing_socket: Path) -> None:
    files = EngineFiles(socket=refusing_socket, pid_file=refusing_socket.with_name("docker.pid"))

    with pytest.raises(EnginePermissionError, match="may not use the Docker Engine") as caught:
        ensure_engine(environ_of(refusing_socket), files=files)

    assert "Permission denied" in caught.value.why
    assert "usermod -aG docker" in caught.value.next_step


def test_a_docker_context_that_does_not_exist_is_named(tmp_path: Path) -> None:
    environ = {"DOCKER_CONTEXT": "nowhere", "DOCKER_CONFIG": str(tmp_path)}

    with pytest.raises(EngineUnavailableError, match="nowhere"):
        engine_status(environ)
