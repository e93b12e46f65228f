"""Each operation is cut at each of its statements, in each way, and is done once all the same.

A cut before the answer of COMMIT leaves a change that nobody was told of; a cut right after a statement was sent leaves
a transaction in flight that the second try meets. What counts is what the tables say in the end: one effect, written
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from conformance.locks.either import KINDS, Kind
from conformance.locks.servers import RedisServer
from conformance.reservations.desk import Desk, clear, desk, seats
from conformance.reservations.inventory import Inventory
from conformance.reservations.mysql_proxy import MOMENTS, Moment, MysqlProxy, starting
from ticketctl.errors import ReservationBackendError
from ticketctl.reservations import Hold, Limits

pytestmark = pytest.mark.integration
LINGER = 0.3  # seconds for which a transaction whose client is gone is in flight
AUDIT = (
    "SELECT seat_id, seat_version, old_status, new_status, reason, hold_id, user_id FROM seat_audit"
    " ORDER BY seat_id, seat_version"
)
SEATS = "SELECT seat_id, status, version, hold_id, reserved_by, booking_id FROM seats ORDER BY seat_id"
RESERVATIONS = "SELECT seat_id, status, hold_id, user_id, booking_id FROM reservations ORDER BY seat_id, hold_id"
NEWS = "SELECT event_type FROM outbox_events ORDER BY id"
EXPIRE = (
    "UPDATE seats SET reserved_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE hold_id = %s",
    "UPDATE reservations SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE hold_id = %s",
)


class Operation(NamedTuple):
    """Something that is cut.

    Attributes:
        prepared: What is there before; returns what the operation needs.
        done: The operation.
        expired: Whether the hold that was prepared is over by then.
    """

    prepared: Callable[[Desk], Any]
    done: Callable[[Desk, Any], Any]
    expired: bool = False


def nothing(_: Desk) -> None:
    return None


def held(reservations: Desk) -> Hold:
    hold: Hold = reservations.hold(1, [1, 2], "anna", hold_id="first")
    return hold


def booked(reservations: Desk) -> Hold:
    hold: Hold = reservations.confirm(held(reservations), 7)
    return hold


def swept(reservations: Desk, _: Hold) -> None:
    """A sweep waits for nobody: what a transaction in flight has locked is left to a later pass."""
    for _pass in range(3):
        reservations.sweep()
        time.sleep(LINGER / 2)


OPERATIONS = {
    "hold": Operation(nothing, lambda desk, _: desk.hold(1, [2, 1], "bert", hold_id="new")),
    "hold over one that is over": Operation(
        held, lambda desk, _: desk.hold(1, [1, 2, 3], "bert", hold_id="new"), expired=True
    ),
    "hold_best": Operation(nothing, lambda desk, _: desk.hold_best(1, 3, "bert", hold_id="new")),
    "extend": Operation(held, lambda desk, hold: desk.extend(hold, 900)),
    "release": Operation(held, lambda desk, hold: desk.release(hold)),
    "confirm": Operation(held, lambda desk, hold: desk.confirm(hold, 7)),
    "confirm when it is over": Operation(held, lambda desk, hold: desk.confirm(hold, 7), expired=True),
    "cancel": Operation(booked, lambda desk, hold: desk.cancel(hold)),
    "transfer": Operation(held, lambda desk, hold: desk.transfer(hold, "bert")),
    "block": Operation(nothing, lambda desk, _: desk.block(1, [1, 2], actor="house")),
    "sweep": Operation(held, swept, expired=True),
}


def written(inventory: Inventory) -> tuple[Any, ...]:
    """All that an operation leaves, but for times."""
    return tuple(inventory.ask(query) for query in (SEATS, RESERVATIONS, AUDIT, NEWS))


def prepare(inventory: Inventory, front: RedisServer, reservations: Desk, operation: Operation) -> Any:
    clear(inventory)
    front.forget_everything()
    seats(inventory, 8)
    subject = operation.prepared(reservations)
    if operation.expired:
        for statement in EXPIRE:
            inventory.ask(statement, "first")
        front.forget_everything()
    return subject


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_done_once(
    kind: Kind, name: str, moment: Moment, *, inventory: Inventory, mysql_proxy: MysqlProxy, empty_redis: RedisServer
) -> None:
    operation = OPERATIONS[name]
    # `hold_best` takes one of several equally good blocks: with eight seats in a row, whichever it is.
    options: dict[str, Any] = {"limits": Limits(per_user=6), "patience": 10.0, "redis_port": empty_redis.port}
    with desk(kind, inventory, port=mysql_proxy.port, **options) as reservations:
        subject = prepare(inventory, empty_redis, reservations, operation)
        operation.done(reservations, subject)
        expected = shape(written(inventory))
        cuts = 0
        for cut in mysql_proxy.each_query(moment, ending="reset" if moment == "before" else "close"):
            subject = prepare(inventory, empty_redis, reservations, operation)
            cut.linger = LINGER
            mysql_proxy.arm()
            operation.done(reservations, subject)
            cuts += cut.happened.is_set()
            assert shape(written(inventory)) == expected, f"cut {moment} {cut.met}"
    assert cuts >= 4


def shape(tables: tuple[Any, ...]) -> Any:
    """What was written, with seats counted from the first that has changed."""
    rows, reservations, audit, news = tables
    first = min((row[0] for row in audit), default=0)
    changed = {row[0] for row in audit}
    return (
        [(row[0] - first, *row[1:]) for row in rows if row[0] in changed],
        [(row[0] - first, *row[1:]) for row in reservations],
        [(row[0] - first, *row[1:]) for row in audit],
        news,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_swallows_every_answer_to_commit_leaves_the_outcome_unknown_and_the_hold_made(
    kind: Kind, inventory: Inventory, mysql_proxy: MysqlProxy
) -> None:
    seats(inventory, 2)
    with desk(kind, inventory, port=mysql_proxy.port, patience=0.5) as reservations:
        mysql_proxy.arm()
        mysql_proxy.cut("after", None, starting("COMMIT"))
        with pytest.raises(ReservationBackendError) as caught:
            reservations.hold(1, [1, 2], "anna", hold_id="mine")
        assert (caught.value.outcome, caught.value.hold_id) == ("unknown", "mine")
        mysql_proxy.heal()
        found = reservations.lookup("mine")
        assert (found.seat_ids, found.status) == ((1, 2), "ACTIVE")
        assert reservations.hold(1, [1, 2], "anna", hold_id="mine") == found
    assert [row[4] for row in inventory.ask(AUDIT)] == ["held", "held"]


@pytest.mark.parametrize("wanted", ["seats", "best"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_gone_after_a_commit_whose_answer_was_lost_leaves_the_outcome_unknown(
    kind: Kind, wanted: str, inventory: Inventory, mysql_proxy: MysqlProxy
) -> None:
    """What is tried again after it only meets a closed door, and must not say that nothing was changed."""
    seats(inventory, 3)
    with desk(kind, inventory, port=mysql_proxy.port, patience=0.5) as reservations:
        reservations.hold(1, [3], "zoe")  # a connection is there
        mysql_proxy.arm()
        mysql_proxy.cut("after", 1, starting("COMMIT"))
        mysql_proxy.refuse()
        want: Callable[[], object] = {
            "best": lambda: reservations.hold_best(1, 2, "anna", hold_id="mine"),
            "seats": lambda: reservations.hold(1, [1, 2], "anna", hold_id="mine"),
        }[wanted]
        with pytest.raises(ReservationBackendError) as caught:
            want()
        assert (caught.value.outcome, caught.value.hold_id) == ("unknown", "mine")
        mysql_proxy.heal()
        found = reservations.lookup("mine")
        assert (found.seat_ids, found.status) == ((1, 2), "ACTIVE")
