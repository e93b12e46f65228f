from ticketctl.infra.docker import ContainerState, PublishedPort
from ticketctl.provision.stack.observe import Observed
from ticketctl.provision.stack.status import StackStatus, judge_status
from unit.provision.stack.containers import IMAGE_IDS, container, service, spec_of

STACK = spec_of(
    a=service("mysql"), b=service("setup", "mysql", one_shot=True), c=service("web", ready_path="/health/ready")
)


def status_of(*containers: ContainerState) -> StackStatus:
    return judge_status(STACK, Observed(containers, IMAGE_IDS))


def test_all_is_well() -> None:
    port = PublishedPort("127.0.0.1", 20000, 3306)
    web = container("web", ports=(PublishedPort("127.0.0.1", 20030, 8080),))

    status = status_of(container("mysql", ports=(port,)), container("setup", state="exited", health=None), web)

    assert status.ok
    assert [(item.phase, item.detail) for item in status.services] == [
        ("ready", "healthy"),
        ("ready", "done"),
        ("ready", "healthy"),
    ]
    assert [item.address for item in status.services] == ["127.0.0.1:20000", "", "http://127.0.0.1:20030"]


def test_nothing_runs() -> None:
    status = status_of()

    assert not status.ok
    assert {(item.phase, item.detail, item.drift) for item in status.services} == {
        ("waiting", "no container", "missing")
    }


def test_a_stopped_and_a_restarting_service_are_failures() -> None:
    stopped = container("mysql", state="exited", exit_code=137, health=None)
    looping = container("web", state="restarting", restart_count=1, exit_code=2, health=None)

    status = status_of(stopped, container("setup", state="exited", health=None), looping)

    assert not status.ok
    assert [item.phase for item in status.services] == ["failed", "ready", "failed"]
    assert status.services[2].restarts == 1


def test_healthy_but_made_from_something_else_is_not_ok() -> None:
    status = status_of(
        container("mysql", labels={}),
        container("setup", state="exited", health=None),
        container("web"),
        container("old"),
    )

    assert not status.ok
    assert all(item.phase == "ready" for item in status.services)
    assert [(drift.service, drift.kind) for drift in status.drifts] == [("mysql", "changed"), ("old", "orphaned")]


def test_what_was_never_started_has_no_time() -> None:
    never = container("mysql", state="created", health=None, started_at="0001-01-01T00:00:00Z")

    assert status_of(never).services[0].started_at == ""


def test_what_runs_without_any_check_is_ready_at_one_look() -> None:
    stack = spec_of(a=service("plain", has_health_check=False))

    assert judge_status(stack, Observed((container("plain", health=None),), IMAGE_IDS)).ok
