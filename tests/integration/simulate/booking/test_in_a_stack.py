"""The image of the example takes the placeholder's place in a stack, by what the documentation says."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from integration.eventually import eventually
from integration.servers import docker
from integration.simulate.booking.box_office import EXAMPLE
from live_stack import LiveStack
from ticketctl.errors import BookingServiceError
from ticketctl.provision.stack.env_file import require_env
from ticketctl.simulate.diary import Request
from ticketctl.simulate.http_shop import HttpShop, check_service

pytestmark = pytest.mark.integration
IMAGE = "ticketctl/example-booking"
OF_THE_ENGINE = {
    *("/run", "/run/secrets", "/run/secrets/service_booking_password"),
    *("/usr", "/usr/sbin", "/usr/sbin/docker-init"),
}
"""What the engine itself adds to a container."""


@pytest.fixture(scope="module")
def image() -> str:
    """The image, built from this checkout."""
    done = subprocess.run([EXAMPLE / "build.sh", f"{IMAGE}:latest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return IMAGE


@pytest.fixture(scope="module")
def live(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """A stack with the service, and what that needs, in it; migrated, with an event."""
    settings = {
        "TICKETCTL_SERVICES__BOOKING__IMAGE": image,
        "TICKETCTL_SERVICES__BOOKING__DATABASES": "bookings,events,inventory",
        "TICKETCTL_SERVICES__BOOKING__DEPENDS_ON": "redis",
    }
    stack = LiveStack.create(tmp_path_factory.mktemp("booking-stack"), f"booking-{uuid.uuid4().hex[:6]}", settings)
    try:
        up = stack.start("up", "booking", timeout=300)
        assert up.returncode == 0, up.stdout + up.stderr
        assert "fetching" not in up.stdout + up.stderr
        stack.run("migrate", "apply")
        stack.run("seed", "--seats", "200")
        yield stack
    finally:
        stack.remove()


def container(live: LiveStack) -> str:
    env = require_env(live.project.env_file)
    return f"{env.values['COMPOSE_PROJECT_NAME']}-booking-1"


def address(live: LiveStack) -> str:
    env = require_env(live.project.env_file)
    return f"http://127.0.0.1:{env.values['BOOKING_PORT']}"


def test_it_is_healthy_and_sells_seats_through_its_published_port(live: LiveStack) -> None:
    url = address(live)
    # Most services of the stack are not there, so as a whole it is not healthy.
    states = {service["service"]: service for service in json.loads(live.start("status", "--json").stdout)["services"]}
    assert (states["booking"]["image"], states["booking"]["phase"]) == (IMAGE, "ready")
    assert httpx.get(f"{url}/health/ready").json()["status"] == "ready"
    (event,) = eventually(lambda: httpx.get(f"{url}/events").json()["events"], len)
    assert date.fromisoformat(event["date"][:10]) > date(2024, 1, 1)
    check_service(url, event["event"])
    with HttpShop(url, event["event"], 30.0) as shop:
        assert len(shop.free()) == 200
        request = Request(str(uuid.uuid4()), "anna", (), 2)
        held = shop.hold(request)
        assert (held.what, len(held.seat_ids)) == ("held", 2)
        assert shop.pay(request, held.seat_ids, 0).what == "confirmed"
        eventually(lambda: len(shop.free()), (198).__eq__)
    assert "Choose your seats" in httpx.get(url).text
    assert "confirmed" in live.run("reservations", "audit", str(held.seat_ids[0]))


def test_it_runs_without_rights_and_writes_nothing_to_its_disk(live: LiveStack) -> None:
    name = container(live)
    assert docker("inspect", "--format", "{{.Config.User}} {{.HostConfig.CapDrop}}", name) == "10001:10001 [ALL]"
    assert {line.split()[1] for line in docker("diff", name).splitlines()} <= OF_THE_ENGINE
    env = require_env(live.project.env_file)
    password = env.secret("SERVICE_BOOKING_PASSWORD").reveal()
    assert password not in docker("logs", name)
    assert password not in docker("inspect", name)


def test_a_placeholder_is_not_taken_for_it(live: LiveStack) -> None:
    live.run("up", "events")
    env = require_env(live.project.env_file)
    with pytest.raises(BookingServiceError, match="is a placeholder"):
        check_service(f"http://127.0.0.1:{env.values['EVENTS_PORT']}", 1)


def test_it_ends_in_good_order_within_its_time(live: LiveStack) -> None:
    name = container(live)
    docker("stop", "--time", "10", name)
    assert docker("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", name) == "0 false"
    docker("start", name)
    eventually(lambda: _status(f"{address(live)}/health/ready"), (200).__eq__, 30)


def test_the_image_has_no_certificates_of_the_building_host_and_no_tools(image: str) -> None:
    listed = docker("run", "--rm", "--read-only", "--cap-drop", "ALL", image, "sh", "-c", "ls /tmp /opt/booking/bin")
    assert "host-ca" not in listed
    assert "pip" not in listed
    labels = json.loads(docker("image", "inspect", image))[0]
    assert labels["Config"]["User"] == "10001:10001"
    assert labels["Size"] < 260_000_000
    assert not any("PASSWORD" in value for value in labels["Config"]["Env"])


def _status(url: str) -> int:
    try:
        return httpx.get(url).status_code
    except httpx.TransportError:
        return 0
