from collections.abc import Sequence

import pytest

from ticketctl.infra.docker import ContainerState, EngineEvent
from ticketctl.provision.stack.judge import Judge, Standing
from ticketctl.provision.stack.plan import plan_containers
from unit.provision.stack.containers import IMAGE_IDS, container, service, spec_of

MYSQL = service("mysql")
SETUP = service("setup", "mysql", one_shot=True)
BOOKING = service(
    "booking", "setup", condition="service_completed_successfully", ready_path="/health/ready", has_health_check=False
)
STACK = spec_of(a=MYSQL, b=SETUP, c=BOOKING)


def judge_of(*before: ContainerState) -> Judge:
    plan = plan_containers(STACK, before, IMAGE_IDS)
    return Judge(STACK, plan, before, restart_limit=3)


def standing(judge: Judge, name: str, states: Sequence[ContainerState], now: float = 0.0) -> Standing:
    judge.look(states, now)
    return next(item for item in judge.standings() if item.service == name)


def event(service: str, action: str, exit_code: int | None = None) -> EngineEvent:
    return EngineEvent(action, f"id-{service}", "shop", service, "", exit_code, 1)


def new(name: str, **more: object) -> ContainerState:
    return container(name, **{"id": f"new-{name}", "started_at": "2026-01-01T01:00:00Z", **more})


@pytest.mark.parametrize(
    ("state", "phase", "detail", "reason"),
    [
        (new("mysql", health="starting"), "starting", "", ""),
        (new("mysql"), "ready", "healthy", ""),
        (new("mysql", health="unhealthy"), "recovering", "unhealthy, may still recover", ""),
        (new("mysql", state="created", health=None), "waiting", "for its start", ""),
        (new("mysql", state="exited", exit_code=1), "failed", "exited with 1", "exited"),
        (new("mysql", state="exited", exit_code=0), "failed", "exited with 0", "exited"),
        (
            new("mysql", state="restarting", health=None, restart_count=2),
            "recovering",
            "restarted 2 of at most 3 times",
            "",
        ),
        (
            new("mysql", state="restarting", health=None, restart_count=3, exit_code=7),
            "failed",
            "restarted 3 times, last exit status 7",
            "restart loop",
        ),
        (
            new("mysql", health="starting", restart_count=3, exit_code=0),
            "failed",
            "restarted 3 times, last exit status 0",
            "restart loop",
        ),
        (new("mysql", restart_count=3), "ready", "healthy", ""),
        (
            new("mysql", state="exited", exit_code=137, oom_killed=True, memory_limit=64 * 2**20),
            "failed",
            "out of memory of 64 MiB",
            "out of memory",
        ),
        (new("mysql", state="paused"), "recovering", "paused", ""),
    ],
)
def test_where_a_server_stands(state: ContainerState, phase: str, detail: str, reason: str) -> None:
    assert standing(judge_of(), "mysql", [state]) == Standing("mysql", phase, detail, reason)  # type: ignore[arg-type]  # words of the table


def test_a_one_shot_is_ready_when_it_has_ended_well() -> None:
    judge = judge_of()

    assert standing(judge, "setup", [new("setup", health=None)]).phase == "starting"
    assert standing(judge, "setup", [new("setup", state="exited", health=None)]) == Standing("setup", "ready", "done")
    assert standing(judge, "setup", [new("setup", state="exited", exit_code=4)]).reason == "exited"


def test_who_waits_says_for_whom() -> None:
    judge = judge_of()

    judge.look([new("mysql", health="starting")], 0.0)

    assert [item.detail for item in judge.standings()] == ["", "for mysql", "for setup"]


def test_an_answer_from_outside_counts_before_the_first_health_check_ends() -> None:
    judge = judge_of()
    starting = new("booking", health="starting")
    assert standing(judge, "booking", [starting]).phase == "starting"
    assert judge.unanswered() == (starting,)

    judge.answered("booking", starting.started_at)

    assert standing(judge, "booking", [starting]).phase == "ready"
    assert judge.unanswered() == ()


def test_an_answer_counts_for_one_start_only_and_not_against_the_engine() -> None:
    judge = judge_of()
    judge.answered("booking", "2026-01-01T01:00:00Z")

    again = new("booking", health="starting", started_at="2026-01-01T02:00:00Z", restart_count=1)

    assert standing(judge, "booking", [again]).phase == "recovering"
    assert standing(judge, "booking", [new("booking", health="unhealthy")]).phase == "recovering"


