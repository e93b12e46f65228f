"""What the environment says: who the service is, where its servers are, and how much may be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from ticketctl.reservations import Limits

_T = TypeVar("_T")
_LONGEST_HOLD = 1_800.0  # seconds


class InvalidSettingsError(Exception):
    """The environment contradicts itself or lacks something.

    Attributes:
        problems: Every problem found, one sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Mysql:
    """Where a database is, and who uses it.

    Attributes:
        host: Its server.
        port: Its port.
        database: Its name.
        user: The account.
        password: Its password.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The service as its environment describes it.

    Attributes:
        name: Its name.
        host: The address that it listens on.
        port: The port that it listens on.
        events: The events database.
        inventory: The inventory database.
        bookings: The bookings database.
        redis_host: Redis.
        redis_port: Its port.
        redis_url: Redis with the account in it.
        limits: How much a user may have.
        hold: Seconds that a hold lasts, and the most that a client may ask for.
        paying: Seconds that a hold lasts at least once its payment has begun.
        finish_after: Seconds after which a payment that nobody went on with is brought to an end by the service.
        provider_books: File in which the pretended payment provider keeps its books; in memory if it is empty.
    """

    name: str
    host: str
    port: int
    events: Mysql
    inventory: Mysql
    bookings: Mysql
    redis_host: str
    redis_port: int
    redis_url: str = field(repr=False)
    limits: Limits
    hold: float
    paying: float
    finish_after: float
    provider_books: str


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that the environment describes.

    Args:
        environ: The environment's variables; README.md lists those that count.

    Raises:
        InvalidSettingsError: With every problem.
    """
    reader = _Reader(environ)
    user, password = reader.text("SERVICE_USER"), reader.secret("SERVICE_PASSWORD")
    redis_host, redis_port = reader.text("REDIS_HOST"), reader.port("REDIS_PORT", "6379")
    account = f"{quote(user, safe='')}:{quote(password, safe='')}@" if password else ""
    database = reader.number("REDIS_DATABASE", "0", int, 0, 1_000_000)
    settings = Settings(
        name=reader.text("SERVICE_NAME", "booking"),
        host=reader.text("SERVICE_HOST", "0.0.0.0"),  # noqa: S104  # a container is reached from others
        port=reader.port("SERVICE_PORT", "8080"),
        events=reader.mysql("EVENTS", user, password),
        inventory=reader.mysql("INVENTORY", user, password),
        bookings=reader.mysql("BOOKINGS", user, password),
        redis_host=redis_host,
        redis_port=redis_port,
        redis_url=f"redis://{account}{redis_host}:{redis_port}/{database}",
        limits=Limits(
            per_hold=reader.number("LIMIT_PER_HOLD", "4", int, 1, 500),
            per_user=reader.number("LIMIT_PER_USER", "6", int, 1, 1_000_000),
            open_holds=reader.number("LIMIT_OPEN_HOLDS", "2", int, 1, 1_000_000),
        ),
        hold=reader.number("HOLD_SECONDS", "600", float, 0.1, _LONGEST_HOLD),
        paying=reader.number("PAYMENT_SECONDS", "15", float, 0.1, _LONGEST_HOLD),
        finish_after=reader.number("FINISH_SECONDS", "30", float, 0.1, 86_400),
        provider_books=reader.text("PROVIDER_BOOKS", ":memory:"),
    )
    if reader.problems:
        raise InvalidSettingsError(reader.problems)
    return settings


class _Reader:
    """Reads variables and collects problems, so that all of them are told at once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name, "") or default
        if value is None:
            self.problems.append(f"{name} is not set")
        return value or ""

    def port(self, name: str, default: str) -> int:
        return self.number(name, default, int, 1, 65_535)

    def number(self, name: str, default: str, kind: Callable[[str], _T], least: float, most: float) -> _T:
        text = self.text(name, default)
        try:
            value = kind(text)
            if least <= float(text) <= most:
                return value
        except ValueError:
            pass
        self.problems.append(f"{name}={text} cannot be: give a number from {least:g} to {most:g}")
        return kind(default)

    def secret(self, name: str) -> str:
        """Return the value of `name`, or the content of the file that `name`_FILE gives."""
        value, file = self.text(name, ""), self.text(f"{name}_FILE", "")
        if value and file:
            self.problems.append(f"both {name} and {name}_FILE are set: set one of them")
        if not file:
            return value
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            self.problems.append(f"{name}_FILE={file} cannot be read: {error}")
            return ""

    def mysql(self, key: str, user: str, password: str) -> Mysql:
        host, database = self.text(f"MYSQL_{key}_HOST"), self.text(f"MYSQL_{key}_DATABASE")
        return Mysql(host, self.port(f"MYSQL_{key}_PORT", "3306"), database, user, password)
