"""The `mysql` client in batch mode, inside a server's container, and what the server received from it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from integration.conftest import ROOT_PASSWORD
from integration.migrate.conftest import Root
from integration.servers import Server
from ticketctl.settings.endpoints import MysqlEndpoint

# As somebody would run a file, but for an error not being the end. Comments are kept by default since
# 9.x and said here for older clients; client commands but DELIMITER are off by default in batch mode.
_OPTIONS = ("--batch", "--comments", "--default-character-set=utf8mb4", "--no-auto-rehash")


def run_client(
    server: Server, text: str, *options: str, database: str = "", account: MysqlEndpoint | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Feed a text to the client's standard input, as root if no account is given."""
    user, password = (account.user, account.password) if account else ("root", ROOT_PASSWORD)
    return subprocess.run(
        [
            *("docker", "exec", "--interactive", "--env", "MYSQL_PWD", server.name, "mysql", f"--user={user}"),
            *(*_OPTIONS, *options, f"--database={database}"),
        ],
        input=text.encode(),
        capture_output=True,
        check=False,
        timeout=300,
        env={**os.environ, "MYSQL_PWD": password.reveal()},
    )


@contextmanager
def general_log(root: Root) -> Iterator[None]:
    """Have the server log all that it receives, syntax errors included, into a table."""
    before = root("SELECT @@GLOBAL.log_output, @@GLOBAL.general_log, @@GLOBAL.log_raw")[0]
    root("SET GLOBAL log_output = 'TABLE', GLOBAL log_raw = ON, GLOBAL general_log = ON")
    try:
        yield
    finally:
        root("SET GLOBAL log_output = %s, GLOBAL general_log = %s, GLOBAL log_raw = %s", *before)
        root("TRUNCATE mysql.general_log")


def received(server: Server, root: Root, text: str) -> list[str]:
    """The statements that the server receives when the client is fed a text, while the log is on.

    The server logs them without the white space around them and without semicolons at the end.
    """
    root("TRUNCATE mysql.general_log")
    run_client(server, text, "--force")
    rows = root(
        "SELECT argument FROM mysql.general_log WHERE command_type = 'Query' AND user_host LIKE %s", "%@ localhost [%"
    )
    return [argument.decode() for (argument,) in rows]


def received_each(
    server: Server, root: Root, texts: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, list[str] | None]]:
    """Yield each text with the statements that the server receives of it.

    The client reads many texts in one run, with a statement between them that marks the end of each.
    Where a text swallows its mark, its statements are None, and the rest is read in another run.

    Args:
        server: The server.
        root: Runs statements on it.
        texts: Each text, and the delimiter that ends its last statement.
    """
    at = 0
    while at < len(texts):
        marks = [f"DO 'end of {number}'" for number in range(at, len(texts))]
        pieces = [
            f"{text}\n{delimiter}\nDELIMITER ;\n{mark};\n"
            for (text, delimiter), mark in zip(texts[at:], marks, strict=True)
        ]
        log = received(server, root, "DO 'beginning';\n" + "".join(pieces))
        places = {statement: place for place, statement in enumerate(log)}
        begin = places["DO 'beginning'"] + 1  # behind what the client asks for itself
        for mark in marks:
            end = places.get(mark)
            yield texts[at][0], None if end is None else log[begin:end]
            at += 1
            if end is None:
                break
            begin = end + 1
