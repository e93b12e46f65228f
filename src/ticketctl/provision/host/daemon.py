"""Start the engine where no service manager does."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from ticketctl.errors import HostSetupError
from ticketctl.provision.host.model import EngineFiles
from ticketctl.provision.host.packages import with_system_folders
from ticketctl.provision.host.privilege import Privilege, root_prefix

# Of its own session: neither Ctrl-C nor the end of this command reaches it. Prints its process id.
_LAUNCH = 'log=$0; setsid "$@" </dev/null >>"$log" 2>&1 & echo $!'
# What an engine needs of the environment: to find its programs, and to reach registries from this network.
_INHERITED = (
    "PATH",
    "LANG",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_LAST_LINES = 8


def start_daemon(program: str, files: EngineFiles, privilege: Privilege, environ: Mapping[str, str]) -> int:
    """Start the engine's program and return its process id; it may still end at once.

    Args:
        program: Path of `dockerd`.
        files: Its log and arguments.
        privilege: How this user acts as root.
        environ: The environment.

    Raises:
        HostSetupError: It could not even be started.
    """
    full = with_system_folders(environ)
    try:
        done = subprocess.run(
            [*root_prefix(privilege), "sh", "-c", _LAUNCH, str(files.log), program, *files.arguments],
            cwd="/",
            env={name: full[name] for name in _INHERITED if name in full},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostSetupError(
            "dockerd could not be started", why=str(error), next_step="see `dockerd` itself"
        ) from error
    if done.returncode != 0 or not done.stdout.strip().isdigit():
        raise _not_started(program, done.stderr.strip() or f"exit {done.returncode}")
    return int(done.stdout)


def _not_started(program: str, why: str) -> HostSetupError:
    return HostSetupError(f"{program} could not be started", why=why, next_step=f"try `{program}` as root by hand")


def last_lines(log: Path, count: int = _LAST_LINES) -> str:
    """Return the end of the engine's log, empty when it cannot be read."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return ""
