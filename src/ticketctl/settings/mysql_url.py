"""`mysql://user:password@host:port/database`, as service developers write an endpoint."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from ticketctl.errors import SettingsError, SettingsProblem
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

FORM = "mysql://user:password@host:port/database"
DEFAULT_PORT = 3306
LONGEST_DATABASE = 64  # characters
# SQLAlchemy's names of the same; the driver is ours in any case.
_SCHEMES = ("mysql", "mysql+pymysql")


def parse_mysql_url(url: str, password: Secret | None = None, *, where: str = "the MySQL URL") -> MysqlEndpoint:
    """Return the endpoint that a URL names.

    Characters that have a meaning in URLs are written as `%40` and so on. `charset=utf8mb4` and
    `connect_timeout=SECONDS` may stand behind a question mark.

    Args:
        url: `mysql://user:password@host:port/database`; port (3306), password and database may be missing.
        password: The password, where it does not stand in the URL; it comes before that one.
        where: What the URL is called in messages, such as the name of a variable.

    Raises:
        SettingsError: It is no such URL; the message does not repeat it, as it may hold a password.
    """
    parts = _split(url, where)
    given = password or Secret(unquote(parts.password or ""))
    database = unquote(parts.path.removeprefix("/"))
    if "/" in database or len(database) > LONGEST_DATABASE:
        raise _problem(where, "what follows the address is not the name of one database")
    if not parts.username or not parts.hostname:
        raise _problem(where, "it names no account" if parts.hostname else "it names no host")
    return MysqlEndpoint(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORT,
        user=unquote(parts.username),
        password=given,
        database=database or None,
        connect_timeout=_connect_timeout(parts.query, where),
    )


def mysql_url(endpoint: MysqlEndpoint) -> str:
    """Return the URL of an endpoint, with its password: for the one program that needs it.

    Args:
        endpoint: Any endpoint.
    """
    login = f"{quote(endpoint.user, safe='')}:{quote(endpoint.password.reveal(), safe='')}"
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"mysql://{login}@{host}:{endpoint.port}/{quote(endpoint.database or '', safe='')}"


def _split(url: str, where: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # it is read when it is asked for, and may be no number
    except ValueError:
        # Not the error's own words, which may repeat a part of the password.
        raise _problem(where, "its address or port cannot be read") from None
    if parts.scheme not in _SCHEMES or parts.fragment:
        raise _problem(where, "it is not a URL of the form that is wanted")
    return parts


def _connect_timeout(query: str, where: str) -> float:
    seconds = 5.0
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "connect_timeout" and value.replace(".", "", 1).isdigit():
            seconds = float(value)
        elif (name, value) != ("charset", "utf8mb4"):
            raise _problem(where, f"its option {name!r} is not known or cannot have this value")
    return seconds


def _problem(where: str, message: str) -> SettingsError:
    return SettingsError(
        [SettingsProblem(where, "", message)],
        next_step=f"write it as {FORM}; characters such as @ : / in user and password as %40 %3A %2F",
    )
