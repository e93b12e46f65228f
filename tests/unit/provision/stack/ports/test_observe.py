import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ticketctl.provision.stack.ports.observe import PublishedPort, probe_ports

OURS = "shop-123456"


@contextmanager
def listening(address: str, *, dual: bool = False) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as server:
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
        server.bind((address, 0))
        server.listen()
        yield server.getsockname()[1]


def has_ipv6_loopback() -> bool:
    try:
        with listening("::1"):
            return True
    except OSError:
        return False


@pytest.mark.parametrize(
    ("address", "dual"),
    [("127.0.0.1", False), ("0.0.0.0", False), ("::1", False), ("::", False), ("::", True)],  # noqa: S104
)
def test_a_listener_on_loopback_or_everywhere_is_named(address: str, dual: bool) -> None:
    if address == "::1" and not has_ipv6_loopback():
        pytest.skip("the loopback of this machine has no IPv6 address, as in most containers")
    with listening(address, dual=dual) as port:
        taken = probe_ports([port], project=OURS)

    assert list(taken) == [port]
    assert taken[port].startswith(f"pid {os.getpid()} (")


def test_a_listener_on_another_address_does_not_matter() -> None:
    with listening("127.0.0.2") as port:
        assert probe_ports([port], project=OURS) == {}


def test_a_free_port_is_free() -> None:
    with listening("127.0.0.1") as port:
        pass
    assert probe_ports([port], project=OURS) == {}


def test_a_port_that_is_bound_without_listening_is_taken() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert probe_ports([port], project=OURS) == {port: "another process"}


def test_another_process_is_named_with_its_command_and_without_its_secrets() -> None:
    program = (
        "import socket, time\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "print(server.getsockname()[1], flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "--db-password=hunter2"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            holder = probe_ports([port], project=OURS)[port]
        finally:
            process.kill()

    assert holder.startswith(f"pid {process.pid} ({sys.executable} -c import socket")
    assert "hunter2" not in holder


def test_a_container_is_named_with_its_project() -> None:
    with listening("127.0.0.1") as port:
        published = [PublishedPort(port, "db-1", "other"), PublishedPort(1, "alone")]
        assert probe_ports([port, 1], project=OURS, published=published) == {
            port: "container db-1 of Compose project other",
            1: "container alone",
        }


def test_what_this_project_s_containers_publish_is_not_taken() -> None:
    with listening("127.0.0.1") as port:
        assert probe_ports([port], project=OURS, published=[PublishedPort(port, "db-1", OURS)]) == {}


def test_a_machine_that_shows_no_processes_still_answers(tmp_path: Path) -> None:
    with listening("127.0.0.1") as port:
        assert probe_ports([port], project=OURS, proc=tmp_path) == {port: "another process"}
