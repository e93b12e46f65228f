"""A proxy before the server is noticed, and a plain connection is not taken for one."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from ticketctl.infra import mysql
from ticketctl.infra.mysql import connect
from ticketctl.provision.migrate.execution import topology
from ticketctl.provision.migrate.execution.topology import connection_hazards

pytestmark = pytest.mark.integration


@contextmanager
def proxy_that_greets_as(number: int | None, port: int) -> Iterator[int]:
    """Pass bytes on, but for the connection's number in the server's greeting, as a pooling proxy gives its own.

    The greeting comes in the clear, before TLS:
    https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, number, port))
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def _serve(listener: socket.socket, number: int | None, port: int) -> None:
    client, _ = listener.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        greeting = bytearray(server.recv(4096))
        place = greeting.index(0, 5) + 1  # behind length, sequence, protocol and the server's version
        if number is not None:
            greeting[place : place + 4] = struct.pack("<I", number)
        client.sendall(greeting)
        back = threading.Thread(target=_pass_on, args=(server, client))
        back.start()
        _pass_on(client, server)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_a_plain_server_has_no_hazards(bench: Bench) -> None:
    with connect(bench.endpoint) as connection:
        assert connection_hazards(connection, bench.endpoint) == ()


def test_a_proxy_that_only_passes_on_is_none(bench: Bench) -> None:
    with proxy_that_greets_as(None, bench.endpoint.port) as port:
        endpoint = replace(bench.endpoint, port=port)
        with connect(endpoint) as connection:
            assert connection_hazards(connection, endpoint) == ()


def test_a_proxy_with_numbers_of_its_own_is_said(bench: Bench) -> None:
    with proxy_that_greets_as(4_000_000_123, bench.endpoint.port) as port:
        endpoint = replace(bench.endpoint, port=port)
        with connect(endpoint) as connection:
            (sentence,) = connection_hazards(connection, endpoint)
            with connection.cursor() as cursor:
                cursor.execute("SELECT CONNECTION_ID()")
                row = cursor.fetchone()
                cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
                cipher = cursor.fetchone()
    assert row is not None
    assert f"it greets as connection 4000000123, the server calls it {row[0]}" in sentence
    assert cipher is not None
    assert cipher[1], "it was to be noticed through TLS"


def test_a_server_without_those_tables_is_asked_in_another_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As MariaDB is, where performance_schema has other tables."""
    asked: list[str] = []

    def query(package: str, name: str) -> str:
        asked.append(f"{package}/{name}")
        return "SELECT * FROM performance_schema.no_such_table"

    monkeypatch.setattr(topology, "query", query)
    with connect(bench.endpoint) as connection:
        assert connection_hazards(connection, bench.endpoint) == ()
    assert asked == ["execution/topology_cluster"]


def test_it_is_quick(bench: Bench, root: Root) -> None:
    """Two round trips, as both are paid by every run."""
    count = "SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Questions'"
    with connect(bench.endpoint) as connection:
        before = int(root(count)[0][0])
        connection_hazards(connection, bench.endpoint)
        assert int(root(count)[0][0]) - before == 2 + 1  # and the one that counts


def test_two_connections_build_one_tls_context(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[type] = []
    build = ssl.SSLContext.__new__

    def count(cls: type[ssl.SSLContext], *arguments: Any) -> ssl.SSLContext:
        built.append(cls)
        return build(cls, *arguments)

    def is_encrypted() -> bool:
        with connect(bench.endpoint) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            row = cursor.fetchone()
        return row is not None and bool(row[1])

    monkeypatch.setattr(ssl.SSLContext, "__new__", staticmethod(count))
    mysql._tls_context.cache_clear()
    assert is_encrypted()
    assert is_encrypted()
    assert len(built) == 1
    mysql._tls_context.cache_clear()
    assert is_encrypted()
    assert len(built) == 2, "contexts are not counted, and this proves nothing"
