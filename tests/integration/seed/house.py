"""Two migrated databases, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ticketctl.events import Event, Notice, Progress, StepFinished
from ticketctl.infra.mysql import connect, quote_identifier
from ticketctl.provision.seed.plan import SeedResult
from ticketctl.provision.seed.runner import Wanted, seed
from ticketctl.settings.endpoints import MysqlEndpoint

TODAY = date(2030, 3, 1)


@dataclass
class House:
    """The databases of a test, with an account that may change rows and nothing else.

    Attributes:
        endpoints: Where they are.
        root: The server's account that may do everything.
        news: What runs have emitted.
    """

    endpoints: Mapping[str, MysqlEndpoint]
    root: MysqlEndpoint
    news: list[Event] = field(default_factory=list)

    def seed(
        self, *, ports: Mapping[str, int] | None = None, dry_run: bool = False, today: date = TODAY, **wanted: int
    ) -> SeedResult:
        """Run `seed`; `ports` are those of proxies, for the databases that are reached through one."""
        endpoints = {key: replace(one, port=(ports or {}).get(key, one.port)) for key, one in self.endpoints.items()}
        return seed(endpoints, Wanted(**wanted), today=today, emit=self.news.append, dry_run=dry_run)

    def name(self, key: str) -> str:
        return self.endpoints[key].database or ""

    def ask(self, key: str, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Run a statement in a database, as root."""
        endpoint = replace(self.root, database=self.name(key))
        with connect(endpoint) as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def count(self, key: str, table: str) -> int:
        return int(self.ask(key, f"SELECT COUNT(*) FROM {quote_identifier(table)}")[0][0])

    def empty(self) -> None:
        """Remove every row that a run can have written, and count from 1 again."""
        for key, table in (("events", "events"), ("inventory", "seats")):
            self.ask(key, f"DELETE FROM {table}")
            self.ask(key, f"ALTER TABLE {table} AUTO_INCREMENT = 1")

    def events(self) -> list[tuple[Any, ...]]:
        return self.ask("events", "SELECT * FROM events ORDER BY event_id")

    def seats(self) -> list[tuple[Any, ...]]:
        return self.ask("inventory", "SELECT * FROM seats ORDER BY seat_id")

    def sessions(self) -> int:
        """How many connections the account still has: what one of them began may not be taken back yet."""
        account = self.endpoints["events"].user
        found = self.ask("events", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = %s", account)
        return int(found[0][0])

    @contextmanager
    def refusing(self, key: str, trigger: str) -> Iterator[None]:
        """Let the server refuse rows.

        Args:
            key: Of which database.
            trigger: `BEFORE … ON … FOR EACH ROW IF <condition>`.
        """
        self.ask(key, f"CREATE TRIGGER refuse {trigger} THEN SIGNAL SQLSTATE '45000'; END IF")
        try:
            yield
        finally:
            self.ask(key, "DROP TRIGGER refuse")

    # --- what was emitted

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.news if isinstance(event, Notice)]

    @property
    def progress(self) -> list[Progress]:
        return [event for event in self.news if isinstance(event, Progress)]

    @property
    def end(self) -> StepFinished:
        assert isinstance(self.news[-1], StepFinished)
        return self.news[-1]
