"""`docs/howto/reservations-on-call.md`: its commands are run as they stand, by accounts with the rights of the page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.reservations.on_call.command import Command
from integration.reservations.on_call.house import EVENT, House
from integration.servers import ROOT
from ticketctl.infra.mysql import quote_identifier
from ticketctl.locks import Leader, Locker
from ticketctl.reservations.inspection import Kind

pytestmark = pytest.mark.integration
PAGE = (ROOT / "docs" / "howto" / "reservations-on-call.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
NEEDED = PAGE.partition("## What it needs")[2]
ON_CALL = "reservations-on-call"
PASSWORD = "of-the-page"


def arguments(begin: str) -> list[list[str]]:
    """What stands behind `ticketctl reservations` in the lines that begin so."""
    wanted = [line for line in LINES if line.startswith(f"ticketctl reservations {begin}")]
    return [shlex.split(line, comments=True)[2:] for line in wanted]


def words(sentence: str) -> list[str]:
    return re.findall(r"`([A-Z]+)`", sentence)


@pytest.fixture
def on_call(house: House, tmp_path: Path) -> Iterator[Command]:
    """The command with accounts that have the rights of the page and no others."""
    of_mysql, of_redis, of_locks = re.split(r"in Redis, on|To name", NEEDED)
    rights = words(of_mysql)
    assert rights == ["SELECT", "INSERT", "UPDATE", "DELETE"]
    account = quote_identifier(ON_CALL)
    scope = quote_identifier(house.inventory.name.replace("_", r"\_"))
    house.ask(f"CREATE USER {account} IDENTIFIED BY %s", PASSWORD)
    house.ask(f"GRANT {', '.join(rights)} ON {scope}.* TO {account}")
    keys = (f"~{house.namespace}:*", "~lock:*")
    commands = [f"+{word.lower()}" for word in {*words(of_redis), *words(of_locks)}]
    assert len(commands) == 10
    execute: Any = house.redis.execute_command
    execute("ACL", "SETUSER", ON_CALL, "reset", "on", f">{PASSWORD}", "-@all", *keys, *commands)
    logins = {
        f"TICKETCTL_{server}__{name}": value
        for server in ("MYSQL", "REDIS")
        for name, value in (("USER", ON_CALL), ("PASSWORD", PASSWORD))
    }
    command = Command.of(house, tmp_path)
    yield replace(command, environ={**command.environ, **logins})
    execute("ACL", "DELUSER", ON_CALL)
    house.ask(f"DROP USER {account}")


def test_every_line_is_a_command_that_this_test_runs() -> None:
    known = sum(len(arguments(begin)) for begin in ("status", "holds", "audit", "reconcile", "sweep"))
    assert known == len(LINES) == 8


def test_the_page_is_done_from_its_first_line_to_its_last(house: House, on_call: Command) -> None:
    with house.reservations() as reservations:
        seats = house.seats(6)
        hold = reservations.hold(EVENT, seats[:2], "anna")
        reservations.confirm(reservations.hold(EVENT, [seats[2]], "ben"), 7)
        house.run_out(reservations.hold(EVENT, [seats[3]], "carla").hold_id)
        house.redis.delete(house.key(seats[3]))
        house.enter(seats[4], "somebody", None)
        ((_, told),) = arguments("audit")
        seat_id = int(told)
        house.ask("UPDATE seats SET seat_id = %s WHERE seat_id = %s", seat_id, seats[5])
        reservations.block(EVENT, [seat_id], actor="ops")

    (status,), (audit,) = arguments("status"), arguments("audit")
    done = on_call(*status)
    assert done.returncode == 0, done.stderr
    labels = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert labels is not None
    assert [line[:11] for line in done.stdout.splitlines()] == [line[:11] for line in labels[1].splitlines()]
    assert done.stdout.splitlines()[3] == "over       1, free as well: not swept yet"

    for holds in arguments("holds"):
        done = on_call(*holds)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[1].startswith(hold.hold_id)

    done = on_call(*audit)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split()[3:5] == ["blocked", "BLOCKED"]

    one, every, repair = arguments("reconcile")
    for look in (one, every):
        done = on_call(*look)
        assert done.returncode == 1, done.stderr
        assert "entry_without_end" in done.stdout
    done = on_call(*repair, "--yes")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing differs any more"), done.stderr
    assert on_call(*one).returncode == 0

    (sweep,) = arguments("sweep")
    with Locker(house.redis, service="booking") as locker, Leader(locker, "sweeper"):
        done = on_call(*sweep)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "1 seat freed whose holds were over"
    assert done.stdout.splitlines()[1].startswith("booking on ")


def test_the_page_names_every_class() -> None:
    named = re.findall(r"`([a-z_]+)`", PAGE.partition("| class |")[2].partition("\n\n")[0])
    assert sorted(named) == sorted(kind.value for kind in Kind)
