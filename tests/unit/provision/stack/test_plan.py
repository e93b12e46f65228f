import pytest

from ticketctl.infra.docker import ContainerState
from ticketctl.provision.stack.definition.service_definition import LABEL_HASH
from ticketctl.provision.stack.drift import LABEL_IMAGE, find_drift
from ticketctl.provision.stack.plan import plan_containers
from unit.provision.stack.containers import IMAGE_IDS, container, service, spec_of

MYSQL = service("mysql")
SETUP = service("setup", "mysql", one_shot=True)
BOOKING = service("booking", "setup", condition="service_completed_successfully")
STACK = spec_of(a=MYSQL, b=SETUP, c=BOOKING, d=service("mail"))
ALL = (
    container("mysql"),
    container("setup", state="exited", health=None),
    container("booking"),
    container("mail"),
)


def test_a_stack_that_runs_as_it_should_is_left_alone() -> None:
    plan = plan_containers(STACK, ALL, IMAGE_IDS)

    assert plan.is_empty
    assert plan.lines() == (
        "keep      mysql    healthy",
        "keep      setup    has done its work",
        "keep      booking  healthy",
        "keep      mail     healthy",
    )


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (None, "create    mysql  has no container"),
        (container("mysql", state="dead"), "create    mysql  is dead"),
        (
            container("mysql", labels={LABEL_HASH: "h0"}),
            "recreate  mysql  its definition has changed since the container was made",
        ),
        (container("mysql", labels={}), "recreate  mysql  its definition has changed since the container was made"),
        (container("mysql", image_id="sha256:old"), "recreate  mysql  image:1 names another image now"),
        (container("mysql", state="created", started_at="0001-01-01T00:00:00Z"), "start     mysql  was never started"),
        (container("mysql", state="exited", exit_code=137), "start     mysql  exited with 137"),
        (container("mysql", state="exited", exit_code=0), "start     mysql  exited with 0"),
        (container("mysql", state="paused"), "resume    mysql  is paused"),
        (container("mysql", state="restarting", health=None), "keep      mysql  restarting"),
        (container("mysql", health="unhealthy"), "keep      mysql  unhealthy"),
    ],
)
def test_what_happens_to_a_container_and_why(state: ContainerState | None, line: str) -> None:
    plan = plan_containers(spec_of(a=MYSQL), (state,) if state else (), IMAGE_IDS)

    assert plan.lines() == (line,)
    assert plan.is_empty == line.startswith("keep")


def test_a_one_shot_that_failed_is_started_again() -> None:
    failed = container("setup", state="exited", exit_code=3, health=None)

    assert plan_containers(spec_of(a=SETUP), (failed,), IMAGE_IDS).lines() == ("start     setup  exited with 3",)


def test_an_image_that_has_to_be_made_first_makes_its_container_anew() -> None:
    plan = plan_containers(spec_of(a=MYSQL), (container("mysql"),), {"image:1": None})

    assert plan.lines() == ("recreate  mysql  image:1 is not here yet",)


def test_named_services_bring_what_they_need_and_nothing_else() -> None:
    plan = plan_containers(STACK, (), IMAGE_IDS, only=["booking"])

    assert [action.service for action in plan.actions] == ["mysql", "setup", "booking"]


def test_the_digest_that_compose_noted_counts_as_well() -> None:
    """The engine's containerd image store names the image of a container by another digest than the reference."""
    labels = {LABEL_HASH: "h1", LABEL_IMAGE: "sha256:one"}

    assert plan_containers(
        spec_of(a=MYSQL), (container("mysql", image_id="sha256:manifest", labels=labels),), IMAGE_IDS
    ).is_empty


def test_orphans_are_told_and_removed_only_on_request() -> None:
    containers = (*ALL, container("old"))

    told = plan_containers(STACK, containers, IMAGE_IDS)
    removed = plan_containers(STACK, containers, IMAGE_IDS, remove_orphans=True)

    assert told.is_empty
    assert not removed.is_empty
    assert told.lines()[-1] == "orphaned  old      is not in the stack any more"
    assert removed.lines()[-1] == "remove    old      is not in the stack any more"


def test_what_compose_run_made_belongs_to_no_service() -> None:
    assert find_drift(STACK, (*ALL, container("booking", id="x", one_off=True)), IMAGE_IDS) == ()


def test_what_an_interrupted_replacement_left_behind_is_removed() -> None:
    """Killed between making the new container beside the old one and giving it the old one's name."""
    half = container("mail", id="new", name="0123456789ab_shop-mail-1", state="created", health=None)

    plan = plan_containers(STACK, (*ALL, half), IMAGE_IDS)

    assert not plan.is_empty
    assert plan.lines()[-1] == "remove    0123456789ab_shop-mail-1  was left behind by an interrupted start"
    assert plan_containers(STACK, (*ALL[:3], half), IMAGE_IDS).lines()[3] == "create    mail     has no container"


def test_of_two_containers_the_running_one_counts() -> None:
    stopped = container("mail", id="other", state="exited")

    assert plan_containers(STACK, (*ALL, stopped), IMAGE_IDS).is_empty
    assert plan_containers(STACK, (stopped, *ALL), IMAGE_IDS).is_empty


def test_each_kind_of_drift_is_named() -> None:
    containers = (container("mysql", labels={}), container("mail", image_id="sha256:old"), container("old"), ALL[1])

    drifts = find_drift(STACK, containers, IMAGE_IDS)

    assert [(drift.service, drift.kind) for drift in drifts] == [
        ("mysql", "changed"),
        ("booking", "missing"),
        ("mail", "other image"),
        ("old", "orphaned"),
    ]
