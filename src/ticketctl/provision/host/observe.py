"""See what engine there is, and what this machine and this user can do about it."""

from __future__ import annotations

import getpass
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ticketctl.errors import EnginePermissionError, EngineUnavailableError
from ticketctl.infra.docker import connect_engine
from ticketctl.infra.docker.address import engine_address
from ticketctl.provision.host import ping
from ticketctl.provision.host.model import SYSTEM_ENGINE, Answer, Distribution, EngineFiles, HostState, PidFile
from ticketctl.provision.host.packages import package_status, with_system_folders
from ticketctl.provision.host.plan import PACKAGES
from ticketctl.provision.host.privilege import Privilege, observe_privilege, root_prefix

_SYSTEMD = Path("/run/systemd/system")
_UNFINISHED = ("half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending")
_PATIENCE = 10.0
"""Seconds for a small command that runs as root."""


def observe_host(environ: Mapping[str, str], *, can_ask: bool = False, files: EngineFiles = SYSTEM_ENGINE) -> HostState:
    """Look at the engine and, only where none answers, at the machine.

    Args:
        environ: The environment.
        can_ask: Whether somebody at a terminal can be asked for sudo's password.
        files: Where the machine's own engine keeps things.

    Raises:
        EngineUnavailableError: The docker context that is asked for does not exist.
    """
    address = engine_address(environ)
    own = address.host.removeprefix("unix://").replace("/var/run/", "/run/") == str(files.socket).replace(
        "/var/run/", "/run/"
    )
    answer, detail = observe_answer(environ)
    if answer == "answers":
        return HostState(answer, address.host, address.source, own, detail, files=files)
    privilege = observe_privilege(environ, can_ask=can_ask)
    if answer == "refused" and own and privilege in ("root", "sudo") and not answers_root(files.socket, privilege):
        # A socket refuses before it is known whether anybody listens.
        answer, detail = "silent", "the socket is there, and nobody listens"
    user = getpass.getuser()
    return HostState(
        answer,
        address.host,
        address.source,
        own,
        detail,
        system=platform.system(),
        distribution=read_distribution(),
        program=shutil.which("dockerd", path=with_system_folders(environ)["PATH"]),
        half_installed=package_status(PACKAGES[0], environ) in _UNFINISHED,
        privilege=privilege,
        user=user,
        member=is_member(user, "docker"),
        systemd=_SYSTEMD.is_dir(),
        engine_pid=read_pid_file(files.pid_file, privilege),
        containerd_pid=read_pid_file(files.containerd_pid_file, privilege),
        dead_socket=dead_socket(files.containerd_socket, privilege),
        files=files,
    )


def observe_answer(environ: Mapping[str, str]) -> tuple[Answer, str]:
    """Return whether the engine answers, with its version or why it does not.

    Raises:
        EngineUnavailableError: The docker context that is asked for does not exist.
    """
    host = engine_address(environ).host
    try:
        if host.startswith("unix://"):
            # Told apart by the kernel at once; the SDK is loaded only when somebody listens.
            ping.connect(host.removeprefix("unix://"))
        engine = connect_engine(environ)
    except PermissionError as error:
        return "refused", str(error.strerror)
    except OSError as error:
        return "silent", str(error.strerror or error)
    except EnginePermissionError as error:
        return "refused", error.why
    except EngineUnavailableError as error:
        return "silent", error.why
    try:
        return "answers", engine.version().version
    finally:
        engine.close()


def answers_root(socket: Path, privilege: Privilege) -> bool:
    """Say whether somebody listens at a socket that only root may use."""
    try:
        done = subprocess.run(
            [*root_prefix(privilege), sys.executable, "-I", ping.__file__, str(socket)],
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def dead_socket(path: Path, privilege: Privilege) -> Path | None:
    """Return a socket that is there though nobody listens; None when somebody does, or when that cannot be seen."""
    try:
        is_there = path.is_socket()
    except OSError:
        return None
    return path if is_there and privilege in ("root", "sudo") and not answers_root(path, privilege) else None


def read_distribution(path: Path = Path("/etc/os-release")) -> Distribution:
    """Read which distribution this is; nothing is known where the file is missing."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return Distribution()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    values = {name: value.strip().strip("\"'") for name, value in pairs.items()}
    name = values.get("ID", "")
    family = frozenset({name, *values.get("ID_LIKE", "").split()} - {""})
    return Distribution(name, family, values.get("PRETTY_NAME") or name or "this system")


def read_pid_file(path: Path, privilege: Privilege, proc: Path = Path("/proc")) -> PidFile | None:
    """Read a pid file and see what lives under that id; None when there is no such file.

    A process that has ended but was not waited for does not live.
    """
    text = _read_as_root(path, privilege)
    if text is None:
        return None
    if not text.strip().isdigit():
        return PidFile(path, None, "")
    pid = int(text)
    return PidFile(path, pid, program_of(pid, proc))


def program_of(pid: int, proc: Path = Path("/proc")) -> str:
    """Return the name of the living process of that id, empty when there is none."""
    try:
        status = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # "pid (name) state ...": the name may hold blanks and brackets.
    name, _, rest = status.partition("(")[2].rpartition(")")
    return "" if rest.split()[:1] in (["Z"], ["X"]) else name


def is_member(user: str, group: str) -> bool:
    """Say whether the user is listed in the group, which new logins honour."""
    import grp
    import pwd

    try:
        entry = grp.getgrnam(group)
        return user in entry.gr_mem or pwd.getpwnam(user).pw_gid == entry.gr_gid
    except KeyError:
        return False


def _read_as_root(path: Path, privilege: Privilege) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except PermissionError:
        if privilege != "sudo":
            return None
    except OSError:
        return None
    done = subprocess.run(
        [*root_prefix(privilege), "cat", "--", str(path)],
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
