"""Starting and judging, with tiny services on the real engine."""

from __future__ import annotations

import gc
import os
import threading
import time
import uuid
from pathlib import Path

import pytest

from integration.infra.engine_proxy import EngineProxy
from integration.stack.conftest import MakeStack, RunDocker
from integration.stack.tiny import SECRET, TinyStack, after, healthy, service
from ticketctl.errors import (
    BackendLoginError,
    BackendUnreachableError,
    ComposeError,
    EngineUnavailableError,
    StackUnhealthyError,
)
from ticketctl.events import Progress
from ticketctl.infra.docker import connect_engine
from ticketctl.provision.stack.alongside import Alongside

pytestmark = pytest.mark.integration


def test_a_stack_becomes_healthy_in_the_order_of_its_dependencies(make_stack: MakeStack) -> None:
    stack = make_stack(
        base=healthy(),
        setup=service("exit 0", setup=True, depends_on=after(base="healthy")),
        app=healthy(depends_on=after(setup="completed_successfully")),
    )

    stack.up()

    states = stack.containers()
    assert (states["base"].health, states["setup"].state, states["app"].health) == ("healthy", "exited", "healthy")
    ready = [event.item for event in stack.events if isinstance(event, Progress) and event.state in ("healthy", "done")]
    assert ready == ["base", "setup", "app"]


def test_a_second_run_changes_nothing_and_starts_no_compose(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy(), setup=service("exit 0", setup=True, depends_on=after(base="healthy")))
    stack.up()
    before = stack.containers()
    stack.file.unlink()  # Compose would fail without it
    began = time.monotonic()

    plan = stack.plan()
    stack.wait_only()

    assert plan.is_empty
    assert time.monotonic() - began < 1.0
    assert {name: (state.id, state.started_at) for name, state in stack.containers().items()} == {
        name: (state.id, state.started_at) for name, state in before.items()
    }


def test_an_image_that_exits_at_once_is_given_up_after_its_restarts(make_stack: MakeStack) -> None:
    stack = make_stack(
        base=service(f"echo cannot read {SECRET}; exit 3", check="true"), app=healthy(depends_on=after(base="healthy"))
    )
    began = time.monotonic()

    with pytest.raises(StackUnhealthyError) as caught:
        stack.up(timeout=60)

    assert time.monotonic() - began < 20
    assert caught.value.services == ("base",)
    assert "base: restarted 3 times, last exit status 3" in caught.value.why
    assert "| cannot read ***" in caught.value.why
    assert SECRET not in str(caught.value)
    assert "waiting for base: app" in caught.value.why


def test_a_service_that_never_becomes_healthy_shows_its_last_lines_and_its_probe(make_stack: MakeStack) -> None:
    talk = "for i in $(seq 30); do echo line $i; done; sleep 600"
    stack = make_stack(
        base=service(talk, check="echo table is missing; exit 1"), app=healthy(depends_on=after(base="healthy"))
    )

    with pytest.raises(StackUnhealthyError) as caught:
        stack.up(timeout=5)

    why = caught.value.why
    assert caught.value.what == "base did not become healthy (5 s)"
    assert "last probe: exit 1: table is missing" in why
    assert [line for line in why.splitlines() if "| line" in line] == [f"    | line {i}" for i in range(11, 31)]
    assert stack.containers()["base"].state == "running"  # left as it is, to be looked at


def test_a_failed_one_shot_ends_the_wait_at_once(make_stack: MakeStack) -> None:
    stack = make_stack(
        base=healthy(),
        setup=service("echo no rights; exit 4", setup=True, depends_on=after(base="healthy")),
        app=healthy(depends_on=after(setup="completed_successfully")),
    )
    began = time.monotonic()

    with pytest.raises(StackUnhealthyError) as caught:
        stack.up(timeout=60)

    assert time.monotonic() - began < 20
    assert caught.value.services == ("setup",)
    assert "setup: exited with 4" in caught.value.why
    assert "| no rights" in caught.value.why


def test_an_out_of_memory_kill_ends_the_wait_although_the_engine_restarts_it(make_stack: MakeStack) -> None:
    stack = make_stack(base=service("sleep 1; tail /dev/zero", check="true", mem_limit="32m", memswap_limit="32m"))

    with pytest.raises(StackUnhealthyError) as caught:
        # It is healthy for a moment, so that only work which goes on keeps the wait open.
        stack.up(timeout=60, alongside=(Alongside("base", lambda: time.sleep(8)),))

    assert "base: out of memory of 32 MiB" in caught.value.why
    assert "raise its limit" in caught.value.next_step


def test_a_recovery_inside_the_deadline_is_waited_for(make_stack: MakeStack) -> None:
    """Compose alone gives up here: "dependency failed to start: container is unhealthy"."""
    stack = make_stack(
        base=service("sleep 5; touch /tmp/ok; sleep 600", check="test -f /tmp/ok"),
        app=healthy(depends_on=after(base="healthy")),
    )

    stack.up(timeout=60)

    seen = [event.state for event in stack.events if isinstance(event, Progress) and event.item == "base"]
    assert "recovering" in seen
    assert seen[-1] == "healthy"
    assert stack.containers()["app"].health == "healthy"


def test_a_restart_inside_the_limit_is_waited_for(make_stack: MakeStack) -> None:
    stack = make_stack(
        base=service(
            "n=$(cat /data/n || echo 0); echo $((n+1)) > /data/n; test $n -ge 2 && exec sleep 600; exit 1",
            check="test $(cat /data/n) -ge 3",
            volumes=["/data"],
        )
    )

    stack.up(timeout=60)

    assert stack.containers()["base"].restart_count == 2


