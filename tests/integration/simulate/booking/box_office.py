"""Processes of the example booking service, and the databases that they work on."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx
import pymysql
from redis import Redis

from integration.conftest import REDIS_PASSWORD, root_of
from integration.eventually import eventually
from integration.servers import Server
from ticketctl.infra.mysql import connect, quote_identifier, translating
from ticketctl.migrations import Migrator
from ticketctl.settings.endpoints import MysqlEndpoint

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "examples" / "booking_service"
CRASHING = Path(__file__).with_name("crashing_process.py")
KEYS = ("events", "inventory", "bookings")
PASSWORD = "booking-of-the-tests"
EVENT = 42
SEATS = 12
PRICE = "25.00"
REDIS_NUMBER = 9  # of the Redis database, which is these tests' alone


@dataclass(frozen=True)
class World:
    """What services of a test work with.

    Attributes:
        mysql: The server, as root.
        names: The database of each key.
        user: The account of the service.
        redis: The Redis server.
        keys: A client of its database.
    """

    mysql: MysqlEndpoint
    names: Mapping[str, str]
    user: str
    redis: Server
    keys: Redis

    def environ(self, folder: Path, **more: str) -> dict[str, str]:
        """What a service is told, as a stack tells it."""
        password = folder / "password"
        password.write_text(f"{PASSWORD}\n", encoding="utf-8")
        databases = {
            f"MYSQL_{key.upper()}_{part}": value
            for key, name in self.names.items()
            for part, value in (("HOST", "127.0.0.1"), ("PORT", str(self.mysql.port)), ("DATABASE", name))
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTEST"))}
        return {
            **inherited,
            **databases,
            "PYTHONPATH": str(EXAMPLE),
            "SERVICE_NAME": "booking",
            "SERVICE_HOST": "127.0.0.1",
            "SERVICE_USER": self.user,
            "SERVICE_PASSWORD_FILE": str(password),
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.redis.port),
            "REDIS_DATABASE": str(REDIS_NUMBER),
            "PROVIDER_BOOKS": str(folder / "provider.sqlite"),
            **more,
        }

    def ask(self, key: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute a statement in a database, as root."""
        where = replace(self.mysql, database=self.names[key])
        with connect(where) as connection, translating(where), connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def begin(self) -> None:
        """Forget everything but an event on sale, with free seats in two rows."""
        self.keys.flushdb()  # the locks of processes that were killed with it
        self.keys.acl_setuser(  # again, as a Redis that was restarted has forgotten it
            self.user,
            enabled=True,
            passwords=[f"+{PASSWORD}"],
            categories=["+@all", "-@admin", "-@dangerous"],
            commands=["+info"],
            keys=["*"],
            channels=["*"],
        )
        for key, tables in {
            "events": ("events",),
            "inventory": ("seats", "reservations", "seat_audit", "outbox_events", "reservation_guards"),
            "bookings": ("booking_seats", "idempotency_keys"),
        }.items():
            for table in tables:
                self.ask(key, "SET foreign_key_checks = 0")
                self.ask(key, f"DELETE FROM {table}")
        self.ask("bookings", "DELETE FROM payment_transactions WHERE transaction_type = 'REFUND'")
        self.ask("bookings", "DELETE FROM payment_transactions")
        self.ask("bookings", "DELETE FROM bookings")
        self.ask(
            "events",
            "INSERT INTO events (event_id, event_name, event_date, venue_name, total_seats, available_seats, status)"
            " VALUES (%s, 'The Paper Lanterns', '2030-05-01 20:00', 'Blue Door', %s, %s, 'ON_SALE')",
            *(EVENT, SEATS, SEATS),
        )
        values = [
            (number, EVENT, f"S-{'AB'[number > SEATS // 2]}{number}", "AB"[number > SEATS // 2], number)
            for number in range(1, SEATS + 1)
        ]
        self.ask(
            "inventory",
            "INSERT INTO seats (seat_id, event_id, seat_number, section, `row_number`, row_position, price) VALUES "
            + ", ".join([f"(%s, %s, %s, 'Stalls', %s, %s, {PRICE})"] * SEATS),
            *(value for row in values for value in row),
        )

    def seat(self, seat_id: int) -> tuple[Any, ...]:
        """The state of a seat, and its booking."""
        (row,) = self.ask("inventory", "SELECT status, booking_id FROM seats WHERE seat_id = %s", seat_id)
        return row

    def bookings(self) -> list[tuple[Any, ...]]:
        """Id, user and state of each booking."""
        return self.ask("bookings", "SELECT booking_id, user_id, status FROM bookings ORDER BY booking_id")

    def payments(self) -> list[tuple[Any, ...]]:
        """Kind and state of each movement of money, as the service knows it."""
        return self.ask("bookings", "SELECT transaction_type, status FROM payment_transactions ORDER BY transaction_id")

    @contextmanager
    def locked(self, seat_id: int) -> Iterator[None]:
        """Lock a seat, so that whoever wants to change it waits for the end of the block."""
        where = {"host": "127.0.0.1", "port": self.mysql.port, "user": self.user, "password": PASSWORD}
        with closing(pymysql.connect(**where, database=self.names["inventory"])) as connection:  # type: ignore[call-overload]
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM seats WHERE seat_id = %s FOR UPDATE", (seat_id,))
            yield

    def somebody_waits(self) -> None:
        """Return when somebody waits for a row."""
        eventually(lambda: self.ask("inventory", "SELECT 1 FROM performance_schema.data_lock_waits"), len)


@contextmanager
def made_world(mysql: Server, redis_server: Server) -> Iterator[World]:
    """Make the three databases of a service and its account, and remove them at the end."""
    mark = uuid.uuid4().hex[:10]
    root, user = root_of(mysql), f"booking_{mark}"
    names = {key: f"{key}_{mark}" for key in KEYS}
    client = Redis(port=redis_server.port, password=REDIS_PASSWORD.reveal(), db=REDIS_NUMBER)
    with closing(client), connect(root) as connection, translating(root), connection.cursor() as cursor:
        cursor.execute(f"CREATE USER {quote_identifier(user)} IDENTIFIED BY %s", (PASSWORD,))
        for key, name in names.items():
            cursor.execute(f"CREATE DATABASE {quote_identifier(name)}")
            scope = quote_identifier(name.replace("_", r"\_"))
            cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {scope}.* TO {quote_identifier(user)}")
            Migrator(replace(root, database=name), ROOT / "migrations" / key).apply()
        yield World(root, names, user, redis_server, client)
        client.flushdb()
        client.acl_deluser(user)
    with connect(root) as connection, translating(root), connection.cursor() as cursor:
        for name in names.values():
            cursor.execute(f"DROP DATABASE {quote_identifier(name)}")
        cursor.execute(f"DROP USER {quote_identifier(user)}")


class BoxOffice:
    """One process of the service.

    Args:
        world: Where it works.
        folder: Where its log and the books of its payment provider are.
        crash: Where it kills itself; see `crashing_process.py`.
        settings: What else it is told.
    """

    def __init__(self, world: World, folder: Path, crash: str = "", **settings: str) -> None:
        self._folder = folder
        self._log = folder / f"{time.monotonic_ns()}.log"
        self._clients = ThreadPoolExecutor(16)
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._client = httpx.Client(base_url=self.url, timeout=60)
        environ = world.environ(folder, SERVICE_PORT=self.url.rpartition(":")[2], **settings)
        command = [str(CRASHING), crash] if crash else ["-m", "booking_service"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command], cwd=folder, env=environ, stdout=log, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> Self:
        eventually(
            lambda: (self._process.poll(), "Uvicorn running" in self.log),
            lambda seen: seen[0] is not None or seen[1],
            60,
        )
        assert self._process.poll() is None, self.log
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._clients.shutdown()
        self._client.close()
        sys.stdout.write(self.log)  # pytest shows it of a test that failed

    @property
    def log(self) -> str:
        return self._log.read_text()

    def send(self, method: str, path: str, **options: Any) -> Future[httpx.Response]:
        return self._clients.submit(self._client.request, method, path, **options)

    def get(self, path: str) -> httpx.Response:
        return self.send("GET", path).result()

    def hold(
        self, user: str, seats: Sequence[int] = (), *, key: str | None = None, **wanted: Any
    ) -> Future[httpx.Response]:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"user": user, **({"seats": list(seats)} if seats else {}), **wanted}
        return self.send("POST", f"/events/{EVENT}/holds", json=body, headers=headers)

    def held(self, user: str, seats: Sequence[int], **wanted: Any) -> str:
        """Hold seats, and return the id of the hold."""
        answer = self.hold(user, seats, **wanted).result()
        assert answer.status_code == 201, answer.text
        return str(answer.json()["hold"])

    def pay(self, hold: str, card: str = "good") -> httpx.Response:
        return self.send("POST", f"/holds/{hold}/payment", json={"card": card}).result()

    def release(self, hold: str) -> httpx.Response:
        return self.send("DELETE", f"/holds/{hold}").result()

    def crashes_paying(self, hold: str) -> None:
        """Pay, and see the process die of it."""
        try:
            answer = self.pay(hold)
        except httpx.TransportError:
            assert self._process.wait(10) == -signal.SIGKILL
        else:
            raise AssertionError(f"it lives: {answer.status_code} {answer.text}")

    def end(self) -> None:
        """Ask it to end, as who runs containers does."""
        self._process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait(20)

    def movements(self, hold: str) -> list[tuple[str, str, str]]:
        """Kind, amount and whether it was declined of each movement for a hold, as the provider knows it."""
        statement = "SELECT kind, amount, declined FROM movements WHERE key LIKE ? ORDER BY rowid"
        with closing(sqlite3.connect(self._folder / "provider.sqlite")) as books:
            return books.execute(statement, (f"{hold}:%",)).fetchall()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
