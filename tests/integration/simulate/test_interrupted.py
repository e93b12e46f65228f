"""A sale that is stopped, at whatever moment, leaves nothing: no process, no event, nothing broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from integration.eventually import eventually
from integration.simulate.sales import SMALL, broken, check, processes, remains, started, wait_for
from live_stack import LiveStack

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("words", "faults", "number"),
    [
        ("make an event", "none", signal.SIGINT),
        ("sell to", "none", signal.SIGTERM),
        ("BROKEN", "mysql-paused", signal.SIGINT),
        ("BROKEN", "mysql-restarted", signal.SIGINT),
        ("BROKEN", "redis-cut", signal.SIGHUP),
        ("BROKEN", "buyers-stopped", signal.SIGINT),
        ("sell what is left", "none", signal.SIGINT),
        ("judge", "none", signal.SIGINT),
    ],
)
def test_a_sale_that_is_stopped_leaves_nothing(
    stack: LiveStack, words: str, faults: str, number: signal.Signals
) -> None:
    before = remains(stack)
    with started(stack, *SMALL, "--faults", faults) as sale:
        wait_for(sale, words)
        sale.send_signal(number)
        out, err = sale.communicate(timeout=90)
    if words == "judge" and sale.returncode == 0:  # it was faster
        assert out.startswith("Right: ")
    else:
        assert (sale.returncode, out) == (130, ""), out + err
        assert err.endswith("interrupted; the sale is over, and nothing of it is left\n")
    check(stack, before)


def test_ctrl_c_again_and_again_does_not_stop_the_tidying(stack: LiveStack) -> None:
    before = remains(stack)
    with started(stack, *SMALL, "--faults", "redis-paused") as sale:
        wait_for(sale, "BROKEN")
        while sale.poll() is None:
            sale.send_signal(signal.SIGINT)
            try:
                sale.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        assert sale.returncode in (130, -signal.SIGINT)  # the last one meets an interpreter that is at its end
    check(stack, before)


def test_a_sale_that_was_started_to_outlast_its_terminal_does(stack: LiveStack) -> None:
    with started(stack, *SMALL, ignored=signal.SIGHUP) as sale:
        wait_for(sale, "sell to")
        sale.send_signal(signal.SIGHUP)
        out, err = sale.communicate(timeout=90)
    assert sale.returncode == 0, out + err
    assert out.startswith("Right: ")


@pytest.mark.parametrize("fault", ["mysql-paused", "redis-cut"])
def test_what_a_killed_sale_left_is_mended_by_the_next(stack: LiveStack, fault: str) -> None:
    before = remains(stack)
    # In a sale that is this long, a fault lasts for two seconds.
    with started(stack, *SMALL, "--duration", "40", "--faults", fault) as sale:
        wait_for(sale, "BROKEN")
        eventually(lambda: broken(stack), bool)  # it is said before it is done
        sale.send_signal(signal.SIGSTOP)  # from now on it mends nothing
        assert broken(stack)
        stopped = int(_children(sale.pid)[0])
        os.kill(stopped, signal.SIGSTOP)
        assert len(processes()) == 4  # two of buyers, two that sweep
        sale.kill()
        sale.wait()
        eventually(processes, lambda found: not found)  # the one that stood still as well
    done = stack.start("simulate", "flash-sale", *SMALL, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    mended = [event["text"] for event in map(json.loads, done.stderr.splitlines()) if event["event"] == "Mended"]
    assert mended == [{"mysql-paused": "mysql stood still", "redis-cut": "redis was cut off its network"}[fault]]
    check(stack, before)


def test_two_sales_at_a_time_are_refused_and_so_is_taking_the_stack_down(stack: LiveStack) -> None:
    with started(stack, *SMALL) as sale:
        wait_for(sale, "sell to")
        for command in (("simulate", "flash-sale", *SMALL), ("down",)):
            refused = stack.start(*command)
            assert refused.returncode == 5
            assert "TKT-209" in refused.stderr
            assert "ticketctl simulate" in refused.stderr
        sale.send_signal(signal.SIGINT)
        sale.wait(60)


def test_a_process_of_buyers_that_dies_by_itself_ends_the_sale_with_an_error(stack: LiveStack) -> None:
    before = remains(stack)
    with started(stack, *SMALL) as sale:
        wait_for(sale, "sold,")
        victim = next(pid for pid in _children(sale.pid) if "buyers_process" in _command(pid))
        os.kill(int(victim), signal.SIGKILL)
        out, err = sale.communicate(timeout=60)
    assert sale.returncode == 5, out + err
    assert "TKT-801 ticketctl.simulate.buyers_process ended with -9" in err
    check(stack, before)


def _children(pid: int) -> list[str]:
    return [
        child
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
        if "ticketctl.simulate." in _command(child)
    ]


def _command(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
