"""The service of `docs/howto/locks-fastapi.md`: made from the page, and run under uvicorn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import redis

from integration.eventually import eventually
from integration.locks.shop_payments import Payments
from integration.page_service import Page, Service

PAGE = Page("locks-fastapi.md")
ORDER = 17


def statements() -> list[str]:
    """The tables of the page."""
    return [text for text in "".join(PAGE.blocks("sql")).split(";\n") if text.strip()]


class Shop(Service):
    """One process of the service."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        super().__init__(PAGE, folder, environ)

    def checkout(self, order: int, timeout: float = 60) -> Future[httpx.Response]:
        return self.send("POST", f"/orders/{order}/checkout", timeout=timeout)

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric with these labels, 0 when there is none."""
        for line in httpx.get(f"{self.url}/metrics", timeout=60).text.splitlines():
            if line.startswith(f"{name}{{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
                return float(line.rpartition(" ")[2])
        return 0.0


class World:
    """The page's service and what it works with.

    Attributes:
        keys: A client of its Redis database.
        rows: A cursor of its MySQL database that commits by itself.
        payments: Its payment provider.
    """

    def __init__(self, keys: redis.Redis, rows: Any, payments: Payments, start: Callable[[str], Shop]) -> None:
        self.keys = keys
        self.rows = rows
        self.payments = payments
        self._start = start

    def start(self, changes: dict[str, str] | None = None) -> Shop:
        """Start a process of it; `changes` says what a test has otherwise."""
        return self._start(PAGE.source(changes))

    def busy_shop(self, changes: dict[str, str] | None = None) -> tuple[Shop, Future[httpx.Response]]:
        """Start a process, and a checkout in it; return when the provider was asked and takes its time."""
        shop = self.start(changes)
        first = shop.checkout(ORDER)
        eventually(lambda: self.payments.busy or first.done(), bool)
        assert not first.done(), first.result().text
        return shop, first

    def order(self) -> tuple[str, str | None]:
        """Status and payment."""
        self.rows.execute("SELECT status, payment FROM orders WHERE id = %s", (ORDER,))
        status, payment = self.rows.fetchone()
        return status, payment

    @property
    def leader(self) -> str:
        """The lease of who leads the sweeping."""
        return str(self.keys.get("lock:{leader:sweeper}"))
