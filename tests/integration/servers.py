"""Servers of a test's own: for tests that change accounts, passwords and server settings.

The shared stack must stay as it was; these may be broken on purpose. Each is one container on a port
of 127.0.0.1 that the kernel picks, removed with its volume when the tests are over.
"""

from __future__ import annotations

import functools
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ticketctl.errors import BackendLoginError, BackendUnreachableError
from ticketctl.events import ignore
from ticketctl.infra.docker import connect_engine
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.images import ensure_images, plan_images
from ticketctl.provision.stack.images.bases import base_for
from ticketctl.provision.stack.images.sources import read_source
from ticketctl.settings.loader import load_project

ROOT = Path(__file__).parents[2]

PREFIX = "ticketctl-test-"
LABEL = "ticketctl.test"


@functools.cache
def image(name: str) -> str:
    """The image to test with: TICKETCTL_TEST_<NAME>_IMAGE, else the one that `ticketctl up` uses here."""
    return os.environ.get(f"TICKETCTL_TEST_{name.upper()}_IMAGE") or _images_of_up()[name]


@functools.cache
def _images_of_up() -> Mapping[str, str]:
    """What `up` would fetch or build in a fresh checkout; fetched or built now, if it is missing."""
    project = load_project(ROOT / "ticketctl.yaml", {})
    with closing(connect_engine(os.environ)) as engine:
        plan = plan_images(project, EnvFile(project.env_file, (), {}), engine)
        ensure_images(plan, engine, environ=os.environ, emit=ignore)
    return {choice.name: choice.reference for choice in plan.images}


@functools.cache
def shell_image() -> str:
    """A Debian without any server, for containers of which only a shell is wanted; fetched or made if missing."""
    source = read_source(ROOT / "compose", "service")
    assert source is not None
    with closing(connect_engine(os.environ)) as engine:
        base = base_for(source, engine, environ=os.environ, emit=ignore)
        if engine.images.find(base) is None:
            list(engine.images.pull(base))
    return base


def docker(*arguments: str, check: bool = True, environ: Mapping[str, str] | None = None) -> str:
    """Run the docker client and return its output."""
    result = subprocess.run(
        ["docker", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **(environ or {})},
        timeout=60,
    )
    if check and result.returncode:
        raise AssertionError(f"docker {arguments[0]}: {result.stderr}")
    return result.stdout.strip()


# `docker top` has the machine's `ps` list them, and not every machine has one.
_LIST_PROCESSES = """
for process in /proc/[0-9]*; do
    [ "$process" != "/proc/$$" ] || continue
    user=$(sed -n 's/^Uid:[[:space:]]*\\([0-9]*\\).*/\\1/p' "$process/status" 2>/dev/null) || continue
    echo "$user $(tr '\\0\\n' '  ' 2>/dev/null <"$process/cmdline")"
done
"""


def processes(container: str) -> list[tuple[int, str]]:
    """User id and command line of each process in a container."""
    rows = [row.partition(" ") for row in docker("exec", container, "sh", "-c", _LIST_PROCESSES).splitlines()]
    found = [(int(user), arguments.strip()) for user, _, arguments in rows if arguments.strip()]
    assert found, f"nothing was seen in {container}, where at least its first process runs"
    return found


@dataclass(frozen=True)
class Server:
    """One running container."""

    name: str
    port: int

    def stop(self) -> None:
        docker("stop", "--time", "20", self.name)

    def start(self) -> None:
        docker("start", self.name)

    def pause(self) -> None:
        docker("pause", self.name)

    def unpause(self) -> None:
        docker("unpause", self.name)

    def logs(self) -> str:
        return docker("logs", "--tail", "20", self.name, check=False)


@contextmanager
def running(
    name: str,
    inner_port: int,
    *,
    environ: Mapping[str, str],
    memory: str,
    options: Sequence[str] = (),
    command: Sequence[str] = (),
    reference: str | None = None,
) -> Iterator[Server]:
    """Run a container of the image of that name, or of another one; it is not ready yet."""
    container = f"{PREFIX}{name}-{uuid4().hex[:8]}"
    # The port stays the same over a restart, which one picked by the engine does not.
    port = _free_port()
    names = [argument for variable in environ for argument in ("--env", variable)]
    docker(
        *("run", "--detach", "--name", container, "--label", f"{LABEL}={os.getpid()}", "--memory", memory),
        *(
            "--init",
            "--publish",
            f"127.0.0.1:{port}:{inner_port}",
            *names,
            *options,
            reference or image(name),
            *command,
        ),
        environ=environ,
    )
    try:
        yield Server(container, port)
    finally:
        docker("rm", "--force", "--volumes", container, check=False)


def wait_until(ready: Callable[[], object], server: Server, seconds: float = 300) -> None:
    """Call until it raises nothing that a starting server may raise."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            ready()
        except (BackendUnreachableError, BackendLoginError) as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"{server.name} is not ready: {error}\n{server.logs()}") from error
            time.sleep(0.25)
        else:
            return


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
