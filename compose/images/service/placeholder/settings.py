"""What the environment says: the service's name, port and account, and where its dependencies are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MYSQL_HOST = re.compile(r"MYSQL_(?P<key>[A-Z0-9_]+)_HOST")
_SERVICE_URL = re.compile(r"(?P<name>[A-Z0-9_]+)_URL")
_DEFAULT_PORT = "8080"


class InvalidSettingsError(Exception):
    """The environment contradicts itself or lacks something.

    Attributes:
        problems: Every problem found, one sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Dependency:
    """Something that the service cannot work without.

    Attributes:
        kind: `mysql`, `redis`, `elasticsearch` or `service`.
        name: What people call it: the database's name, the service's name, or the kind again.
        host: Its address, for MySQL and Redis.
        port: Its TCP port, for MySQL and Redis.
        url: Its address, for Elasticsearch and services.
        user: The account, empty where none is used.
        password: Its password.
    """

    kind: str
    name: str
    host: str = ""
    port: int = 0
    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """A service as its environment describes it."""

    name: str
    port: int
    dependencies: tuple[Dependency, ...]


class _Environment:
    """Reads variables and collects problems, so that all of them are told at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def names(self) -> list[str]:
        return sorted(self._environ)

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "") or default

    def port(self, name: str, default: str) -> int:
        text = self.text(name, default)
        if text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        self.problems.append(f"{name}={text} is not a port: give a number from 1 to 65535")
        return 0

    def secret(self, name: str) -> str:
        """Return the value of `name`, or the content of the file that `name`_FILE gives."""
        value, file = self.text(name), self.text(f"{name}_FILE")
        if value and file:
            self.problems.append(f"both {name} and {name}_FILE are set: set one of them")
        if not file:
            return value
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            self.problems.append(f"{name}_FILE={file} cannot be read: {error}")
            return ""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that the environment describes.

    Args:
        environ: The environment's variables; README.md lists those that count.

    Raises:
        InvalidSettingsError: With every problem.
    """
    environment = _Environment(environ)
    name = environment.text("SERVICE_NAME")
    if not name:
        environment.problems.append("SERVICE_NAME is not set")
    settings = Settings(name, environment.port("SERVICE_PORT", _DEFAULT_PORT), _dependencies(environment))
    if environment.problems:
        raise InvalidSettingsError(environment.problems)
    return settings


def _dependencies(environment: _Environment) -> tuple[Dependency, ...]:
    user, password = environment.text("SERVICE_USER"), environment.secret("SERVICE_PASSWORD")
    found: list[Dependency] = []
    for name in environment.names():
        if match := _MYSQL_HOST.fullmatch(name):
            found.append(_mysql(environment, match["key"], user, password))
        elif name == "REDIS_HOST":
            port = environment.port("REDIS_PORT", "6379")
            found.append(Dependency("redis", "redis", environment.text(name), port, user=user, password=password))
        elif name == "ELASTICSEARCH_URL":
            url = environment.text(name)
            found.append(Dependency("elasticsearch", "elasticsearch", url=url, user=user, password=password))
        elif match := _SERVICE_URL.fullmatch(name):
            found.append(Dependency("service", _service_name(match["name"]), url=environment.text(name)))
    return tuple(found)


def _mysql(environment: _Environment, key: str, user: str, password: str) -> Dependency:
    prefix = f"MYSQL_{key}"
    database = environment.text(f"{prefix}_DATABASE")
    if not database:
        environment.problems.append(f"{prefix}_HOST is set, but {prefix}_DATABASE is not")
    if not user:
        environment.problems.append(f"{prefix}_HOST is set, but SERVICE_USER is not")
    port = environment.port(f"{prefix}_PORT", "3306")
    return Dependency("mysql", database, environment.text(f"{prefix}_HOST"), port, user=user, password=password)


def _service_name(variable: str) -> str:
    return variable.lower().replace("_", "-")
