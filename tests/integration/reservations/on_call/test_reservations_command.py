"""`ticketctl reservations status | holds | audit | reconcile | sweep` as people and scripts use it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from integration.conftest import REDIS_PASSWORD
from integration.reservations.on_call.command import Command
from integration.reservations.on_call.house import EVENT, House
from integration.servers import Server
from ticketctl.errors import SeatsUnavailableError
from ticketctl.locks import Leader, Locker

pytestmark = pytest.mark.integration


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


# --- status -----------------------------------------------------------------------------------


def test_the_status_counts_seats_holds_and_entries(house: House, command: Command) -> None:
    house.seats(7)
    with house.reservations() as reservations:
        reservations.hold(EVENT, house.seats(2), "anna", ttl=30.0)
        reservations.confirm(reservations.hold(EVENT, house.seats(3), "ben"), 7)
        house.run_out(reservations.hold(EVENT, house.seats(1), "carla").hold_id)

    done, document = command("status", str(EVENT)), as_json(command("status", str(EVENT), "--json"))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "event      42",
        "seats      13",
        "available  7",
        "over       1, free as well: not swept yet",
        "reserved   2 in 1 hold of 1 user; 1 of them ends within a minute",
        "booked     3",
        "blocked    0",
        "in Redis   6 entries, 0 intents, 0 leaving",
    ]
    assert (document["event_id"], document["available"], document["users"], document["entries"]) == (EVENT, 7, 1, 6)


def test_an_event_without_seats_is_one_line_and_exit_1(house: House, command: Command) -> None:
    done = command("status", "99")
    assert (done.returncode, done.stdout, done.stderr) == (1, "event 99 has no seats\n", "")
    house.enter(1, "somebody", event=99)
    done = command("status", "99")
    assert (done.returncode, done.stdout) == (1, "event 99 has no seats; Redis has 1 entry of it\n")
    assert as_json(command("status", "99", "--json"))["seats"] == 0


# --- holds ------------------------------------------------------------------------------------


def test_the_holds_are_a_table_those_that_end_first_on_top(house: House, command: Command) -> None:
    with house.reservations() as reservations:
        late = reservations.hold(EVENT, house.seats(8), "anna", ttl=600.0)
        soon = reservations.hold(43, house.seats(1, 43), "ben", ttl=120.0)

    done = command("holds")
    document = as_json(command("holds", "--json"))

    assert done.returncode == 0
    heading, first, second, last = done.stdout.splitlines()
    assert heading.split() == ["HOLD", "EVENT", "USER", "AGE", "ENDS", "IN", "SEATS"]
    assert first.startswith(f"{soon.hold_id}  43     ben ")
    assert second.startswith(f"{late.hold_id}  42     anna ")
    assert second.endswith(f"  {', '.join(map(str, late.seat_ids[:6]))} and 2 more")
    assert last == "2 holds"
    assert [hold["hold_id"] for hold in document["holds"]] == [soon.hold_id, late.hold_id]
    assert (document["holds"][1]["seat_ids"], document["more"]) == (list(late.seat_ids), False)


def test_holds_can_be_asked_for_by_event_and_user_and_not_all_of_them(house: House, command: Command) -> None:
    with house.reservations() as reservations:
        for user in ("anna", "ben"):
            reservations.hold(EVENT, house.seats(1), user)
    assert " anna " in command("holds", "--user", "anna", "--event", str(EVENT)).stdout.splitlines()[1]
    limited = command("holds", "--limit", "1")
    assert limited.stdout.splitlines()[-1].startswith("the 1 that end first; --limit")
    assert as_json(command("holds", "--limit", "1", "--json"))["more"] is True
    none = command("holds", "--event", "99")
    assert (none.returncode, none.stdout, none.stderr) == (1, "no hold is live\n", "")
    assert as_json(command("holds", "--user", "carla", "--json")) == {"holds": [], "more": False}


# --- audit ------------------------------------------------------------------------------------


def test_the_history_of_a_seat_is_told_in_order(house: House, command: Command) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations:
        reservations.release(reservations.hold(EVENT, [seat_id], "anna"))
        hold = reservations.confirm(reservations.hold(EVENT, [seat_id], "ben", actor="box office"), 7)

    done = command("audit", str(seat_id))
    document = as_json(command("audit", str(seat_id), "--limit", "3", "--json"))

    assert done.returncode == 0
    seat, heading, *changes = done.stdout.splitlines()
    assert seat == f"seat {seat_id} is S-0 of event 42: BOOKED by ben, version 4"
    assert heading.split() == ["VERSION", "AT", "REASON", "STATUS", "BY", "HOLD", "USER", "UNTIL", "BOOKING"]
    assert [line.split()[0] for line in changes] == ["1", "2", "3", "4"]
    assert [line.split()[3] for line in changes] == ["held", "released", "held", "confirmed"]
    assert "  box office  " in changes[2]
    assert changes[3].split()[-4:] == [hold.hold_id, "ben", "-", "7"]
    assert ([change["version"] for change in document["changes"]], document["more"]) == ([2, 3, 4], True)


def test_a_seat_that_never_was_is_one_line_and_exit_1(command: Command) -> None:
    done = command("audit", "7")
    assert (done.returncode, done.stdout, done.stderr) == (1, "there is no seat 7\n", "")
    assert as_json(command("audit", "7", "--json")) == {"seat_id": 7, "seat": None, "changes": [], "more": False}


def test_what_others_wrote_does_not_steer_the_terminal(house: House, command: Command) -> None:
    (seat_id, other) = house.seats(2)
    with house.reservations() as reservations:
        reservations.hold(EVENT, [seat_id], "\x1b[2J", actor="\x9b1m")
    house.enter(other, b"\x1b]0;title\x07")
    for words in (("holds",), ("audit", str(seat_id)), ("reconcile", str(EVENT))):
        done = command(*words)
        assert not [sign for sign in done.stdout + done.stderr if sign in "\x1b\x9b\x07"]
        assert "\ufffd" in done.stdout


# --- reconcile --------------------------------------------------------------------------------


def wrong(house: House) -> list[int]:
    """Make an entry that is wrong, and a seat that MySQL does not explain."""
    seats = house.seats(2)
    house.enter(seats[0], "somebody")
    house.ask("UPDATE seats SET status = 'BOOKED' WHERE seat_id = %s", seats[1])
    return seats


def test_nothing_that_differs_is_exit_0(house: House, command: Command) -> None:
    with house.reservations() as reservations:
        reservations.hold(EVENT, house.seats(2), "anna")
    for words in ((), (str(EVENT),), ("--repair",)):  # nobody is asked where nothing is to be done
        done = command("reconcile", *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [
            "2 seats and 2 entries of Redis were compared; 0 of these end within seconds anyway",
            "",
            "nothing differs",
        ]


def test_what_differs_is_told_by_classes_and_is_exit_1(house: House, command: Command) -> None:
    free, odd = wrong(house)

    done, document = command("reconcile"), as_json(command("reconcile", "--json"))

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[2].split() == ["CLASS", "WHERE", "FOUND", "WHAT", "IT", "IS"]
    assert lines[3].startswith("entry_of_free_seat        Redis  1      seats that are free")
    assert lines[5].startswith("seat_without_reservation  MySQL  1      ")
    assert f"  seat {free} of event 42: Redis: somebody for " in done.stdout
    assert f"  seat {odd} of event 42: the seat is BOOKED of no hold; there is no live reservation" in done.stdout
    assert lines[-1].startswith("2 differences; --repair corrects 1 of them; 1 within MySQL, where nothing ")
    assert (document["differences"], document["seats"]) == (2, 2)
    assert {found["kind"]: found["left"] for found in document["findings"]} == {
        "entry_of_free_seat": 1,
        "no_entry": 1,
        "seat_without_reservation": 1,
    }
    assert house.entry(free)[0] == b"somebody"


def test_a_repair_says_what_it_did_and_what_is_left(house: House, command: Command) -> None:
    free, _ = wrong(house)

    done = command("reconcile", str(EVENT), "--repair", "--yes")
    again = as_json(command("reconcile", str(EVENT), "--repair", "--yes", "--json"))

    assert done.returncode == 1
    assert done.stdout.splitlines()[2].split()[:5] == ["CLASS", "WHERE", "FOUND", "REPAIRED", "LEFT"]
    assert done.stdout.splitlines()[3].split()[:5] == ["entry_of_free_seat", "Redis", "1", "1", "0"]
    assert done.stdout.splitlines()[-1].startswith("1 difference; 1 within MySQL")
    assert house.entry(free)[0] is None
    assert [found["kind"] for found in again["findings"]] == ["no_entry", "seat_without_reservation"]
    with house.reservations() as reservations:
        reservations.hold(EVENT, [free], "anna")


def test_where_redis_alone_was_wrong_a_repair_is_exit_0(house: House, command: Command) -> None:
    house.enter(house.seats(1)[0], "somebody", None)
    done = command("reconcile", "--repair", "--yes")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing differs any more")


def test_where_nobody_can_be_asked_nothing_is_repaired_without_yes(house: House, command: Command) -> None:
    free, _ = wrong(house)
    done, document = command("reconcile", "--repair"), as_json(command("reconcile", "--repair", "--json"))
    assert done.returncode == 2
    assert "1 entry of Redis that MySQL contradicts:" in done.stderr
    assert "  seats that are free and are refused: 1\n" in done.stderr
    assert "give --yes" in document["error"]["next"]
    assert house.entry(free)[0] == b"somebody"


def test_at_a_terminal_it_asks_and_does_what_is_said(house: House, command: Command) -> None:
    free, _ = wrong(house)
    with command.at_terminal("reconcile", "--repair") as terminal:
        terminal.says("MySQL is not changed.")
        terminal.says("Go on? [y/N]")
        terminal.types("n\n")
        assert terminal.ends() == 130
    assert house.entry(free)[0] == b"somebody"
    with command.at_terminal("reconcile", "--repair") as terminal:
        terminal.says("Go on? [y/N]")
        terminal.types("y\n")
        assert terminal.ends() == 1
    assert house.entry(free)[0] is None


def test_an_event_that_is_nowhere_is_exit_1(command: Command) -> None:
    done = command("reconcile", "99")
    assert (done.returncode, done.stdout, done.stderr) == (1, "event 99 has no seats\n", "")


# --- sweep ------------------------------------------------------------------------------------


def test_a_sweep_frees_what_is_over_and_says_so_in_the_audit(house: House, command: Command) -> None:
    seats = house.seats(3)
    with house.reservations() as reservations:
        house.run_out(reservations.hold(EVENT, seats, "anna").hold_id)

    done, document = command("sweep"), as_json(command("sweep", "--json"))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "3 seats freed whose holds were over",
        "no process is elected to sweep: services that run a Sweeper elect one",
    ]
    assert house.seat(seats[0]) == ("AVAILABLE", None)
    assert house.ask("SELECT DISTINCT changed_by FROM seat_audit WHERE reason = 'expired'") == [("ticketctl",)]
    assert document == {"seats": 0, "passes": 1, "more": False, "elected": {"known": True, "owner": None}}


def test_one_pass_has_a_limit_and_all_of_them_have_none(house: House, command: Command) -> None:
    seats = house.seats(1_250)
    with house.reservations() as reservations:
        for start in range(0, len(seats), 250):
            house.run_out(reservations.hold(EVENT, seats[start : start + 250], "anna").hold_id)

    one, rest = as_json(command("sweep", "--json")), as_json(command("sweep", "--all", "--json"))

    assert (one["seats"], one["passes"], one["more"]) == (500, 1, True)
    assert (rest["seats"], rest["passes"], rest["more"]) == (750, 2, False)


def test_the_elected_sweeper_is_named_and_the_pass_is_made(house: House, command: Command) -> None:
    with house.reservations() as reservations:
        house.run_out(reservations.hold(EVENT, house.seats(1), "anna").hold_id)
    with Locker(house.redis, service="booking") as locker, Leader(locker, "sweeper"):
        done = command("sweep")
    assert done.stdout.splitlines()[0] == "1 seat freed whose holds were over"
    assert done.stdout.splitlines()[1].startswith("booking on ")
    assert done.stdout.splitlines()[1].endswith(" is the elected sweeper")


def test_without_redis_it_sweeps_all_the_same(house: House, command: Command, own_redis: Server) -> None:
    with house.reservations() as reservations:
        house.run_out(reservations.hold(EVENT, house.seats(1), "anna").hold_id)
    own_redis.pause()
    try:
        done = command("sweep")
    finally:
        own_redis.unpause()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1 seat freed whose holds were over",
        "Redis does not answer: who the elected sweeper is, is not known",
    ]


# --- what cannot be asked ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("status", "first"),
        ("status", "0"),
        ("status", str(2**63)),
        ("holds", "--event", "-1"),
        ("holds", "--user", ""),
        ("holds", "--user", "u" * 51),
        ("holds", "--limit", "0"),
        ("audit", "1.5"),
        ("reconcile", "x"),
        ("sweep", "42"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_a_usage_error(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure(house: House, command: Command) -> None:
    with house.reservations() as reservations:
        for _ in range(50):
            reservations.hold(EVENT, house.seats(1), "u" * 50)
    script = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command.line("holds")],
        cwd=command.root,
        env=command.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines()[0].startswith("HOLD ")
    assert (done.stdout.splitlines()[1], done.stderr) == ("0", "")


ALL_COMMANDS = (("status", "42"), ("holds",), ("audit", "1"), ("reconcile",), ("sweep",))


@pytest.mark.parametrize("arguments", ALL_COMMANDS, ids=lambda words: words[0])
def test_a_mysql_that_is_not_there_is_exit_4(command: Command, arguments: tuple[str, ...]) -> None:
    away = replace(command, environ={**command.environ, "TICKETCTL_MYSQL__PORT": "1"})
    done = away(*arguments)
    assert done.returncode == 4
    assert done.stderr.startswith("TKT-301 ")
    assert as_json(away(*arguments, "--json"))["error"]["code"] == "TKT-301"


@pytest.mark.parametrize("arguments", [("status", "42"), ("reconcile",)], ids=lambda words: words[0])
def test_a_redis_that_is_not_there_is_exit_4(command: Command, arguments: tuple[str, ...]) -> None:
    away = replace(command, environ={**command.environ, "TICKETCTL_REDIS__PORT": "1"})
    done = away(*arguments)
    assert done.returncode == 4
    assert "Redis does not answer" in done.stderr


@pytest.mark.parametrize("arguments", ALL_COMMANDS, ids=lambda words: words[0])
def test_a_database_without_the_tables_says_what_to_do(
    house: House, command: Command, arguments: tuple[str, ...]
) -> None:
    away = replace(command, environ={**command.environ, "TICKETCTL_DATABASES__INVENTORY__NAME": "no_such_db"})
    done = away(*arguments)
    assert done.returncode in (4, 5)
    assert done.stderr.startswith("TKT-30")
    assert "Traceback" not in done.stderr
    assert house.inventory.password not in done.stderr
    assert REDIS_PASSWORD.reveal() not in done.stderr


def test_a_project_without_an_inventory_is_a_usage_error(command: Command) -> None:
    (command.root / "ticketctl.yaml").write_text("databases:\n  events: { name: events_db, migrations: m }\n")
    environ = {name: value for name, value in command.environ.items() if "__INVENTORY__" not in name}
    done = replace(command, environ=environ)("holds")
    assert done.returncode == 2
    assert "there is no database 'inventory'" in done.stderr


def test_a_look_changes_nothing(house: House, command: Command) -> None:
    (seat_id,) = house.seats(1)
    with house.reservations() as reservations:
        hold = reservations.hold(EVENT, [seat_id], "anna")
        for words in (("status", "42"), ("holds",), ("audit", str(seat_id)), ("reconcile",)):
            assert command(*words).returncode == 0
        assert house.seat(seat_id) == ("RESERVED", hold.hold_id)
        with pytest.raises(SeatsUnavailableError):
            reservations.hold(EVENT, [seat_id], "ben")