def test_a_missing_image_is_named(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy(image="ticketctl-test/no-such-image:1"))

    with pytest.raises(ComposeError) as caught:
        stack.up()

    assert caught.value.what.startswith("base could not be made: `docker compose up` failed")
    assert "No such image: ticketctl-test/no-such-image:1" in caught.value.why
    assert "Creating" not in caught.value.why
    assert "ticketctl images list" in caught.value.next_step


def test_a_missing_program_is_named(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy(command=["/no/such/program"], init=False))

    with pytest.raises(StackUnhealthyError) as caught:
        stack.up()

    assert "its image has no program `/no/such/program`" in caught.value.why


def test_only_what_changed_is_made_anew(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy(), app=healthy(depends_on=after(base="healthy")), mail=healthy())
    stack.up()
    before = stack.containers()
    stack.services["app"]["environment"] = {"A": "1"}

    plan = stack.up()

    now = stack.containers()
    assert [action.service for action in plan.changes] == ["app"]
    assert {name for name in now if now[name].id != before[name].id} == {"app"}
    assert {name for name in now if now[name].started_at != before[name].started_at} == {"app"}
    assert stack.plan().is_empty


def test_a_stopped_and_a_paused_container_go_on(make_stack: MakeStack, run_docker: RunDocker) -> None:
    stack = make_stack(base=healthy(), app=healthy(), mail=healthy())
    stack.up()
    before = stack.containers()
    run_docker("stop", "--time", "1", before["base"].id)
    run_docker("pause", before["app"].id)

    plan = stack.up()

    assert [(action.service, action.action) for action in plan.changes] == [("base", "start"), ("app", "resume")]
    assert {name: state.id for name, state in stack.containers().items()} == {
        name: state.id for name, state in before.items()
    }
    assert {state.state for state in stack.containers().values()} == {"running"}


def test_an_orphan_stays_until_its_removal_is_asked_for(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy(), old=healthy())
    stack.up()
    del stack.services["old"]

    assert stack.up().orphans == ("old",)
    assert "old" in stack.containers()
    stack.up(remove_orphans=True)

    assert set(stack.containers()) == {"base"}


def test_a_named_service_comes_with_what_it_needs_alone(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy(), app=healthy(depends_on=after(base="healthy")), mail=healthy())

    stack.up("app")

    assert set(stack.containers()) == {"base", "app"}


def test_work_alongside_begins_before_the_rest_is_up_and_is_repeated_until_it_reaches_its_service(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(
        base=service("sleep 3; touch /tmp/ok; sleep 600", check="test -f /tmp/ok"),
        app=healthy(depends_on=after(base="healthy")),
    )
    calls: list[bool] = []

    def work() -> None:
        calls.append("app" in stack.containers() and stack.containers()["app"].state == "running")
        if len(calls) < 3:
            raise BackendUnreachableError("not yet", backend="mysql")

    stack.up(timeout=60, alongside=(Alongside("base", work),))

    assert calls == [False, False, False]


def test_work_alongside_is_not_done_on_the_container_that_is_about_to_go(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy())
    stack.up()
    old = stack.containers()["base"].id
    stack.services["base"]["environment"] = {"A": "1"}
    seen: list[str] = []

    stack.up(alongside=(Alongside("base", lambda: seen.append(stack.containers()["base"].id)),))

    assert len(seen) == 1
    assert seen != [old]


def test_a_failure_of_the_work_alongside_ends_the_wait(make_stack: MakeStack) -> None:
    stack = make_stack(base=service("sleep 600", check="false"))
    began = time.monotonic()

    def refused() -> None:
        raise BackendLoginError("other password", backend="mysql")

    with pytest.raises(BackendLoginError):
        stack.up(timeout=60, alongside=(Alongside("base", refused),))

    assert time.monotonic() - began < 20
    assert threading.active_count() < 10


def test_a_service_that_never_answers_the_work_alongside_is_reported_with_its_own_words(make_stack: MakeStack) -> None:
    stack = make_stack(base=healthy())

    def unreachable() -> None:
        raise BackendUnreachableError("nothing answers at 127.0.0.1:1", backend="mysql")

    with pytest.raises(BackendUnreachableError):
        stack.up(timeout=4, alongside=(Alongside("base", unreachable),))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK leaves a socket open
def test_an_engine_that_goes_away_is_told_as_such(tmp_path: Path) -> None:
    with EngineProxy(tmp_path / "s") as proxy:
        stack = TinyStack(
            tmp_path, connect_engine({"DOCKER_HOST": proxy.url}), uuid.uuid4().hex[:8], {"base": healthy()}
        )
        with pytest.raises(EngineUnavailableError):
            stack.up(alongside=(Alongside("base", proxy.stop),))
    gc.collect()
    stack.engine = connect_engine(os.environ)
    stack.remove()


def test_the_other_project_is_not_touched(make_stack: MakeStack) -> None:
    one, other = make_stack(base=healthy()), make_stack(base=healthy(), old=healthy())
    other.up()
    before = other.containers()

    one.up(remove_orphans=True)

    now = other.containers()
    assert {name: (now[name].id, now[name].started_at) for name in now} == {
        name: (before[name].id, before[name].started_at) for name in before
    }
