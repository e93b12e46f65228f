from typing import Any

from ticketctl.infra.docker.convert import container_of, event_of, image_of, port_holders_of, volume_of
from ticketctl.infra.docker.model import EngineEvent, PortHolder, ProbeResult, PublishedPort

LABELS = {"com.docker.compose.project": "shop", "com.docker.compose.service": "mysql"}


def inspected(**more: Any) -> dict[str, Any]:
    return {
        "Id": "abc",
        "Name": "/shop-mysql-1",
        "Image": "sha256:one",
        "RestartCount": 2,
        "State": {
            "Status": "running",
            "ExitCode": 0,
            "OOMKilled": False,
            "StartedAt": "2026-01-01T00:00:00Z",
            "Health": {
                "Status": "unhealthy",
                "Log": [{"ExitCode": 0, "Output": "old"}, {"ExitCode": 1, "Output": " no \n", "End": "then"}],
            },
        },
        "Config": {"Image": "mysql:9.7", "Labels": LABELS},
        "HostConfig": {"Memory": 1024, "RestartPolicy": {"Name": "unless-stopped"}},
        "NetworkSettings": {"Ports": {"3306/tcp": [{"HostIp": "127.0.0.1", "HostPort": "20000"}], "33060/tcp": None}},
        **more,
    }


def test_a_container_is_read_whole() -> None:
    state = container_of(inspected())

    assert (state.name, state.project, state.service) == ("shop-mysql-1", "shop", "mysql")
    assert (state.state, state.health, state.restart_count) == ("running", "unhealthy", 2)
    assert state.probe == ProbeResult(1, "no", "then")
    assert state.ports == (PublishedPort("127.0.0.1", 20000, 3306),)
    assert (state.image, state.image_id, state.memory_limit) == ("mysql:9.7", "sha256:one", 1024)


def test_what_a_container_lacks_is_empty() -> None:
    bare = inspected(
        State={"Status": "created"}, Config={"Image": "x", "Labels": None}, NetworkSettings={"Ports": {}}, HostConfig={}
    )

    state = container_of(bare)

    assert (state.health, state.probe, state.ports, state.labels) == (None, None, (), {})
    assert (state.project, state.restart_policy, state.one_off) == ("", "no", False)


def test_a_stopped_container_still_says_which_ports_it_is_bound_to() -> None:
    stopped = inspected(
        NetworkSettings={"Ports": {}}, HostConfig={"PortBindings": {"3306/tcp": [{"HostIp": "", "HostPort": "20000"}]}}
    )

    assert container_of(stopped).ports == (PublishedPort("", 20000, 3306),)


def test_only_published_ports_are_held() -> None:
    entry = {
        "Names": ["/shop-mysql-1"],
        "Labels": LABELS,
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 3306, "PublicPort": 20000, "Type": "tcp"},
            {"PrivatePort": 33060, "Type": "tcp"},
        ],
    }

    assert port_holders_of(entry) == (
        PortHolder(PublishedPort("127.0.0.1", 20000, 3306), "shop-mysql-1", "shop", "mysql"),
    )


def actor(action: str, **attributes: str) -> dict[str, Any]:
    return {
        "Type": "container",
        "Action": action,
        "Actor": {"ID": "abc", "Attributes": {**LABELS, **attributes}},
        "timeNano": 7,
    }


def test_events_carry_their_facts() -> None:
    assert event_of(actor("health_status: healthy")) == EngineEvent(
        "health_status", "abc", "shop", "mysql", "healthy", None, 7
    )
    assert event_of(actor("die", exitCode="137")) == EngineEvent("die", "abc", "shop", "mysql", "", 137, 7)


def test_the_health_checks_own_noise_and_other_things_are_dropped() -> None:
    assert event_of(actor("exec_start: /bin/sh -c true")) is None
    assert event_of({**actor("create"), "Type": "network"}) is None


def test_images_and_volumes() -> None:
    image = image_of({"Id": "sha256:x", "RepoTags": ["a:1", "<none>:<none>"], "Config": {"Labels": None}, "Size": 5})

    assert (image.tags, image.labels, image.size_bytes) == (("a:1",), {}, 5)
    assert volume_of({"Name": "v", "Labels": None, "UsageData": {"Size": 9}}).size_bytes == 9
    assert volume_of({"Name": "v", "Labels": None, "UsageData": {"Size": -1}}).size_bytes is None
    assert volume_of({"Name": "v"}).size_bytes is None
