"""`ticketctl simulate flash-sale` on the shared stack, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.eventually import eventually
from live_stack import TICKETCTL, LiveStack
from ticketctl.errors import BackendError
from ticketctl.infra import redis
from ticketctl.infra.docker import connect_engine
from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.provision.stack.env_file import read_env
from ticketctl.provision.stack.observe import compose_project, env_values

SIMULATE = ("simulate", "flash-sale")
SMALL = ("--seats", "60", "--buyers", "120", "--processes", "2", "--duration", "6")
_TABLES = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"


@contextmanager
def started(stack: LiveStack, *options: str, ignored: signal.Signals | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a sale while the test goes on; it is killed after.

    Args:
        stack: Where.
        options: Of the command.
        ignored: What whoever starts it has it ignore; nothing else is, whatever those who run the tests ignore.
    """

    def hear() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN if number == ignored else signal.SIG_DFL)

    with subprocess.Popen(
        [*TICKETCTL, *SIMULATE, *options],
        cwd=stack.root,
        env={**stack.environment, "CI": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear,  # noqa: PLW1509  # three system calls
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], words: str) -> list[str]:
    """Read what a sale says until it has said something, and return the lines."""
    lines = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"it never said {words!r}: {''.join(lines)}")


@dataclass(frozen=True)
class Remains:
    """What sales may leave behind.

    Attributes:
        rows: How many rows each table has.
        keys: Keys of seats in Redis.
        processes: Command lines of processes of sales.
        broken: Servers that do not run, or have no network.
    """

    rows: Mapping[str, int]
    keys: frozenset[str]
    processes: tuple[str, ...]
    broken: tuple[str, ...]


def remains(stack: LiveStack) -> Remains:
    """Look at what there is, once the servers answer again."""
    eventually(lambda: _answer(stack), bool, 60)
    return Remains(_rows(stack), _keys(stack), processes(), broken(stack))


def check(stack: LiveStack, before: Remains) -> None:
    """See that nothing is left that was not there before; Redis may have forgotten some."""
    eventually(processes, lambda found: not found)
    after = remains(stack)
    assert after.rows == before.rows
    assert after.keys <= before.keys
    assert after.broken == ()


def processes() -> tuple[str, ...]:
    """Return the command lines of the processes of sales, the commands that hold them not counted in."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if any(word.startswith(b"ticketctl.simulate.") for word in words):
            found.append(" ".join(word.decode() for word in words))
    return tuple(found)


def _rows(stack: LiveStack) -> dict[str, int]:
    found = {}
    for endpoint in stack.endpoints.mysql.values():
        with connect(endpoint) as connection, connection.cursor() as cursor:
            cursor.execute(f"{_TABLES} AND table_schema = %s", (endpoint.database,))
            for schema, table in cursor.fetchall():
                cursor.execute(f"SELECT COUNT(*) FROM {quote_identifier(schema)}.{quote_identifier(table)}")
                ((found[f"{schema}.{table}"],),) = cursor.fetchall()
    return found


def _keys(stack: LiveStack) -> frozenset[str]:
    with closing(redis.connect(stack.endpoints.redis)) as client:
        return frozenset(client.scan_iter("seat:*"))


def _answer(stack: LiveStack) -> bool:
    try:
        _keys(stack)
        for endpoint in stack.endpoints.mysql.values():
            connect(endpoint).close()
    except BackendError:
        return False
    return True


def broken(stack: LiveStack) -> tuple[str, ...]:
    """Return the servers that do not run, or have no network."""
    name = compose_project(stack.project, env_values(read_env(stack.project.env_file)))
    engine = connect_engine(os.environ)
    try:
        return tuple(
            f"{state.service}: {state.state}"
            for state in engine.containers(name)
            if state.service in ("mysql", "redis") and (state.state != "running" or not engine.places(state.id))
        )
    finally:
        engine.close()
