"""Makes Elasticsearch's roles and users, then ends: `python3 -m placeholder.elasticsearch_setup`.

For those who run the Compose file without ticketctl. Running it again sets the same roles and passwords again.
"""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_REQUEST_SECONDS = 10.0
_PAUSE_SECONDS = 0.5
_DEFAULT_WAIT_SECONDS = "120"

_LOGIN_SECONDS = 10.0
"""How long a refused login may be the node's fault: just started, it fails to read the right password's hash."""

_NOT_YET = frozenset({429, 502, 503, 504})


class SetupFailedError(Exception):
    """The accounts were not made; the message is one line for people."""


class _LoginRefusedError(Exception):
    """The node does not take the login, yet or at all."""


class Node:
    """The security interface of one Elasticsearch node."""

    def __init__(self, url: str, user: str, password: str, deadline: float) -> None:
        self._url = url.rstrip("/")
        account = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {account}", "Content-Type": "application/json"}
        self._user = user
        self._deadline = deadline

    def put(self, path: str, body: Mapping[str, object]) -> None:
        """Send a document, waiting for the node as long as the deadline allows.

        Args:
            path: The path below the node's address.
            body: The document.

        Raises:
            SetupFailedError: If the node refuses it, or does not answer in time.
        """
        refused_since: float | None = None
        while True:
            try:
                return self._send(path, body)
            except _LoginRefusedError:
                now = time.monotonic()
                refused_since = refused_since or now
                if now - refused_since > _LOGIN_SECONDS:
                    raise SetupFailedError(f"{self._url} refuses the password of {self._user}") from None
            except (OSError, ConnectionError) as error:
                if time.monotonic() > self._deadline:
                    raise SetupFailedError(f"{self._url} does not answer in time: {error}") from None
            time.sleep(_PAUSE_SECONDS)

    def _send(self, path: str, body: Mapping[str, object]) -> None:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, self._headers, method="PUT")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_REQUEST_SECONDS):  # noqa: S310 - the address is configured
                return
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 401:
                    raise _LoginRefusedError from None
                if error.code in _NOT_YET:
                    raise ConnectionError(f"HTTP {error.code}") from None
                raise SetupFailedError(f"{path}: HTTP {error.code}: {_reason(error.read())}") from None


def _reason(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"]["reason"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def set_up(environ: Mapping[str, str]) -> list[str]:
    """Make every role and user of the accounts file.

    Args:
        environ: The environment's variables; README.md lists those that count.

    Returns:
        The names of the users.

    Raises:
        SetupFailedError: If one could not be made.
    """
    accounts = _accounts(environ)
    deadline = time.monotonic() + float(environ.get("ELASTICSEARCH_WAIT_SECONDS") or _DEFAULT_WAIT_SECONDS)
    user = environ.get("ELASTICSEARCH_USER") or "elastic"
    node = Node(_required(environ, "ELASTICSEARCH_URL"), user, _password(environ), deadline)
    for name, role in accounts["roles"].items():
        node.put(f"/_security/role/{urllib.parse.quote(name, safe='')}", role)
    for name, account in accounts["users"].items():
        body = {key: value for key, value in account.items() if key != "password_file"}
        body["password"] = _read(account["password_file"])
        node.put(f"/_security/user/{urllib.parse.quote(name, safe='')}", body)
    return sorted(accounts["users"])


def _accounts(environ: Mapping[str, str]) -> dict[str, dict[str, dict[str, Any]]]:
    file = _required(environ, "ELASTICSEARCH_ACCOUNTS_FILE")
    try:
        accounts = json.loads(_read(file))
        return {"roles": dict(accounts["roles"]), "users": dict(accounts["users"])}
    except (ValueError, KeyError, TypeError) as error:
        raise SetupFailedError(f"{file} is not a document of roles and users: {error!r}") from None


def _required(environ: Mapping[str, str], name: str) -> str:
    if value := environ.get(name):
        return value
    raise SetupFailedError(f"{name} is not set")


def _password(environ: Mapping[str, str]) -> str:
    value, file = environ.get("ELASTICSEARCH_PASSWORD"), environ.get("ELASTICSEARCH_PASSWORD_FILE")
    if value and file:
        raise SetupFailedError("both ELASTICSEARCH_PASSWORD and ELASTICSEARCH_PASSWORD_FILE are set: set one of them")
    return value or _read(_required(environ, "ELASTICSEARCH_PASSWORD_FILE"))


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise SetupFailedError(f"{file} cannot be read: {error}") from None


def main() -> int:
    """Make the accounts.

    Returns:
        The exit code.
    """
    try:
        names = set_up(os.environ)
    except SetupFailedError as failed:
        print(f"elasticsearch-setup: {failed}", file=sys.stderr, flush=True)
        return 1
    print(f"elasticsearch-setup: {len(names)} accounts are in place: {', '.join(names)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
