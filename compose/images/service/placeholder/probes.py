"""One question for each kind of dependency: does it answer, and does it let this service log in?"""

import base64
import contextlib
import socket
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from placeholder.settings import Dependency

if TYPE_CHECKING:
    import ssl

TIMEOUT_SECONDS = 2.0

_MYSQL_LOGIN_REFUSED = frozenset({1044, 1045, 1049, 1698, 3118})
"""No rights on the database, wrong password, no such database, no password given, account locked."""


class ProbeFailedError(Exception):
    """The dependency is not usable.

    Attributes:
        status: `unreachable`, `refused` (it answers, but does not let this service log in) or `failed`.
        detail: What it said.
    """

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def probe(dependency: Dependency) -> None:
    """Ask a dependency.

    Args:
        dependency: Whom to ask, and as whom.

    Raises:
        ProbeFailedError: If it does not answer well within `TIMEOUT_SECONDS` of any step.
    """
    _PROBES[dependency.kind](dependency)


def _probe_mysql(dependency: Dependency) -> None:
    import pymysql

    try:
        connection = pymysql.connect(
            host=dependency.host,
            port=dependency.port,
            user=dependency.user,
            password=dependency.password.encode(),  # text would be sent in Latin-1
            database=dependency.name,
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            write_timeout=TIMEOUT_SECONDS,
            ssl=_encryption(),
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except pymysql.MySQLError as error:
        raise _mysql_failure(error) from None
    except RuntimeError as error:  # without TLS, the driver needs a package that is not here for a first login
        raise ProbeFailedError("failed", str(error)) from None


def _mysql_failure(error: Exception) -> ProbeFailedError:
    code, text = (*error.args, "", "")[:2]
    if code in _MYSQL_LOGIN_REFUSED:
        return ProbeFailedError("refused", f"{text} ({code})")
    return ProbeFailedError("unreachable" if code == 2003 else "failed", f"{text} ({code})")


@cache
def _encryption() -> "ssl.SSLContext":
    """Return how to encrypt: without asking who the server is, as its certificate is signed by itself.

    The driver encrypts where the server offers it, and the login of a new connection needs it.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _probe_redis(dependency: Dependency) -> None:
    with _connected(dependency.host, dependency.port) as connection, connection.makefile("rb") as replies:
        if dependency.password:
            user = [dependency.user] if dependency.user else []
            connection.sendall(_redis_command("AUTH", *user, dependency.password))
            if not (reply := _redis_reply(replies.readline())).startswith("+"):
                raise ProbeFailedError("refused", reply[1:])
        connection.sendall(_redis_command("PING"))
        reply = _redis_reply(replies.readline())
        if reply != "+PONG":
            raise ProbeFailedError(
                "refused" if reply.startswith("-NOAUTH") else "failed", reply[1:] or "no answer to PING"
            )


def _redis_command(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def _redis_reply(line: bytes) -> str:
    return line.decode(errors="replace").strip()


def _probe_elasticsearch(dependency: Dependency) -> None:
    # Asks for no privilege: any account that may log in is told who it is.
    path = "/_security/_authenticate" if dependency.user else "/"
    status = _http_status(dependency, path)
    if status in (401, 403):
        raise ProbeFailedError("refused", f"HTTP {status} for the account {dependency.user or '(none)'}")
    if status != 200:
        raise ProbeFailedError("failed", f"HTTP {status} from {path}")


def _probe_service(dependency: Dependency) -> None:
    # Whether it lives, not whether it is ready: else services that need each other would wait for ever.
    status = _http_status(dependency, "/health/live")
    if status != 200:
        raise ProbeFailedError("failed", f"HTTP {status} from /health/live")


def _http_status(dependency: Dependency, path: str) -> int:
    """Return the status of a GET. By hand, as importing an HTTP client doubles what the process weighs."""
    address = urlsplit(dependency.url)
    if address.scheme != "http" or not address.hostname:
        raise ProbeFailedError("failed", f"{dependency.url} is not an http:// address")
    request = [f"GET {address.path.rstrip('/')}{path} HTTP/1.0", f"Host: {address.netloc.rpartition('@')[2]}"]
    if dependency.user:
        account = base64.b64encode(f"{dependency.user}:{dependency.password}".encode()).decode()
        request.append(f"Authorization: Basic {account}")
    with _connected(address.hostname, address.port or 80) as connection, connection.makefile("rb") as answer:
        connection.sendall("\r\n".join([*request, "", ""]).encode())
        words = answer.readline().split()
    if len(words) < 2 or not words[1].isdigit():
        raise ProbeFailedError("failed", f"no HTTP answer from {path}")
    return int(words[1])


@contextlib.contextmanager
def _connected(host: str, port: int) -> Iterator[socket.socket]:
    try:
        connection = socket.create_connection((host, port), TIMEOUT_SECONDS)
    except OSError as error:
        raise ProbeFailedError("unreachable", f"{host}:{port}: {error.strerror or error}") from None
    with connection:
        try:
            yield connection
        except OSError as error:
            raise ProbeFailedError("failed", f"{host}:{port}: {error.strerror or error}") from None


_PROBES: dict[str, Callable[[Dependency], None]] = {
    "mysql": _probe_mysql,
    "redis": _probe_redis,
    "elasticsearch": _probe_elasticsearch,
    "service": _probe_service,
}
