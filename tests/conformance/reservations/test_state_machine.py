"""Any order of operations, against a model that is too simple to be wrong, on real servers."""

from __future__ import annotations

import itertools
from contextlib import ExitStack, closing
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from conformance.locks.either import KINDS, Kind
from conformance.locks.servers import RedisServer
from conformance.reservations.desk import Desk, desk, seats
from conformance.reservations.inventory import Inventory
from conformance.reservations.model import Model
from ticketctl.errors import (
    HoldConflictError,
    HoldExpiredError,
    LimitExceededError,
    ReservationError,
    SeatsUnavailableError,
)
from ticketctl.reservations import Limits
from ticketctl.reservations.history import check, read

pytestmark = pytest.mark.integration
SEATS, PER_USER = 6, 4
ENDS = {"seats": "reserved_until", "reservations": "expires_at", "seat_audit": "reserved_until"}
USERS = st.sampled_from(["anna", "bert"])
WANTED = st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=3)
_numbers = itertools.count(1)


class Sale(RuleBasedStateMachine):
    """One event with a few seats; each example has an event of its own."""

    inventory: ClassVar[Inventory]
    front: ClassVar[RedisServer]
    reservations: ClassVar[Desk]

    def __init__(self) -> None:
        super().__init__()
        self.event = next(_numbers)
        first = self.event * 100
        self.seats = seats(self.inventory, SEATS, event_id=self.event, first=first)
        self.model = Model(dict.fromkeys(self.seats, ""), PER_USER)
        self.made = 0

    def ids(self, places: set[int]) -> tuple[int, ...]:
        return tuple(sorted(self.seats[place] for place in places))

    def some_hold(self, number: int) -> str:
        return sorted(self.model.holds)[number % len(self.model.holds)]

    def outcome(self, name: str, *arguments: Any, **options: Any) -> Any:
        """The result, or the class of the error."""
        try:
            return getattr(self.reservations, name)(*arguments, **options)
        except ReservationError as error:
            return type(error)

    # --- rules

    @rule(places=WANTED, user=USERS)
    def hold(self, places: set[int], user: str) -> None:
        wanted = self.ids(places)
        self.made += 1
        hold = f"{self.event}-{self.made:03}"
        got = self.outcome("hold", self.event, wanted, user, hold_id=hold)
        if not all(map(self.model.free, wanted)):
            assert got is SeatsUnavailableError
        elif self.model.has(user) + len(wanted) > PER_USER:
            assert got is LimitExceededError
        else:
            assert got.seat_ids == wanted
            self.model.holds[hold], self.model.users[hold] = wanted, user
            self.model.take(hold, wanted, "live")

    @rule(count=st.integers(1, 3), user=USERS)
    def hold_best(self, count: int, user: str) -> None:
        self.made += 1
        hold = f"{self.event}-{self.made:03}"
        got = self.outcome("hold_best", self.event, count, user, hold_id=hold)
        if self.model.has(user) + count > PER_USER:
            assert got is LimitExceededError
        elif sum(map(self.model.free, self.seats)) < count:
            assert got is SeatsUnavailableError
        else:
            assert len(got.seat_ids) == count
            assert all(map(self.model.free, got.seat_ids))
            self.model.holds[hold], self.model.users[hold] = got.seat_ids, user
            self.model.take(hold, got.seat_ids, "live")

    @precondition(lambda self: self.model.holds)
    @rule(number=st.integers(0, 50))
    def release(self, number: int) -> None:
        hold = self.some_hold(number)
        got = self.outcome("release", hold)
        status = self.model.status[hold]
        if status == "booked":
            assert got is HoldConflictError
        else:
            assert got is (status in ("live", "back"))
            if status == "live":
                self.model.leave(hold, "back")

    @precondition(lambda self: self.model.holds)
    @rule(number=st.integers(0, 50))
    def extend(self, number: int) -> None:
        hold = self.some_hold(number)
        got = self.outcome("extend", hold, 900)
        status = self.model.status[hold]
        if status == "booked":
            assert got is HoldConflictError
        elif status != "live":
            assert got is HoldExpiredError
        else:
            assert got.remaining() > 600

    @precondition(lambda self: self.model.holds)
    @rule(number=st.integers(0, 50))
    def confirm(self, number: int) -> None:
        hold = self.some_hold(number)
        got = self.outcome("confirm", hold, self.event)
        status, own, user = self.model.status[hold], self.model.holds[hold], self.model.users[hold]
        if status == "back":
            assert got is HoldConflictError
        elif status in ("live", "booked"):
            assert got.status == "CONFIRMED"
            self.model.status[hold] = "booked"
        elif not all(map(self.model.free, own)) or self.model.has(user) + len(own) > PER_USER:
            assert got is HoldExpiredError
        else:
            assert got.status == "CONFIRMED"
            self.model.take(hold, own, "booked")

    @precondition(lambda self: self.model.holds)
    @rule(number=st.integers(0, 50))
    def cancel(self, number: int) -> None:
        hold = self.some_hold(number)
        got = self.outcome("cancel", hold)
        if self.model.status[hold] in ("booked", "back"):
            assert got.status == "CANCELLED"
            self.model.leave(hold, "back")
        else:
            assert got is HoldConflictError

    @precondition(lambda self: self.model.holds)
    @rule(number=st.integers(0, 50), user=USERS)
    def transfer(self, number: int, user: str) -> None:
        hold = self.some_hold(number)
        got = self.outcome("transfer", hold, user)
        status, own = self.model.status[hold], self.model.holds[hold]
        if status not in ("live", "booked"):
            assert got is HoldExpiredError
        elif self.model.users[hold] != user and self.model.has(user) + len(own) > PER_USER:
            assert got is LimitExceededError
        else:
            assert got.user_id == user
            self.model.users[hold] = user

    @rule(places=WANTED)
    def block(self, places: set[int]) -> None:
        wanted = self.ids(places)
        got = self.outcome("block", self.event, wanted, actor="house")
        if all(self.model.free(seat) or self.model.seats[seat] == "blocked" for seat in wanted):
            assert got == sum(map(self.model.free, wanted))
            self.model.take("blocked", wanted, "blocked")
        else:
            assert got is SeatsUnavailableError

    @rule(places=WANTED)
    def unblock(self, places: set[int]) -> None:
        wanted = self.ids(places)
        blocked = [seat for seat in wanted if self.model.seats[seat] == "blocked"]
        assert self.outcome("unblock", self.event, wanted, actor="house") == len(blocked)
        self.model.seats.update(dict.fromkeys(blocked, ""))

    @precondition(lambda self: self.model.holds)
    @rule(number=st.integers(0, 50))
    def time_passes(self, number: int) -> None:
        """A hold's end comes; nobody is told."""
        hold = self.some_hold(number)
        if self.model.status[hold] != "live":
            return
        ((moment,),) = self.inventory.ask("SELECT UTC_TIMESTAMP(6)")
        for table, column in ENDS.items():
            self.inventory.ask(
                f"UPDATE {table} SET {column} = %s WHERE hold_id = %s AND {column} IS NOT NULL", moment, hold
            )
        self.front.forget_everything()  # its entries ended with it
        self.model.status[hold] = "over"

    @rule()
    def sweep(self) -> None:
        self.reservations.sweep()
        for hold, status in self.model.status.items():
            if status in ("over", "lost"):
                self.model.leave(hold, "lost")

    @rule()
    def redis_forgets(self) -> None:
        self.front.forget_everything()

    # --- what is always so

    @invariant()
    def the_map_is_what_the_model_says(self) -> None:
        assert self.reservations.seat_map(self.event).letters == self.model.letters()

    def teardown(self) -> None:
        with closing(self.inventory.connect()) as client, client.cursor() as cursor:
            report = check(read(cursor, self.event), capacity={self.event: SEATS})
        assert report.ok, report.text()


@pytest.mark.parametrize("kind", KINDS)
def test_any_order_of_operations(kind: Kind, inventory: Inventory, empty_redis: RedisServer) -> None:
    with ExitStack() as stack:
        opened = stack.enter_context(
            desk(kind, inventory, redis_port=empty_redis.port, limits=Limits(per_user=PER_USER), max_hold=3600.0)
        )

        class World(Sale):
            reservations = opened

        World.inventory, World.front = inventory, empty_redis
        run_state_machine_as_test(
            World,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
