"""`ticketctl simulate flash-sale`: an event, buyers, faults, and what came of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pymysql
import redis

from ticketctl.errors import ReservationError
from ticketctl.reservations import Reservations, SeatMap
from ticketctl.reservations.history import read
from ticketctl.simulate.crowd import person
from ticketctl.simulate.event import ACTOR, keep_back, sale_event
from ticketctl.simulate.faults.servers import Servers
from ticketctl.simulate.http_shop import check_service
from ticketctl.simulate.looks import Began, Mended, News, Opening
from ticketctl.simulate.outages import mysql_away, outages
from ticketctl.simulate.places import Places, connecting, redis_connecting
from ticketctl.simulate.record import Record, Seen
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.underway import UnderWay
from ticketctl.simulate.verdict import Evidence, Verdict, judge
from ticketctl.simulate.versions import versions

_LOOKS_EVERY = 0.5  # seconds
_MENDED = 60.0  # seconds within which a server must answer that was mended
_CLOSING = 120.0  # seconds within which what is left must be sold, and the life of a hold


class FlashSale:
    """One sale.

    Args:
        places: Where it happens.
        sale: What it is to be.
        servers: What can be broken of the stack.
        show: Called with what happens, from two threads.
        stop: Set by whoever wants it to end early.
        command: The command that does it again.
    """

    def __init__(
        self,
        places: Places,
        sale: Sale,
        servers: Servers,
        *,
        show: Callable[[News], None],
        stop: threading.Event,
        command: str = "",
    ) -> None:
        self._places = places
        self._sale = sale
        self._servers = servers
        self._show = show
        self._stop = stop
        self._command = command

    def run(self) -> Record:
        """Hold the sale and judge it.

        Raises:
            KeyboardInterrupt: It was stopped; nothing of it is left.
            SaleProcessError: One of its processes ended by itself.
            TicketctlError: The stack cannot be used.
        """
        logging.getLogger("ticketctl").addHandler(logging.NullHandler())  # outages are what a sale is made to meet
        with ExitStack() as ending:
            mended = self._servers.mend()
            for text in mended:
                self._show(Mended(text))
            self._show(Began("preparing", f"make an event of {self._sale.seats:,} seats"))
            today, patience = datetime.now(UTC).date(), _MENDED if mended else 0.0
            event = ending.enter_context(sale_event(self._places, self._sale, today, patience=patience))
            ending.callback(lambda: self._show(Began("removing", "remove the event")))
            client = ending.enter_context(closing(redis.Redis(**redis_connecting(self._places.redis))))
            house = ending.enter_context(
                Reservations(lambda: pymysql.connect(**connecting(self._places.inventory)), client)
            )
            self._go_on()
            took_part = versions(self._places)
            if self._sale.via == "http":
                check_service(self._places.service, event.event_id)
            self._show(Opening(event.seats))
            keep_back(house, event)
            going = UnderWay(self._places, self._sale, self._servers, event, self._show)
            ending.callback(going.end)
            going.start(self._go_on)
            self._sell(going, house)
            going.finish(self._go_on)
            self._show(Began("judging", "read the history, and judge"))
            self._go_on()
            return self._record(going, took_part)

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt

    def _sell(self, going: UnderWay, house: Reservations) -> None:
        """Let the sale go on: further portions, looks, until all is sold or the time is over."""
        sale, pending = self._sale, list(going.event.portions[1:])
        end = sale.duration + _CLOSING + sale.ttl
        text = f"sell to {sale.buyers:,} buyers in {sale.processes} processes for {sale.duration:g} s"
        self._show(Began("selling", text))
        is_closing = False
        while (now := going.now()) < end:
            self._stop.wait(_LOOKS_EVERY)
            self._go_on()
            going.check()
            if now >= sale.duration and not is_closing:
                is_closing = True
                going.breaking.stop()
                self._show(Began("closing", "sell what is left"))
            seen: SeatMap | None = None
            try:
                while pending and pending[0][0] <= now:
                    house.unblock(going.event.event_id, pending[0][1], actor=ACTOR)
                    pending.pop(0)
                seen = house.seat_map(going.event.event_id)
            except ReservationError:  # the servers are broken: that is what it is about
                pass
            self._show(going.look(seen))
            if is_closing and (going.is_quiet() or (seen is not None and seen.counts()["BOOKED"] == sale.seats)):
                return

    def _record(self, going: UnderWay, took_part: Mapping[str, str]) -> Record:
        faults = going.breaking.happened
        return Record(
            sale=self._sale,
            verdict=self._judged(going),
            seconds=going.tally.seconds(),
            maps=tuple(Seen(at, letters) for at, letters in going.maps.all()),
            outages=outages(faults, going.answers, going.opens),
            seat_ids=going.event.seat_ids,
            places=going.event.seats,
            versions=took_part,
            command=self._command,
            began=going.began.isoformat(timespec="seconds").replace("+00:00", "Z"),
        )

    def _judged(self, going: UnderWay) -> Verdict:
        with pymysql.connect(**connecting(self._places.inventory)) as connection, connection.cursor() as cursor:
            history = read(cursor, going.event.event_id)
        sale = self._sale
        return judge(
            Evidence(
                history,
                going.event.event_id,
                sale.seats,
                demand=sum(person(sale, number).party for number in range(sale.buyers)),
                answers=going.answers,
                unknown=going.unknown,
                opened=round(going.began.timestamp() * 1e6),
                to_database=going.began.timestamp() - going.opens,
                away=mysql_away(going.breaking.happened, going.answers, going.opens),
                keeps_books=sale.unsafe is None,
            )
        )
