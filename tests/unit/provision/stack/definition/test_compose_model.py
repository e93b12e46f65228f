import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from projects import project_of, this_project
from ticketctl.provision.stack.definition.compose_model import compose_model
from ticketctl.provision.stack.definition.render import render_compose
from ticketctl.settings.model import Project

TOPOLOGIES = ("single", "split")
BACKENDS = ("mysql", "redis", "elasticsearch")


def model_of(project: Project) -> Any:  # nested plain values
    return compose_model(project.settings)


def services_of(**environ: str) -> Any:  # nested plain values
    return model_of(this_project(**environ))["services"]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_every_container_has_no_rights_a_limit_and_a_way_to_be_judged(topology: str) -> None:
    services = services_of(TICKETCTL_MYSQL__TOPOLOGY=topology)

    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["init"] is True, name
        assert not service["user"].startswith(("0", "root")), name
        assert re.fullmatch(r"[1-9][0-9]*[kmg]", service["mem_limit"]), name
        assert service["healthcheck"], name
        assert "start_interval" not in service["healthcheck"], name
        assert service["labels"]["ticketctl.service"] == name
        assert service["restart"] == ("no" if name == "elasticsearch-setup" else "unless-stopped")


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_ports_are_on_loopback_only(topology: str) -> None:
    services = services_of(TICKETCTL_MYSQL__TOPOLOGY=topology)
    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert len(ports) == len(services) - 1
    assert all(port.startswith("127.0.0.1:${") for port in ports)
    assert not any(network.get("internal") for network in model_of(this_project())["networks"].values())


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_no_password_stands_in_an_environment_or_a_command(topology: str) -> None:
    for name, service in services_of(TICKETCTL_MYSQL__TOPOLOGY=topology).items():
        for variable, value in service.get("environment", {}).items():
            assert "PASSWORD" not in variable or value.startswith("/run/secrets/"), name
        assert "PASSWORD" not in " ".join(service.get("command", [])), name


def test_split_topology_makes_a_server_for_each_database() -> None:
    model = model_of(this_project(TICKETCTL_MYSQL__TOPOLOGY="split"))
    services = model["services"]

    assert [name for name in services if name.startswith("mysql")] == [
        "mysql-events",
        "mysql-inventory",
        "mysql-bookings",
    ]
    assert services["booking"]["depends_on"]["mysql-bookings"] == {"condition": "service_healthy"}
    assert services["booking"]["environment"]["MYSQL_BOOKINGS_HOST"] == "mysql-bookings"
    assert {"mysql-events-data", "mysql-inventory-data", "mysql-bookings-data"} <= set(model["volumes"])
    secrets = [secret["source"] for secret in services["mysql-bookings"]["secrets"]]
    assert "service_booking_password" in secrets
    assert "service_events_password" not in secrets


def test_a_service_of_the_team_brings_its_own_image_and_its_own_check(tmp_path: Path) -> None:
    project = project_of(
        tmp_path,
        "services:\n  web: {description: x, language: go, port: 80, image: 'team/web:1', ready_path: /ready}\n",
    )
    service = model_of(project)["services"]["web"]

    assert service["image"] == "team/web:1"
    assert "healthcheck" not in service
    assert "build" not in service
    assert service["labels"]["ticketctl.ready-path"] == "/ready"


def test_a_service_is_given_only_its_own_password() -> None:
    for name, service in services_of().items():
        if name in BACKENDS or name == "elasticsearch-setup":
            continue
        sources = {secret["source"] for secret in service.get("secrets", [])}
        assert sources <= {f"service_{name.replace('-', '_')}_password"}


def test_what_differs_between_checkouts_is_a_variable_with_a_default() -> None:
    text = render_compose(this_project().settings).split("\nconfigs:\n")[0]
    variables = re.findall(r"(?<!\$)\$\{([^}]*)\}", text)

    assert variables
    assert all(":-" in variable for variable in variables)


def test_the_text_is_the_same_each_time_and_says_what_the_model_says() -> None:
    settings = this_project().settings
    text = render_compose(settings)

    assert text == render_compose(settings)
    assert "&id" not in text
    assert yaml.safe_load(text) == compose_model(settings)


def test_limits_of_the_settings_arrive(tmp_path: Path) -> None:
    project = project_of(tmp_path, limits="{mysql: 2g, redis: 100m, elasticsearch_heap: 1g, elasticsearch: 2g}")
    services = model_of(project)["services"]

    assert "--innodb-buffer-pool-size=512M" in services["mysql"]["command"]
    assert services["redis"]["command"][-1] == "60mb"
    assert services["elasticsearch"]["environment"]["ES_JAVA_OPTS"] == "-Xms1g -Xmx1g"
    assert services["elasticsearch"]["mem_limit"] == "2g"


def test_fixed_ports_and_images_are_the_defaults(tmp_path: Path) -> None:
    project = project_of(tmp_path, ports="{fixed: {redis: 7000}}", images="{redis: 'valkey:9'}")
    redis = model_of(project)["services"]["redis"]

    assert redis["ports"] == ["127.0.0.1:${REDIS_PORT:-7000}:6379"]
    assert redis["image"] == "${REDIS_IMAGE:-valkey:9}"
