"""MySQL: the one place that opens connections and quotes names.

TLS is used wherever the server offers it, and never verified: a server makes its own self-signed
certificate when it is first started, so there is nothing to verify it against. On loopback, where
the stack publishes its ports, that costs nothing; towards another host it protects from reading
along and not from an impostor. One TLS context serves the whole process, because building one
loads the machine's certificate bundle and takes 25 times as long as the connection itself.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
from typing import TYPE_CHECKING

from ticketctl.infra.mysql_errors import (
    BACKEND,
    NO_SUCH_COLUMN,
    NO_SUCH_TABLE,
    UNKNOWN_DATABASE,
    answered,
    translating,
)
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


__all__ = [
    "BACKEND",
    "NO_SUCH_COLUMN",
    "NO_SUCH_TABLE",
    "UNKNOWN_DATABASE",
    "answered",
    "connect",
    "disconnect",
    "quote_identifier",
    "translating",
]

# A dead peer is noticed within 60 s: after 20 s of silence 4 probes, 10 s apart. The kernel's own
# defaults would take two hours, during which a lost runner would keep its migration lock.
KEEPALIVE = (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 4), ("TCP_USER_TIMEOUT", 60_000))
MAX_IDENTIFIER_LENGTH = 64


def connect(
    endpoint: MysqlEndpoint,
    *,
    autocommit: bool = True,
    read_timeout: float | None = None,
    multi_statements: bool = False,
) -> Connection[Cursor]:
    """Open a connection: utf8mb4, time zone UTC, TLS if the server offers it.

    Args:
        endpoint: Server and account; its `connect_timeout` bounds the whole login.
        autocommit: Whether each statement commits by itself.
        read_timeout: Seconds after which a statement without an answer counts as a lost connection;
            None waits for as long as the statement runs.
        multi_statements: Whether the server takes several statements at once, separated by semicolons.

    Returns:
        The connection; errors of its later use are translated by `translating`.

    Raises:
        BackendUnreachableError: Nothing answers, too late, or no further connection is accepted.
        BackendLoginError: The account or its password is refused.
        BackendPermissionError: The account may not use the database.
        BackendOperationError: The database does not exist.
    """
    from pymysql.constants.CR import CR_SSL_CONNECTION_ERROR
    from pymysql.err import OperationalError

    with translating(endpoint):
        try:
            connection = _login(endpoint, _tls_context(), autocommit, multi_statements)
        except OperationalError as error:
            if error.args[0] != CR_SSL_CONNECTION_ERROR:  # raised only when the server offers no TLS
                raise
            connection = _login(endpoint, None, autocommit, multi_statements)
    # The login has its limit; statements have another or none. PyMySQL reads this before each
    # answer but offers no way to change it after the login.
    connection._read_timeout = read_timeout  # type: ignore[attr-defined]
    return connection


def execute_all(cursor: Cursor, text: str) -> None:
    """Execute a text and go through all of its results: a later one may carry its error.

    Args:
        cursor: A cursor.
        text: A statement, or several on a connection that takes them.
    """
    cursor.execute(text)
    while cursor.nextset():
        pass


def disconnect(connection: Connection[Cursor]) -> None:
    """End a connection that another thread is waiting on; that thread gets an error.

    Args:
        connection: Any connection.
    """
    stream = connection._sock  # type: ignore[attr-defined]  # close() would wait for the other thread's answer
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)


def quote_identifier(name: str) -> str:
    """Return a database, table or column name in backticks, safe to stand in a statement.

    Args:
        name: The bare name.

    Raises:
        ValueError: The name is empty, longer than 64 characters, or holds a NUL character.
    """
    if not name or len(name) > MAX_IDENTIFIER_LENGTH or "\0" in name:
        raise ValueError(f"not a MySQL identifier: {name!r}")
    return "`" + name.replace("`", "``") + "`"


@functools.cache
def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _login(
    endpoint: MysqlEndpoint, tls: ssl.SSLContext | None, autocommit: bool, multi_statements: bool
) -> Connection[Cursor]:
    from pymysql.connections import Connection
    from pymysql.constants.CLIENT import MULTI_STATEMENTS

    connection: Connection[Cursor] = Connection(
        host=endpoint.host,
        port=endpoint.port,
        user=endpoint.user,
        password=endpoint.password.reveal().encode(),  # as a str, PyMySQL would try Latin-1
        database=endpoint.database,
        charset="utf8mb4",
        init_command="SET time_zone = '+00:00'",
        autocommit=autocommit,
        client_flag=MULTI_STATEMENTS if multi_statements else 0,
        read_timeout=endpoint.connect_timeout,
        program_name="ticketctl",
        ssl=tls,
        ssl_disabled=tls is None,
        defer_connect=True,
    )
    stream = _open_socket(endpoint)
    try:
        connection.connect(stream)
    except BaseException:
        stream.close()
        raise
    return connection


def _open_socket(endpoint: MysqlEndpoint) -> socket.socket:
    stream = socket.create_connection((endpoint.host, endpoint.port), endpoint.connect_timeout)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE:
        if hasattr(socket, name):  # Linux has them all, macOS some
            stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return stream
