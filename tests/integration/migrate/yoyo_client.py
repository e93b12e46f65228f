"""The real yoyo, as its own command in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from integration.migrate.bench import Bench


def configure(bench: Bench) -> Path:
    """Write yoyo's settings for the database and the folder of a bench."""
    endpoint = bench.endpoint
    password = quote(endpoint.password.reveal(), safe="")
    uri = f"mysql://{endpoint.user}:{password}@{endpoint.host}:{endpoint.port}/{endpoint.database}"
    path = bench.root / "yoyo.ini"
    # The file's own syntax takes a per cent sign for the beginning of a reference.
    path.write_text(f"[DEFAULT]\nsources = {bench.folder}\ndatabase = {uri.replace('%', '%%')}\nbatch_mode = on\n")
    return path


def yoyo(bench: Bench, *arguments: str) -> str:
    """Run a command of yoyo and return what it printed."""
    result = subprocess.run(_command(bench, *arguments), check=False, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def listed(bench: Bench) -> dict[str, str]:
    """What `yoyo list` says: A for applied, U for not."""
    rows = [line.split() for line in yoyo(bench, "list").splitlines()[2:]]
    return {row[1]: row[0] for row in rows}


@contextmanager
def yoyo_process(bench: Bench, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of yoyo that is to be killed."""
    process = subprocess.Popen(_command(bench, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _command(bench: Bench, command: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "yoyo", command, "--batch", "--config", str(configure(bench)), *arguments]
