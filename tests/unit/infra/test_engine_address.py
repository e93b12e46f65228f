import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ticketctl.errors import EngineUnavailableError
from ticketctl.infra.docker.address import DEFAULT_HOST, EngineAddress, engine_address


def write_context(folder: Path, name: str, endpoint: dict[str, Any]) -> Path:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    return folder / "contexts" / "tls" / digest / "docker"


def test_without_a_word_it_is_the_default_socket(tmp_path: Path) -> None:
    assert engine_address({"DOCKER_CONFIG": str(tmp_path)}) == EngineAddress(DEFAULT_HOST, "default")


def test_docker_host_comes_first(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "tcp://10.0.0.1:2376", "DOCKER_CONTEXT": "other", "DOCKER_CONFIG": str(tmp_path)}

    assert engine_address(environ) == EngineAddress("tcp://10.0.0.1:2376", "DOCKER_HOST", None, verify=False)


def test_docker_host_with_certificates() -> None:
    environ = {"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}

    assert engine_address(environ) == EngineAddress("tcp://h:2376", "DOCKER_HOST", Path("/certs"), verify=True)


@pytest.mark.parametrize("source", ["DOCKER_CONTEXT", "config.json"])
def test_a_context_is_read_from_the_docker_client_s_own_files(tmp_path: Path, source: str) -> None:
    certificates = write_context(tmp_path, "lab", {"Host": "tcp://lab:2376", "SkipTLSVerify": True})
    certificates.mkdir(parents=True)
    environ = {"HOME": str(tmp_path.parent), "DOCKER_CONFIG": str(tmp_path)}
    if source == "DOCKER_CONTEXT":
        environ[source] = "lab"
    else:
        (tmp_path / source).write_text('{"currentContext": "lab"}')

    assert engine_address(environ) == EngineAddress("tcp://lab:2376", "context lab", certificates, verify=False)


def test_a_context_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="context 'gone' cannot be read"):
        engine_address({"DOCKER_CONTEXT": "gone", "DOCKER_CONFIG": str(tmp_path)})


def test_settings_of_the_docker_client_that_cannot_be_read_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[not json")

    assert engine_address({"DOCKER_CONFIG": str(tmp_path)}).source == "default"
