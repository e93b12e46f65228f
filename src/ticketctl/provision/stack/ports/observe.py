"""Look which ports are taken, and by whom."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LISTENING = "0A"
_LOOPBACK_OR_ANY = {
    "0100007F",
    "00000000",
    "0" * 32,
    "00000000000000000000000001000000",
    "0000000000000000FFFF00000100007F",
    "0000000000000000FFFF000000000000",
}
_LONGEST_COMMAND = 80
_SECRET_OPTION = re.compile(r"(?i)([^=]*(?:pass|secret|token|key|auth)[^=]*)=.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port that a container publishes, as the engine says.

    Attributes:
        port: The port on the host.
        container: The container's name.
        project: Its Compose project, empty for none.
    """

    port: int
    container: str
    project: str = ""


def probe_ports(
    ports: Collection[int], *, project: str, published: Iterable[PublishedPort] = (), proc: Path = Path("/proc")
) -> Mapping[int, str]:
    """Return which ports somebody else holds, and who.

    A port counts as taken when 127.0.0.1, ::1 or every address listens on it, or when it cannot be
    bound. What containers of this very project publish is not taken.

    Args:
        ports: Ports to look at.
        project: Compose project whose containers may keep theirs.
        published: What containers publish, whether or not a process listens for them.
        proc: Where the kernel shows processes.
    """
    containers = {entry.port: entry for entry in published}
    own = {port for port, entry in containers.items() if entry.project == project}
    listeners = _listeners(proc)
    suspects = [
        port for port in sorted(set(ports) - own) if port in containers or port in listeners or not _can_be_bound(port)
    ]
    if not suspects:
        return {}
    inodes = {listeners[port]: port for port in suspects if port in listeners and port not in containers}
    processes = _processes(proc, inodes)
    return {
        port: _container(containers[port]) if port in containers else processes.get(port, "another process")
        for port in suspects
    }


def _container(entry: PublishedPort) -> str:
    return f"container {entry.container}" + (f" of Compose project {entry.project}" if entry.project else "")


def _can_be_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that is still closing does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _listeners(proc: Path) -> dict[int, str]:
    """Return the ports on which something listens on loopback or everywhere: port to socket inode."""
    found: dict[int, str] = {}
    for name in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            address, _, port = columns[1].partition(":")
            if columns[3] == _LISTENING and address in _LOOPBACK_OR_ANY:
                found.setdefault(int(port, 16), columns[9])
    return found


def _processes(proc: Path, inodes: Mapping[str, int]) -> dict[int, str]:
    """Return who holds the sockets, as far as this user may see: port to process."""
    found: dict[int, str] = {}
    for folder in proc.iterdir() if inodes else ():
        if not folder.name.isdigit():
            continue
        for inode in _socket_inodes(folder):
            if inode in inodes:
                found.setdefault(inodes[inode], f"pid {folder.name} ({_command(folder)})")
    return found


def _socket_inodes(folder: Path) -> Iterator[str]:
    try:
        handles = list((folder / "fd").iterdir())
    except OSError:
        return  # another user's process, or one that just ended
    for handle in handles:
        try:
            target = str(handle.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _command(folder: Path) -> str:
    """Return the start of the command line, without the values of options that look like secrets."""
    try:
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "?"
    shown = [_SECRET_OPTION.sub(r"\1=***", word) for word in words if word]
    text = " ".join(shown)
    return text if len(text) <= _LONGEST_COMMAND else text[: _LONGEST_COMMAND - 1] + "…"
