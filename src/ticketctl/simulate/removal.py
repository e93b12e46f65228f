"""Removes the events of sales, with all that was written of them: this one's, and those of sales that were killed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketctl.errors import BackendUnreachableError
from ticketctl.infra.redis import connect as connect_redis
from ticketctl.infra.redis import translating
from ticketctl.provision.seed.database import Database
from ticketctl.settings.endpoints import MysqlEndpoint, RedisEndpoint
from ticketctl.simulate.places import Places

if TYPE_CHECKING:
    from redis import Redis

NAME = "Flash sale of ticketctl simulate"
"""What such an event is called, so that one that was left behind is known."""

_LEFT = "SELECT event_id FROM events WHERE event_name = %s"
_SEATS = "SELECT seat_id FROM seats WHERE event_id = %s"
_OF_AN_EVENT = (
    "DELETE FROM reservations WHERE event_id = %s LIMIT 5000",
    "DELETE FROM seat_audit WHERE event_id = %s LIMIT 5000",
    "DELETE FROM outbox_events WHERE aggregate_id = %s AND aggregate_type = 'event_seats' LIMIT 5000",
    "DELETE FROM reservation_guards WHERE event_id = %s LIMIT 5000",
    "DELETE FROM seats WHERE event_id = %s LIMIT 5000",
)
_BOOKINGS = "SELECT booking_id FROM bookings WHERE event_id = %s LIMIT 1000"
_OF_BOOKINGS = (
    "DELETE FROM payment_transactions WHERE booking_id IN %s AND refunded_transaction_id IS NOT NULL",
    "DELETE FROM payment_transactions WHERE booking_id IN %s",
    "DELETE FROM booking_seats WHERE booking_id IN %s",
    "DELETE FROM idempotency_keys WHERE booking_id IN %s",
    "DELETE FROM bookings WHERE booking_id IN %s",
)
_KEYS_AT_ONCE = 1_000
_PAUSE = 0.5  # seconds


def remove_all(places: Places, *, patience: float = 60.0) -> int:
    """Remove every event that a sale made, and return how many there were.

    Args:
        places: Where sales happen.
        patience: Seconds within which a server that was broken must answer again.

    Raises:
        BackendError: A server refuses, or has not answered for so long.
    """
    last_try = time.monotonic() + patience
    while True:
        try:
            return _remove_all(places)
        except BackendUnreachableError:
            if time.monotonic() > last_try:
                raise
        time.sleep(_PAUSE)


def _remove_all(places: Places) -> int:
    with Database.opened(places.events) as events:
        left = [int(event_id) for (event_id,) in events.rows(_LEFT, NAME)]
        for event_id in left:
            if places.bookings is not None:
                _remove_bookings(places.bookings, event_id)
            seat_ids = _remove_seats(places.inventory, event_id)
            _remove_keys(places.redis, event_id, seat_ids)
            # Last: what is not finished is found again by the event.
            events.send("DELETE FROM events WHERE event_id = %s", event_id)
            events.commit()
    return len(left)


def _remove_bookings(endpoint: MysqlEndpoint, event_id: int) -> None:
    with Database.opened(endpoint) as bookings:
        while ids := [booking_id for (booking_id,) in bookings.rows(_BOOKINGS, event_id)]:
            for statement in _OF_BOOKINGS:
                bookings.send(statement, ids)
            bookings.commit()


def _remove_seats(endpoint: MysqlEndpoint, event_id: int) -> Sequence[int]:
    with Database.opened(endpoint) as inventory:
        seat_ids = [int(seat_id) for (seat_id,) in inventory.rows(_SEATS, event_id)]
        inventory.commit()
        for statement in _OF_AN_EVENT:
            while inventory.changed(statement, event_id):
                inventory.commit()
    return seat_ids


def _remove_keys(endpoint: RedisEndpoint, event_id: int, seat_ids: Sequence[int]) -> None:
    client: Redis = connect_redis(endpoint)
    keys = [f"seat:{{{event_id}}}:{seat_id}" for seat_id in seat_ids]
    try:
        with translating(endpoint):
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                client.delete(*keys[start : start + _KEYS_AT_ONCE])
    finally:
        client.close()
