from pathlib import Path

import pytest

from projects import project_of
from ticketctl.errors import PortUnavailableError
from ticketctl.provision.stack.ports.plan import candidate_ports, choose_ports, wanted_ports
from ticketctl.settings.model import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_of(tmp_path, ports="{block: 25000, fixed: {search: 9999}}")


def chosen(project: Project, taken: dict[int, str], remembered: dict[str, str] | None = None) -> dict[str, int]:
    choices = choose_ports(project, wanted_ports(project, remembered or {}), taken)
    return {choice.service: choice.port for choice in choices}


def test_each_service_has_its_place_in_the_block(project: Project) -> None:
    assert chosen(project, {}) == {
        "mysql": 25000,
        "redis": 25010,
        "elasticsearch": 25020,
        "api-gateway": 25030,
        "booking": 25031,
        "indexer": 25032,
        "search": 9999,
    }


def test_split_servers_have_neighbouring_ports(tmp_path: Path) -> None:
    project = project_of(tmp_path, ports="{block: 25000}", mysql="{topology: split}")
    found = chosen(project, {})

    assert (found["mysql-events"], found["mysql-bookings"]) == (25000, 25001)


def test_a_remembered_port_stays(project: Project) -> None:
    assert chosen(project, {}, {"REDIS_PORT": "6400"})["redis"] == 6400


@pytest.mark.parametrize("nonsense", ["", "x", "0", "70000", "²"])
def test_a_remembered_port_that_is_none_is_derived_anew(project: Project, nonsense: str) -> None:
    assert chosen(project, {}, {"REDIS_PORT": nonsense})["redis"] == 25010


def test_a_taken_port_is_replaced_and_the_holder_named(project: Project) -> None:
    choices = choose_ports(project, wanted_ports(project, {}), {25010: "pid 7 (nc)", 25099: "pid 8 (nc)"})
    redis = next(choice for choice in choices if choice.service == "redis")

    assert (redis.port, redis.replaced, redis.holder) == (25098, 25010, "pid 7 (nc)")
    assert redis.reason == "25010 is held by pid 7 (nc)"


def test_two_services_never_get_one_port(project: Project) -> None:
    same = {"REDIS_PORT": "25000", "MYSQL_PORT": "25000", "BOOKING_PORT": "9999"}
    found = chosen(project, {25020: "pid 7 (nc)"}, same)

    assert len(set(found.values())) == len(found)
    assert found["search"] == 9999


def test_a_fixed_port_is_never_replaced(project: Project) -> None:
    with pytest.raises(PortUnavailableError) as raised:
        chosen(project, {9999: "container shop-db-1 of Compose project shop"})

    assert raised.value.port == 9999
    assert "shop-db-1" in raised.value.holder
    assert "ports.fixed.search" in raised.value.next_step
    assert "ticketctl.yaml:" in raised.value.why


def test_a_full_block_is_an_error(project: Project) -> None:
    with pytest.raises(PortUnavailableError, match="no free port left for 'mysql'"):
        chosen(project, dict.fromkeys(range(25000, 25100), "pid 7 (nc)"))


def test_all_candidates_are_looked_at_together(project: Project) -> None:
    candidates = candidate_ports(project, wanted_ports(project, {"REDIS_PORT": "6400"}))

    assert {6400, 9999, 25000, 25099} <= candidates
    assert len(candidates) == 102
