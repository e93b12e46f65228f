"""The MySQL adapter against a real server, and against ports where none is."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

import pytest

from integration.conftest import root_of
from integration.servers import Server
from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.infra.mysql import answered, connect, quote_identifier, translating
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration
ACCOUNT = "adapter's test"
PASSWORD = Secret("pässwörd €'\"\\")


@pytest.fixture(scope="module")
def endpoint(own_mysql: Server) -> Iterator[MysqlEndpoint]:
    """An account without rights, whose password has all that may go wrong in it."""
    with closing(connect(root_of(own_mysql))) as connection, connection.cursor() as cursor:
        cursor.execute("DROP USER IF EXISTS %s", (ACCOUNT,))
        cursor.execute("CREATE USER %s IDENTIFIED BY %s", (ACCOUNT, PASSWORD.reveal()))
        yield replace(root_of(own_mysql), user=ACCOUNT, password=PASSWORD)
        cursor.execute("DROP USER %s", (ACCOUNT,))


@pytest.fixture
def root(own_mysql: Server) -> MysqlEndpoint:
    return root_of(own_mysql)


def ask(endpoint: MysqlEndpoint, *statements: str) -> tuple[object, ...]:
    with connect(endpoint) as connection, translating(endpoint), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return tuple(cursor.fetchone() or ())


def refused(endpoint: MysqlEndpoint, *statements: str) -> BackendError:
    with pytest.raises(BackendError) as raised:
        ask(endpoint, *statements)
    error = raised.value
    assert error.next_step
    assert error.backend == "mysql"
    secret = endpoint.password.reveal()
    assert not secret or secret not in f"{error}{error!r}{error.__cause__!r}"
    return error


def test_connects_over_tls_in_utc_with_any_password(endpoint: MysqlEndpoint) -> None:
    assert ask(endpoint, "SELECT @@time_zone, @@character_set_client, @@autocommit") == ("+00:00", "utf8mb4", 1)
    assert str(ask(endpoint, "SHOW SESSION STATUS LIKE 'Ssl_version'")[1]).startswith("TLS")


def test_further_connections_share_the_tls_context(endpoint: MysqlEndpoint) -> None:
    """Building one loads the machine's certificates, 40 ms each time."""
    contexts = []
    with ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(connect(endpoint))
            contexts.append(connection.ctx)  # type: ignore[attr-defined]
    assert contexts[0] is contexts[1]


