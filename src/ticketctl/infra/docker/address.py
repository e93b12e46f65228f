"""Which engine to talk to: DOCKER_HOST, else the docker context, else the default socket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import EngineUnavailableError

DEFAULT_HOST = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where the engine is.

    Attributes:
        host: `unix:///…`, `tcp://…` or `ssh://…`.
        source: What said so: `DOCKER_HOST`, `context NAME`, `default`.
        certificates: Folder with `ca.pem`, `cert.pem`, `key.pem`; None without TLS.
        verify: Whether the engine's certificate is checked.
    """

    host: str
    source: str
    certificates: Path | None = None
    verify: bool = True


def engine_address(environ: Mapping[str, str]) -> EngineAddress:
    """Return the address that the docker client itself would use.

    Args:
        environ: The environment.

    Raises:
        EngineUnavailableError: The docker context that is asked for does not exist.
    """
    if host := environ.get("DOCKER_HOST"):
        verify = bool(environ.get("DOCKER_TLS_VERIFY"))
        folder = environ.get("DOCKER_CERT_PATH")
        certificates = Path(folder) if folder else docker_config_dir(environ) if verify else None
        return EngineAddress(host, "DOCKER_HOST", certificates, verify)
    name = environ.get("DOCKER_CONTEXT") or _current_context(environ)
    if not name or name == "default":
        return EngineAddress(DEFAULT_HOST, "default")
    return _context_address(name, docker_config_dir(environ) / "contexts")


def docker_config_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder with the docker client's own settings."""
    given = environ.get("DOCKER_CONFIG")
    return Path(given) if given else Path(environ.get("HOME", "/nonexistent")) / ".docker"


def docker_config(environ: Mapping[str, str]) -> dict[str, object]:
    """Return the docker client's settings, empty when there are none that can be read."""
    try:
        document = json.loads((docker_config_dir(environ) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _current_context(environ: Mapping[str, str]) -> str:
    name = docker_config(environ).get("currentContext", "")
    return name if isinstance(name, str) else ""


def _context_address(name: str, contexts: Path) -> EngineAddress:
    digest = hashlib.sha256(name.encode()).hexdigest()
    try:
        meta = json.loads((contexts / "meta" / digest / "meta.json").read_text(encoding="utf-8"))
        endpoint = meta["Endpoints"]["docker"]
        host = str(endpoint["Host"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailableError(
            f"the docker context {name!r} cannot be read",
            why=str(error),
            next_step="`docker context ls` shows the contexts; `docker context use default` goes back",
        ) from error
    certificates = contexts / "tls" / digest / "docker"
    return EngineAddress(
        host,
        f"context {name}",
        certificates if certificates.is_dir() else None,
        not endpoint.get("SkipTLSVerify", False),
    )
