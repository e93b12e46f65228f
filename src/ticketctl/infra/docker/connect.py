"""Open a connection to the engine."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ticketctl.infra.docker.address import EngineAddress, engine_address
from ticketctl.infra.docker.engine import Engine
from ticketctl.infra.docker.errors import permission_error, translating, unavailable_error

if TYPE_CHECKING:
    from docker import APIClient
    from docker.tls import TLSConfig

# Seconds. A busy engine answers `inspect` late while it unpacks images.
_TIMEOUT = 60


def connect_engine(environ: Mapping[str, str]) -> Engine:
    """Connect to the engine that the docker client would use.

    Honours DOCKER_HOST (with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH), DOCKER_CONTEXT and the current
    docker context. The engine is asked for its version, so that a dead one is known here.

    Args:
        environ: The environment.

    Raises:
        EngineUnavailableError: No engine answers there.
        EnginePermissionError: It refuses this user.
    """
    address = engine_address(environ)
    client = _open(address, "auto")
    return Engine(client, address, lambda: _open(address, client.api_version))


def _knock(address: EngineAddress) -> None:
    """Try a Unix socket before the SDK does: its failures are plainer here, cost no import and leave nothing open."""
    if not address.host.startswith("unix://"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(address.host.removeprefix("unix://"))
        except PermissionError as error:
            raise permission_error(address.host, str(error)) from error
        except OSError as error:
            raise unavailable_error(address.host, str(error)) from error


def _open(address: EngineAddress, version: str) -> APIClient:
    _knock(address)
    with translating(address.host, "answer"):
        from docker import APIClient

        tls = _tls(address)
        client = APIClient(
            base_url=address.host,
            version=version,
            timeout=_TIMEOUT,
            tls=tls if tls is not None else False,
            use_ssh_client=address.host.startswith("ssh://"),
        )
    client.trust_env = False  # a proxy for the web is none for the engine
    return client


def _tls(address: EngineAddress) -> TLSConfig | None:
    if address.certificates is None:
        return None
    from docker.tls import TLSConfig

    folder = address.certificates
    pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
    return TLSConfig(
        client_cert=pair if (folder / "cert.pem").is_file() else None,
        ca_cert=str(folder / "ca.pem") if (folder / "ca.pem").is_file() else None,
        verify=address.verify,
    )
