"""Runs that end before they are done: what is left is whole events, or events that nobody can buy from."""

from __future__ import annotations

import signal

import pytest

from integration.eventually import eventually
from integration.migrate.cutting_proxy import Cut, CuttingProxy, Moment
from integration.seed.command import Command
from integration.seed.house import TODAY, House
from ticketctl.errors import BackendError, BackendOperationError, ExitCode
from ticketctl.provision.seed import plan, write
from ticketctl.provision.seed.plan import STATEMENT
from ticketctl.provision.seed.programme import event

pytestmark = pytest.mark.integration


def check(house: House) -> list[int]:
    """Fail unless each event is whole, or is one that the next run names; return the ids of the latter."""
    eventually(house.sessions, lambda count: count == 0)
    seats = dict(house.ask("inventory", "SELECT event_id, COUNT(*) FROM seats GROUP BY event_id"))
    unfinished: list[int] = []
    for event_id, _, _, _, total, available, status, *_ in house.events():
        present = seats.pop(event_id, 0)
        if available == 0:
            assert status == "UPCOMING"
            assert present in (0, total)
            unfinished.append(event_id)
        else:
            assert (available, present) == (total, total)
    assert seats == {}, "seats without an event"
    assert [one.event_id for one in house.seed(dry_run=True).unfinished] == unfinished
    return unfinished


def test_seats_that_are_refused_leave_nothing_of_their_event_and_all_of_the_earlier_ones(house: House) -> None:
    last = event(2, STATEMENT + 1, seed=1, today=TODAY).rows()[-1]
    late = f"NEW.event_id = 3 AND NEW.seat_number = '{last.code}-{last.seats}'"
    with (
        house.refusing("inventory", f"BEFORE INSERT ON seats FOR EACH ROW IF {late}"),
        pytest.raises(BackendOperationError),
    ):
        house.seed(events=4, seats=STATEMENT + 1)

    assert house.end.outcome == "failed"
    assert house.end.summary == "2 of 4 events added, nothing is left of the others"
    assert check(house) == []
    assert [row[0] for row in house.events()] == [1, 2]


def test_events_that_cannot_be_put_on_sale_are_named_by_the_next_run(house: House) -> None:
    with (
        house.refusing("events", "BEFORE UPDATE ON events FOR EACH ROW IF TRUE"),
        pytest.raises(BackendOperationError),
    ):
        house.seed(events=2, seats=8)

    assert house.end.summary == "0 of 2 events added; begun and not finished: 1, 2"
    assert check(house) == [1, 2]
    assert [text.partition(" has ")[2].partition(":")[0] for text in house.warnings] == [
        "8 of 8 seats and none on sale"
    ] * 2


def test_an_event_that_is_sold_out_before_it_is_on_sale_is_not_taken_for_an_unfinished_one(house: House) -> None:
    house.seed(seats=8)
    house.ask("inventory", "UPDATE seats SET status = 'BOOKED'")
    house.ask("events", "UPDATE events SET status = 'UPCOMING', available_seats = 0")

    assert house.seed(dry_run=True).unfinished == ()


def test_a_run_that_is_killed_leaves_an_event_that_the_next_run_names(house: House, command: Command) -> None:
    with command.started("--seats", "1000000") as process:
        eventually(lambda: house.count("events", "events"), bool)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    assert check(house) == [1]
    assert house.seats() == []
    again = command("--seats", "10")
    assert again.returncode == ExitCode.DONE, again.stderr
    assert "has 0 of 1000000 seats and none on sale" in again.stderr
    assert house.count("inventory", "seats") == 10


def test_ctrl_c_keeps_whole_events_and_nothing_else(house: House, command: Command) -> None:
    with command.started("--events", "400", "--seats", str(STATEMENT * 2)) as process:
        eventually(lambda: house.count("events", "events"), lambda count: count > 2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.INTERRUPTED
    assert check(house) == []
    kept = house.count("events", "events")
    assert 2 <= kept < 400
    assert house.count("inventory", "seats") == kept * STATEMENT * 2
    assert f"{kept} of 400 events added, nothing is left of the others" in err
    assert "interrupted; events that were finished stay" in err


@pytest.mark.parametrize("moment", ["before", "sent", "answered"])
@pytest.mark.parametrize("lost", ["events", "inventory"])
def test_wherever_the_network_ends_no_half_event_is_on_sale(
    house: House, lost: str, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the databases is lost at each packet of a run in turn: at the login, each statement, each commit."""
    for module in (plan, write):
        monkeypatch.setattr(module, "STATEMENT", 4)

    def run(proxy: CuttingProxy) -> None:
        # Three statements for the seats of each.
        house.seed(ports={lost: proxy.port}, events=2, seats=10)

    with CuttingProxy(house.root.port) as proxy:
        run(proxy)
    packets = [packet.command for packet in proxy.packets]
    left: list[list[int]] = []

    for number, packet in enumerate(packets, 1):
        house.empty()
        with CuttingProxy(house.root.port, cut=Cut(number, moment=moment)) as proxy:
            if packet == "quit":
                run(proxy)
            else:
                with pytest.raises(BackendError):
                    run(proxy)
            assert proxy.happened.wait(20)
        said = house.end.summary
        left.append(check(house))
        assert all(str(event_id) in said.partition("not finished: ")[2].split(", ") for event_id in left[-1]), said

    # Some of these moments do leave an event: that the check finds none is no property of the check.
    assert [] in left
    assert any(left)
