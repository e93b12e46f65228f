"""What is done for an engine, for each machine that may be met: asserted on the printed plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ticketctl.errors import EnginePermissionError, EngineUnavailableError, HostSetupError
from ticketctl.provision.host.model import SYSTEM_ENGINE, Distribution, HostState, PidFile
from ticketctl.provision.host.plan import plan_engine

DEBIAN = Distribution("debian", frozenset({"debian"}), "Debian GNU/Linux 12 (bookworm)")
FEDORA = Distribution("fedora", frozenset({"fedora"}), "Fedora Linux 42")
BARE = HostState(
    "silent",
    "unix:///var/run/docker.sock",
    detail="No such file or directory",
    distribution=DEBIAN,
    privilege="root",
    user="sam",
)
INSTALLED = replace(BARE, program="/usr/sbin/dockerd")


def steps_of(state: HostState) -> list[str]:
    return [str(step) for step in plan_engine(state).steps]


def test_an_engine_that_answers_is_left_alone_whatever_else_is_seen() -> None:
    state = replace(
        INSTALLED,
        answer="answers",
        detail="28.2.2",
        engine_pid=PidFile(SYSTEM_ENGINE.pid_file, 4711, ""),
    )

    plan = plan_engine(state)

    assert plan.steps == ()
    assert plan.lines() == ("Docker Engine 28.2.2 answers at unix:///var/run/docker.sock",)


def test_on_a_bare_machine_the_distributions_engine_is_installed_and_started() -> None:
    assert plan_engine(BARE).lines() == (
        "no Docker Engine is installed on Debian GNU/Linux 12 (bookworm)",
        "  1. install docker.io, iptables with apt-get",
        "  2. start the engine, if it does not run yet: dockerd in a session of its own, "
        "log in /var/log/ticketctl-dockerd.log",
        "  3. wait until unix:///var/run/docker.sock answers",
    )


def test_who_installs_it_by_sudo_is_admitted_to_it() -> None:
    steps = steps_of(replace(BARE, privilege="sudo"))

    assert steps[2] == "make sam a member of the docker group (who may use the engine can act as root)"


def test_an_engine_whose_installation_was_killed_is_installed_to_the_end() -> None:
    plan = plan_engine(replace(INSTALLED, half_installed=True))

    assert plan.reason == "only half of the Docker Engine is installed on Debian GNU/Linux 12 (bookworm)"
    assert str(plan.steps[0]) == "install docker.io, iptables with apt-get"


def test_a_stopped_engine_is_started_by_systemd_where_there_is_one() -> None:
    assert steps_of(replace(INSTALLED, systemd=True)) == [
        "start the engine, if it does not run yet: systemctl start docker",
        "wait until unix:///var/run/docker.sock answers",
    ]


def test_pid_files_of_a_killed_engine_are_removed_before_it_is_started() -> None:
    state = replace(
        INSTALLED,
        engine_pid=PidFile(SYSTEM_ENGINE.pid_file, 4711, ""),
        containerd_pid=PidFile(SYSTEM_ENGINE.containerd_pid_file, 4712, "nginx"),
    )

    assert steps_of(state)[:2] == [
        "remove /var/run/docker.pid: its process 4711 is gone",
        "remove /var/run/docker/containerd/containerd.pid: its process 4712 is gone",
    ]


def test_the_pid_file_of_a_living_containerd_stays() -> None:
    state = replace(INSTALLED, containerd_pid=PidFile(SYSTEM_ENGINE.containerd_pid_file, 4712, "containerd"))

    assert not any("remove" in step for step in steps_of(state))


def test_the_socket_of_a_killed_containerd_goes_unless_systemd_brings_that_back() -> None:
    state = replace(INSTALLED, dead_socket=SYSTEM_ENGINE.containerd_socket)

    assert steps_of(state)[0] == "remove /run/containerd/containerd.sock: nobody listens there"
    assert not any("remove" in step for step in steps_of(replace(state, systemd=True)))


def test_an_engine_that_is_just_starting_is_waited_for() -> None:
    state = replace(INSTALLED, engine_pid=PidFile(SYSTEM_ENGINE.pid_file, 4711, "dockerd"))

    assert steps_of(state) == ["wait until unix:///var/run/docker.sock answers"]


def test_an_unreadable_pid_file_is_removed() -> None:
    state = replace(INSTALLED, engine_pid=PidFile(Path("/var/run/docker.pid"), None, ""))

    assert "remove /var/run/docker.pid: its process (unreadable) is gone" in steps_of(state)


@pytest.mark.parametrize("systemd", [True, False])
def test_an_engine_that_this_user_may_not_start_is_left_to_somebody_who_may(systemd: bool) -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        plan_engine(replace(INSTALLED, privilege="none", systemd=systemd))

    assert ("systemctl start docker" in caught.value.next_step) is systemd
    assert caught.value.next_step.startswith("`sudo ")


@pytest.mark.parametrize("source", ["DOCKER_HOST", "context lab"])
def test_an_engine_elsewhere_is_never_started(source: str) -> None:
    state = replace(INSTALLED, own=False, source=source, address="tcp://10.0.0.7:2376", detail="Connection refused")

    with pytest.raises(EngineUnavailableError) as caught:
        plan_engine(state)

    assert source in caught.value.why
    assert "start that engine" in caught.value.next_step


def test_on_a_desktop_its_own_application_is_started_by_hand() -> None:
    with pytest.raises(EngineUnavailableError, match="no Docker Engine answers") as caught:
        plan_engine(replace(BARE, system="Darwin"))

    assert "Docker Desktop" in caught.value.next_step


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (replace(BARE, distribution=FEDORA), "with this system's own tools"),
        (replace(BARE, privilege="none"), "`sudo apt-get install --no-install-recommends docker.io iptables`"),
    ],
    ids=["no apt", "no root"],
)
def test_where_nothing_can_be_installed_it_says_what_to_do(state: HostState, said: str) -> None:
    with pytest.raises(HostSetupError, match="no Docker Engine is installed") as caught:
        plan_engine(state)

    assert said in caught.value.next_step
    assert "DOCKER_HOST" in caught.value.next_step


@pytest.mark.parametrize(
    ("member", "said"),
    [(True, "log out and in again"), (False, "`sudo usermod -aG docker sam` and log in again")],
)
def test_a_refused_user_learns_how_to_be_admitted(member: bool, said: str) -> None:
    with pytest.raises(EnginePermissionError) as caught:
        plan_engine(replace(INSTALLED, answer="refused", member=member))

    assert caught.value.next_step.startswith(said)
