"""The service of `docs/howto/reservations-fastapi.md`, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import redis

from conformance.reservations.inventory import Inventory
from integration.eventually import eventually
from integration.page_service import Page, Service

PAGE = Page("reservations-fastapi.md")
EVENT = 42


class BoxOffice(Service):
    """One process of the service."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        super().__init__(PAGE, folder, environ)

    def hold(
        self, user: str, seats: Sequence[int] = (), *, key: str | None = None, timeout: float = 60, **wanted: Any
    ) -> Future[httpx.Response]:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"user": user, "seats": list(seats), **wanted}
        return self.send("POST", f"/events/{EVENT}/holds", json=body, headers=headers, timeout=timeout)

    def pay(self, hold: str) -> httpx.Response:
        return self.send("POST", f"/holds/{hold}/payment").result()

    def book(self, hold: str, booking: int = 7) -> httpx.Response:
        return self.send("POST", f"/holds/{hold}/booking/{booking}").result()

    def release(self, hold: str) -> httpx.Response:
        return self.send("DELETE", f"/holds/{hold}").result()

    def seats(self) -> Any:
        return self.send("GET", f"/events/{EVENT}/seats").result().json()


class World:
    """The servers of a test.

    Attributes:
        inventory: The database, with the account that the service has.
        keys: A client of the service's Redis database.
        seats: The seats of the event.
    """

    def __init__(self, inventory: Inventory, keys: redis.Redis, start: Callable[[str], BoxOffice]) -> None:
        self.inventory = inventory
        self.keys = keys
        self.seats: list[int] = []
        self._start = start

    def start(self, changes: dict[str, str] | None = None) -> BoxOffice:
        """Start a process of the service; `changes` says what a test has otherwise."""
        return self._start(PAGE.source(changes))

    def state(self, number: int = 0) -> str:
        """What is written of one of the seats."""
        rows = self.inventory.ask("SELECT status FROM seats WHERE seat_id = %s", self.seats[number])
        return str(rows[0][0])

    def reasons(self, number: int = 0) -> list[str]:
        """Why a seat has changed, each time."""
        rows = self.inventory.ask(
            "SELECT reason FROM seat_audit WHERE seat_id = %s ORDER BY seat_version", self.seats[number]
        )
        return [str(reason) for (reason,) in rows]

    def sessions(self) -> int:
        """How many connections to MySQL the service has."""
        ((count,),) = self.inventory.ask(
            "SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_user = %s", self.inventory.user
        )
        return int(count)

    @contextmanager
    def locked(self, number: int = 0) -> Iterator[Callable[[], None]]:
        """Lock a seat, so that whoever wants it waits until the function is called, or the block ends.

        A request that waits has nothing of the seat, and goes on as if it had just begun.
        """
        with closing(self.inventory.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM seats WHERE seat_id = %s FOR UPDATE", (self.seats[number],))
            yield connection.rollback

    def somebody_waits(self) -> None:
        """Return when somebody waits for a row."""
        eventually(lambda: self.inventory.ask("SELECT 1 FROM performance_schema.data_lock_waits"), len)
