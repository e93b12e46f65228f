"""What MySQL's and PyMySQL's errors mean, in the terms of ticketctl's error tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.settings.endpoints import MysqlEndpoint

BACKEND = "mysql"
UNKNOWN_DATABASE = 1049
NO_SUCH_COLUMN = 1054
NO_SUCH_TABLE = 1146
SHORTEST_SECRET = 4  # a shorter "password" would blank out ordinary words of a message

# Numbers of the server are below 2000 or above 3000, those of the client library between.
# https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
_FULL = {1040, 1203, 1226}
_LOGIN = {1045, 1130, 1251, 1524, 1698, 1820, 1862, 2059, 2061, 3118, 3955, 4151}
_PERMISSION = {1044, 1142, 1143, 1211, 1227, 1370, 1410, 1419, 3530}
_READ_ONLY = {1290, 1792, 1836}
_NO_SPACE = {1021, 1114}
_LOST = {0, 1053, 1080, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 4031}
_NEVER_CONNECTED = {2002, 2003, 2005, 2012, 2026}


@contextmanager
def translating(endpoint: MysqlEndpoint) -> Iterator[None]:
    """Turn errors of PyMySQL and of the socket into the error tree.

    Args:
        endpoint: Where the connection goes; messages name its address and account, never its password.

    Raises:
        BackendError: One of its subclasses, the original error as its cause.
    """
    from pymysql.err import MySQLError

    try:
        yield
    except MySQLError as error:
        # The cause is shown by --debug, and the server quotes statements back.
        error.args = tuple(_without_password(endpoint, item) for item in error.args)
        raise _from_driver(endpoint, error) from error
    except OSError as error:
        raise _from_socket(endpoint, error) from error
    except RuntimeError as error:
        if "cryptography" not in str(error):
            raise
        raise _from_missing_cryptography(endpoint) from error


def answered(error: BackendError) -> tuple[int, str]:
    """Return what the server itself said: its error number and message, 0 and the error's text if it did not.

    Args:
        error: An error raised by `translating`.
    """
    cause = error.__cause__
    arguments = cause.args if cause is not None else ()
    if len(arguments) > 1 and isinstance(arguments[0], int):
        return arguments[0], str(arguments[1])
    return 0, error.why or error.what


def _from_driver(endpoint: MysqlEndpoint, error: Exception) -> BackendError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1] if len(error.args) > 1 else error)
    original = getattr(error, "original_exception", None)
    if isinstance(original, OSError):
        return _from_socket(endpoint, original)
    for numbers, build in _KINDS:
        if number in numbers:
            return build(endpoint, number, message)
    return BackendOperationError(
        f"MySQL at {endpoint.address} refused a statement",
        backend=BACKEND,
        number=number,
        why=f"error {number}: {message}",
        next_step="the message above is the server's own; correct what it names and run the command again",
    )


def _from_socket(endpoint: MysqlEndpoint, error: OSError) -> BackendError:
    import socket

    why = f"{type(error).__name__}: {error}"
    next_step = "start the stack with `ticketctl up`, or correct mysql.host and mysql.port"
    if isinstance(error, ConnectionRefusedError):
        why = "the connection is refused: nothing listens on that port"
    elif isinstance(error, TimeoutError):
        why = f"no answer within {endpoint.connect_timeout:g} s"
        next_step = "is the server overloaded or still starting? `ticketctl status` shows it; else check the address"
    elif isinstance(error, socket.gaierror):
        why = f"the host name {endpoint.host!r} cannot be resolved"
        next_step = "correct mysql.host, or look at this machine's name resolution"
    return BackendUnreachableError(
        f"MySQL at {endpoint.address} cannot be reached", backend=BACKEND, why=why, next_step=next_step
    )


def _from_missing_cryptography(endpoint: MysqlEndpoint) -> BackendError:
    # Without TLS the server wants the password encrypted by its key, for which PyMySQL needs a
    # package. It asks for that both for a right password that the server has not cached and for a wrong one.
    return BackendLoginError(
        f"MySQL at {endpoint.address} did not accept {endpoint.user!r} over an unencrypted connection",
        backend=BACKEND,
        why="the server offers no TLS, and the password was either wrong or not in the server's cache",
        next_step="check the password first; then turn TLS on in the server, or `pip install 'pymysql[rsa]'`",
    )


def _without_password(endpoint: MysqlEndpoint, value: object) -> object:
    password = endpoint.password.reveal()
    if isinstance(value, str) and len(password) >= SHORTEST_SECRET:
        return value.replace(password, "***")
    return value


def _login(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendLoginError(
        f"MySQL at {endpoint.address} refused the account {endpoint.user!r}",
        backend=BACKEND,
        why=f"error {number}: {message}",
        next_step="`ticketctl config show` says where account and password come from; "
        "`ticketctl up` sets the stack's own passwords again",
    )


def _permission(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendPermissionError(
        f"the account {endpoint.user!r} may not do this on MySQL at {endpoint.address}",
        backend=BACKEND,
        why=f"error {number}: {message}",
        next_step="`ticketctl up` reconciles the stack's accounts and rights; elsewhere ask for the right named above "
        "(a database that does not exist is reported like this too)",
    )


def _unknown_database(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendOperationError(
        f"the database {endpoint.database!r} does not exist on MySQL at {endpoint.address}",
        backend=BACKEND,
        number=number,
        why=f"error {number}: {message}",
        next_step="`ticketctl up` creates the databases of ticketctl.yaml; elsewhere create it, or correct its name",
    )


def _full(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendUnreachableError(
        f"MySQL at {endpoint.address} accepts no further connection",
        backend=BACKEND,
        why=f"error {number}: {message}",
        next_step="wait for other clients to leave, or raise max_connections (SHOW PROCESSLIST says who is connected)",
    )


def _read_only(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendReadOnlyError(
        f"MySQL at {endpoint.address} refuses to write",
        backend=BACKEND,
        why=f"error {number}: {message}",
        next_step="is this a replica, or was read_only set by hand? Use the primary, or SET GLOBAL read_only = OFF",
    )


def _no_space(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendReadOnlyError(
        f"MySQL at {endpoint.address} has no room left to write",
        backend=BACKEND,
        why=f"error {number}: {message}",
        next_step="free disk space on the server's machine; `ticketctl doctor` shows how much is left",
    )


def _lost(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendUnreachableError(
        f"the connection to MySQL at {endpoint.address} was lost",
        backend=BACKEND,
        why=f"error {number}: {message}" if number else "the connection is closed",
        next_step="`ticketctl status` and `ticketctl logs mysql` say whether the server ended or restarted",
    )


def _never_connected(endpoint: MysqlEndpoint, number: int, message: str) -> BackendError:
    return BackendUnreachableError(
        f"MySQL at {endpoint.address} cannot be reached",
        backend=BACKEND,
        why=f"error {number}: {message}",
        next_step="start the stack with `ticketctl up`, or correct mysql.host and mysql.port",
    )


_KINDS: tuple[tuple[set[int], Callable[[MysqlEndpoint, int, str], BackendError]], ...] = (
    (_LOGIN, _login),
    (_PERMISSION, _permission),
    ({UNKNOWN_DATABASE}, _unknown_database),
    (_FULL, _full),
    (_READ_ONLY, _read_only),
    (_NO_SPACE, _no_space),
    (_LOST, _lost),
    (_NEVER_CONNECTED, _never_connected),
)