def test_without_any_check_a_service_has_to_run_for_a_while() -> None:
    stack = spec_of(a=service("plain", has_health_check=False))
    judge = Judge(stack, plan_containers(stack, (), IMAGE_IDS), (), restart_limit=3)
    first = new("plain", health=None)

    assert standing(judge, "plain", [first], now=10.0).phase == "starting"
    assert standing(judge, "plain", [first], now=11.9).phase == "starting"
    restarted = new("plain", health=None, started_at="later", restart_count=1)
    assert standing(judge, "plain", [restarted], now=12.5).phase == "recovering"
    assert standing(judge, "plain", [restarted], now=14.5) == Standing("plain", "ready", "running")


def test_the_container_that_is_about_to_be_replaced_says_nothing() -> None:
    """Otherwise the old healthy container would end the wait before the new one exists."""
    old = container("mysql", labels={})
    judge = judge_of(old)

    assert standing(judge, "mysql", [old]).phase == "waiting"
    assert standing(judge, "mysql", [new("mysql", health="starting")]).phase == "starting"
    judge.all_started()
    assert standing(judge, "mysql", [old]).phase == "ready"


def test_a_container_in_a_restart_loop_may_die_once_more_before_it_is_replaced() -> None:
    old = container("mysql", labels={}, state="restarting", restart_count=9)
    judge = judge_of(old)

    again = container("mysql", labels={}, state="exited", exit_code=143, started_at="2026-01-01T00:00:09Z")

    assert standing(judge, "mysql", [again]).phase == "waiting"


def test_an_old_exit_is_no_failure_of_the_new_start() -> None:
    old = container("mysql", state="exited", exit_code=1)
    judge = judge_of(old)

    assert standing(judge, "mysql", [old]).phase == "waiting"
    assert standing(judge, "mysql", [new("mysql", id=old.id, health="starting")]).phase == "starting"


def test_a_start_error_counts_once_starting_has_ended() -> None:
    judge = judge_of()
    broken = new("mysql", state="created", health=None, error="exec: not found", started_at="0001-01-01T00:00:00Z")

    assert standing(judge, "mysql", [broken]).phase == "waiting"
    judge.starting_ended()
    assert standing(judge, "mysql", [broken]) == Standing("mysql", "failed", "exec: not found", "not startable")


def test_an_out_of_memory_kill_is_remembered_when_the_container_runs_again() -> None:
    judge = judge_of()

    judge.hear(event("mysql", "oom"))
    assert standing(judge, "mysql", [new("mysql")]).phase == "ready"
    judge.hear(event("mysql", "die", 137))

    assert standing(judge, "mysql", [new("mysql", restart_count=1)]).reason == "out of memory"


@pytest.mark.parametrize(
    "story", [[("die", 137)], [("oom", None), ("die", 1)], [("oom", None), ("die", 1), ("die", 137)]]
)
def test_a_kill_without_lack_of_memory_is_something_else(story: list[tuple[str, int | None]]) -> None:
    judge = judge_of()

    for action, code in story:
        judge.hear(event("mysql", action, code))
    judge.hear(event("stranger", "oom"))

    assert standing(judge, "mysql", [new("mysql")]).phase == "ready"


def test_an_out_of_memory_kill_of_the_container_that_goes_is_not_held_against_the_new_one() -> None:
    judge = judge_of(container("mysql", labels={}))

    judge.hear(event("mysql", "oom"))
    judge.hear(event("mysql", "die", 137))

    assert standing(judge, "mysql", [new("mysql")]).phase == "ready"


def test_restarts_of_the_past_do_not_count_for_a_container_that_ran() -> None:
    steady = container("mysql", health="starting", restart_count=9)
    judge = judge_of(steady)

    assert standing(judge, "mysql", [steady]).phase == "starting"
    assert standing(judge, "mysql", [container("mysql", health="starting", restart_count=12)]).reason == "restart loop"


def test_a_container_found_in_a_restart_loop_is_given_up_at_once() -> None:
    looping = container("mysql", state="restarting", health=None, restart_count=9)

    assert standing(judge_of(looping), "mysql", [looping]).reason == "restart loop"


def test_a_count_set_back_by_hand_begins_anew() -> None:
    judge = judge_of(container("mysql", health="starting", restart_count=9))

    assert standing(judge, "mysql", [container("mysql", health="starting", restart_count=1)]).phase == "recovering"
    assert standing(judge, "mysql", [container("mysql", health="starting", restart_count=3)]).reason == "restart loop"


def test_only_the_services_of_the_plan_are_judged() -> None:
    judge = Judge(STACK, plan_containers(STACK, (), IMAGE_IDS, only=["mysql"]), (), restart_limit=3)

    judge.look([new("mysql"), new("booking", state="exited", exit_code=1)], 0.0)

    assert [item.phase for item in judge.standings()] == ["ready"]