def test_a_silent_peer_is_noticed_within_a_minute(endpoint: MysqlEndpoint) -> None:
    with connect(endpoint) as connection:
        stream = connection._sock  # type: ignore[attr-defined]
        assert stream.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle, interval, count = (
            stream.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
    assert idle + interval * count <= 60


def test_a_statement_may_take_longer_than_a_login(endpoint: MysqlEndpoint) -> None:
    assert ask(replace(endpoint, connect_timeout=1), "SELECT SLEEP(1.5)") == (0,)


def test_a_limit_for_statements_counts_as_a_lost_connection(endpoint: MysqlEndpoint) -> None:
    with (
        connect(endpoint, read_timeout=0.5) as connection,
        pytest.raises(BackendUnreachableError),
        translating(endpoint),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT SLEEP(5)")


def test_a_wrong_password(endpoint: MysqlEndpoint) -> None:
    error = refused(replace(endpoint, password=Secret("wrong-and-secret")))
    assert isinstance(error, BackendLoginError)
    assert answered(error)[0] == 1045


@pytest.fixture
def no_tls(root: MysqlEndpoint) -> Iterator[None]:
    """The server offers no TLS, as one without certificates does."""
    (certificate,) = ask(root, "SELECT @@ssl_cert")
    reload = "ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR"
    with connect(root) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL ssl_cert = '/nowhere'")
        cursor.execute(reload)
        yield
        cursor.execute("SET GLOBAL ssl_cert = %s", (certificate,))
        cursor.execute(reload)


@pytest.mark.usefixtures("no_tls")
def test_a_wrong_password_without_tls_does_not_ask_for_a_package(
    endpoint: MysqlEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyMySQL then says that a package is missing, whatever is wrong."""
    from pymysql import _auth

    monkeypatch.setattr(_auth, "_have_cryptography", False)
    error = refused(replace(endpoint, password=Secret("wrong-and-secret")))
    assert isinstance(error, BackendLoginError)
    assert "check the password first" in error.next_step


def test_a_server_without_tls_is_used_without(root: MysqlEndpoint, request: pytest.FixtureRequest) -> None:
    ask(root, "SELECT 1")  # after a login over TLS the server knows the password, and needs no key for it
    request.getfixturevalue("no_tls")
    assert ask(root, "SHOW SESSION STATUS LIKE 'Ssl_version'")[1] == ""


def test_an_unknown_database(root: MysqlEndpoint) -> None:
    error = refused(replace(root, database="nowhere"))
    assert isinstance(error, BackendOperationError)
    assert error.number == 1049
    assert "'nowhere' does not exist" in error.what


def test_a_database_without_rights(endpoint: MysqlEndpoint) -> None:
    assert isinstance(refused(replace(endpoint, database="mysql")), BackendPermissionError)
    assert isinstance(refused(endpoint, "SELECT * FROM mysql.user"), BackendPermissionError)


def test_too_many_connections(endpoint: MysqlEndpoint, root: MysqlEndpoint) -> None:
    def connect_often() -> None:
        for _ in range(10):
            stack.enter_context(connect(endpoint))

    with ExitStack() as stack:
        cursor = stack.enter_context(connect(root)).cursor()
        cursor.execute("SET GLOBAL max_connections = 5")
        stack.callback(cursor.execute, "SET GLOBAL max_connections = 151")
        with pytest.raises(BackendUnreachableError, match="accepts no further connection"):
            connect_often()


def test_a_read_only_server(root: MysqlEndpoint) -> None:
    try:
        error = refused(root, "SET GLOBAL super_read_only = ON", "CREATE DATABASE ticketctl_scratch_never")
        assert isinstance(error, BackendReadOnlyError)
    finally:
        ask(root, "SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF")


def test_a_connection_that_the_server_ends(root: MysqlEndpoint) -> None:
    with connect(root) as connection, connection.cursor() as cursor:
        thread = ask(root, f"KILL {connection.thread_id()}") or connection  # type: ignore[no-untyped-call]
        assert thread is connection
        for _ in range(2):  # also when it is used again
            with pytest.raises(BackendUnreachableError), translating(root):
                cursor.execute("SELECT 1")


def test_what_the_server_says_of_a_statement_reaches_the_error_without_the_password(root: MysqlEndpoint) -> None:
    error = refused(root, f"SELEC '{root.password.reveal()}'")
    assert isinstance(error, BackendOperationError)
    assert error.number == 1064
    assert "***" in error.why


@contextmanager
def listening(backlog: int = 5) -> Iterator[tuple[socket.socket, int]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        yield listener, listener.getsockname()[1]


def test_a_port_where_nothing_listens() -> None:
    with listening() as (listener, port):
        listener.close()
        error = refused(MysqlEndpoint("127.0.0.1", port, "u", Secret("")))
    assert isinstance(error, BackendUnreachableError)
    assert "nothing listens" in error.why


def test_a_port_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    with listening() as (_, port):
        began = time.monotonic()
        error = refused(MysqlEndpoint("127.0.0.1", port, "u", Secret(""), connect_timeout=0.5))
    assert isinstance(error, BackendUnreachableError)
    assert time.monotonic() - began < 3


def test_a_host_that_does_not_exist() -> None:
    error = refused(MysqlEndpoint("no-such-host.invalid", 3306, "u", Secret("")))
    assert isinstance(error, BackendUnreachableError)
    assert "cannot be resolved" in error.why


def test_a_bug_of_ours_is_not_dressed_up(root: MysqlEndpoint) -> None:
    with pytest.raises(RuntimeError, match="ours"), translating(root):
        raise RuntimeError("ours")


@pytest.mark.parametrize("name", ["a`b", "`; DROP TABLE x", "größe", "a" * 64, "select"])
def test_any_name_can_be_quoted(root: MysqlEndpoint, name: str) -> None:
    with connect(root) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 AS {quote_identifier(name)}")
        assert cursor.description is not None
        assert cursor.description[0][0] == name


@pytest.mark.parametrize("name", ["", "a" * 65, "a\0b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a MySQL identifier"):
        quote_identifier(name)
