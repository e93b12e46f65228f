"""Faults that are put into the reservations on purpose, each with the tests that must find it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import mutations
from conformance.locks.servers import RedisServer
from conformance.mutations import Change, Mutation
from conformance.reservations.inventory import MIGRATIONS, Inventory
from conformance.reservations.mutant import PLACES
from integration.servers import Server

SUITE, UNIT = "tests/conformance/reservations/", "tests/unit/reservations/"


@dataclass(frozen=True)
class Fault(Mutation):
    """A fault of the library, and of the schema as well.

    Attributes:
        schema: What is changed in the migrations.
    """

    schema: tuple[Change, ...] = ()


def _in(file: str, old: str, new: str = "") -> Change:
    return Change(f"reservations/{file}", old, new)


def _one(name: str, *changes: Change, by: Sequence[str], schema: Sequence[Change] = ()) -> Fault:
    """A fault; its killers are of the suite, or named from the root on."""
    named = tuple(killer if killer.startswith("tests/") else SUITE + killer for killer in by)
    return Fault(name, changes, named, tuple(schema))


_LAYERS, _HOLD, _RELEASE = (
    "test_layers.py::test_",
    "test_conformance_hold.py::test_",
    "test_conformance_release.py::test_",
)
_ENTRIES, _ZONES = "test_conformance_redis_entries.py::test_", "test_conformance_time_zones.py::test_"
_RUNNING = UNIT + "test_running.py::test_"
_WRITTEN = _HOLD + "all_that_is_written_of_a_hold_is_written_in_one_transaction[threads-alone]"
_RELEASED = _RELEASE + "released_seats_are_free_at_once[threads-alone]"
_SWEPT = "test_conformance_sweep.py::test_what_is_over_is_written_off_and_nothing_else[threads-alone]"
_BLOCKED = "test_conformance_block.py::test_blocked_seats_are_not_for_sale[threads-alone]"
_BETWEEN = _LAYERS + "a_seat_that_changes_between_the_look_and_the_write_is_not_had[threads-alone-"
_OF_ITSELF = _LAYERS + "a_hold_has_no_seat_that_does_not_say_so_itself[threads-alone-"

# --- layers

_FREE = "(seats.status = 'AVAILABLE' OR (seats.status = 'RESERVED' AND seats.reserved_until <= UTC_TIMESTAMP(6)))"
_AUDIT = "    yield insert_audit([change for seat_move in moves for change in seat_move.changes()])\n"
LOOK = _in("_granting.py", "if not row.free or row.seat_id in given]", "if row.seat_id in given]")
STATE = _in("_statements.py", f'"free": "{_FREE}"', '"free": "TRUE"')
COUNT = _in("_writing.py", "    if answer.rowcount != len(moves):\n        raise Again\n", "    del answer\n")
SORT = _in("_requests.py", "return tuple(sorted(ids))", "return ids")
BACKSTOP = Change(
    "003_holds.sql",
    "ALTER TABLE reservations ADD UNIQUE KEY uk_live_seat",
    "ALTER TABLE reservations ADD KEY uk_live_seat",
)
AUDITED_ONCE = Change("001_initial.sql", "UNIQUE KEY uk_seat_version", "KEY uk_seat_version")
SAFETY = SUITE + _LAYERS + "nobody_is_given_what_somebody_else_has[threads-alone]"

ENOUGH = (
    _one("the look and the condition", LOOK, STATE, by=[SAFETY]),
    _one("the look and the backstop", LOOK, by=[SAFETY], schema=[BACKSTOP]),
    _one("the condition and the backstop", STATE, by=[SAFETY], schema=[BACKSTOP]),
)
"""Layers that may be missing together: the one that is left keeps a seat from being sold twice."""

MUTATIONS = (
    # --- layers
    _one("all layers", LOOK, STATE, by=[SAFETY], schema=[BACKSTOP]),
    _one("the look", LOOK, by=[_LAYERS + "whoever_looks_behind_the_lock_is_refused_at_once[threads-alone]"]),
    _one("the condition on the state", STATE, by=[f"{_BETWEEN}booked by hand]", f"{_BETWEEN}held by hand]"]),
    _one(
        "the condition on the version, and the key of the audit",
        _in(
            "_statements.py",
            """f" AND (seat_id, version) IN ({', '.join(['(%s, %s)'] * len(targets))}) AND {STATES[only]}",
        (*values, *seat_ids, *read),""",
            """f" AND {STATES[only]}",
        (*values, *seat_ids),""",
        ),
        by=[_LAYERS + "a_seat_that_is_as_it_was_and_yet_has_changed_is_looked_at_again[threads-alone]"],
        schema=[AUDITED_ONCE],
    ),
    _one(
        "the comparison of the number of rows",
        COUNT,
        by=[f"{_BETWEEN}booked by hand]", UNIT + "test_granting.py::test_a_row_that_was_not_changed_undoes_everything"],
    ),
    _one(
        "the sorting of seats",
        SORT,
        by=["test_conformance_idempotency.py::test_the_same_request_gets_the_same_hold[threads-alone]"],
    ),
    _one(
        "the one order in which all lock",
        SORT,
        _in(
            "_statements.py",
            '" ORDER BY seat_id FOR UPDATE"',
            '(" ORDER BY seat_id FOR UPDATE" if seat_ids[0] < seat_ids[-1] else " ORDER BY seat_id DESC FOR UPDATE")',
        ),
        by=[_LAYERS + "those_whose_wishes_cross_wait_one_behind_the_other[threads-alone]"],
    ),
    # --- time
    _one(
        "the end of a hold in the look",
        _in(
            "_statements.py",
            "\"(status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6))\"",
            "\"(status = 'RESERVED')\"",
        ),
        by=[_LAYERS + "whoever_looks_behind_the_lock_is_refused_at_once[threads-alone]"],
    ),
    _one(
        "the end of a hold in the condition",
        _in("_statements.py", _FREE, "(seats.status IN ('AVAILABLE', 'RESERVED'))"),
        by=[f"{_BETWEEN}held by hand]"],
    ),
    _one(
        "the time zone of the look and of the condition",
        _in(
            "_statements.py",
            "(status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6))",
            "(status = 'RESERVED' AND reserved_until <= NOW(6))",
        ),
        _in("_statements.py", _FREE, _FREE.replace("UTC_TIMESTAMP", "NOW")),
        by=[_ZONES + "no_live_hold_is_taken_by_a_session_in_another_zone[threads-alone-west first]"],
    ),
    _one(
        "the time zone of the moment",
        _in("_moments.py", "'1970-01-01', UTC_TIMESTAMP(6))", "'1970-01-01', NOW(6))"),
        by=[_ZONES + "sessions_in_all_zones_tell_of_a_hold_what_its_maker_was_told[threads-alone]"],
    ),
    # --- whose it is
    _one(
        "the owner on the seat",
        _in(
            "_whole.py",
            "own = {row.seat_id for row in self.seats if row.hold_id == self.record.hold_id}",
            "own = {row.seat_id for row in self.seats}",
        ),
        by=[f"{_OF_ITSELF}{way}]" for way in ("extend", "confirm", "transfer", "release")],
    ),
    _one(
        "the owner check of release",
        _in("_changing.py", 'if whole.status != "ACTIVE" or whole.lost:\n        return', "if False:\n        return"),
        by=[_RELEASE + "seats_that_others_have_taken_over_stay_theirs[threads-alone]"],
    ),
    _one(
        "the owner check of extend",
        _in("_changing.py", 'if whole.status != "ACTIVE" or whole.lost:\n        raise', "if False:\n        raise"),
        by=[_LAYERS + "a_hold_that_is_over_is_not_extended_over_whoever_has_its_seats[threads-alone]"],
    ),
    _one(
        "the owner check of confirm",
        _in("_changing.py", "        _check_reclaim(whole, counted, owner)\n", "        pass\n"),
        by=[_LAYERS + "who_pays_too_late_takes_nothing_from_whoever_has_the_seats[threads-alone]"],
    ),
    # --- what is written
    _one(
        "the next version",
        _in("_writing.py", "return self.row.version + 1 + self.ends_another", "return self.row.version"),
        by=[_WRITTEN],
    ),
    _one("the audit of a hold", _in("_granting.py", _AUDIT), by=[_WRITTEN]),
    _one("the audit of a change", _in("_whole.py", _AUDIT), by=[_RELEASED]),
    _one("the audit of a sweep", _in("_sweeping.py", _AUDIT.replace("seat_move", "each")), by=[_SWEPT]),
    _one("the audit of a block", _in("_blocking.py", "    " + _AUDIT.replace("seat_move", "each")), by=[_BLOCKED]),
    _one(
        "the news of a hold",
        _in("_granting.py", "    yield insert_news([*news, *map(_news, grants)])\n"),
        by=[_WRITTEN],
    ),
    _one(
        "the news of a change",
        _in("_whole.py", "    yield insert_news([*expired,", "    ([*expired,"),
        by=[_RELEASED],
    ),
    _one("the news of a sweep", _in("_sweeping.py", "    yield insert_news(news_of_expired(rows))\n"), by=[_SWEPT]),
    _one("the news of a block", _in("_blocking.py", "yield insert_news([*news,", "([*news,"), by=[_BLOCKED]),
    # --- what is given up
    _one(
        "the rollback before giving up",
        _in(
            "_running.py",
            "        else:  # before anything else: whoever uses this connection next would commit what is half done\n"
            "            yield from _rolled_back()\n",
        ),
        by=[_RUNNING + "what_is_given_up_is_undone_and_never_left_to_who_has_the_connection_next[error0-ROLLBACK]"],
    ),
    _one(
        "the rollback before refusing",
        _in(
            "_running.py",
            "        except ReservationError:\n            yield from _rolled_back()\n",
            "        except ReservationError:\n",
        ),
        by=[_RUNNING + "an_error_of_ours_is_undone_and_passed_on"],
    ),
    # --- Redis
    _one(
        "what Redis is told after a refusal",
        _in("_filter.py", "            yield self._refill(outcome)\n", "            return\n"),
        by=[_ENTRIES + "whoever_is_refused_by_mysql_leaves_no_intent_and_an_entry_of_who_has_the_seat[threads-redis]"],
    ),
    _one(
        "what Redis is told before seats are given back",
        _in(
            "_whole.py",
            "    yield Commands((front.leave(first.event_id, whole.record.seat_ids, whole.record.hold_id),))\n",
        ),
        by=[_ENTRIES + "seats_whose_way_back_was_cut_are_refused_for_as_long_as_an_intent[threads-redis-release]"],
    ),
    # --- processes
    _one(
        "the new beginning of a child",
        _in("sync/reservations.py", "os.register_at_fork(after_in_child=_forked)\n"),
        by=[
            "test_conformance_forked.py::"
            "test_a_child_that_is_forked_in_the_middle_of_a_hold_has_nothing_of_it[threads-alone]"
        ],
    ),
)


def migrations_with(changes: Sequence[Change], folder: Path) -> Path:
    """Return a folder with a copy of the migrations, with faults in them."""
    copy = shutil.copytree(MIGRATIONS, folder / "migrations")
    for change in changes:
        change.make(copy)
    return copy


def judged(
    folder: Path, killers: Sequence[str], places: tuple[Server, RedisServer, Inventory], seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run tests on a copy of the package, up to the first that fails."""
    mysql, redis, inventory = places
    said = {
        "mysql": (mysql.name, mysql.port),
        "redis": (redis.container.name, redis.port),
        "inventory": (inventory.name, *inventory.tables),
    }
    environ = {PLACES: json.dumps(said)}
    return mutations.judged(folder, killers, "conformance.reservations.mutant", environ, seconds)
