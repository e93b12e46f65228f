"""Do the services say of themselves that they are ready? Asked over their published ports."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ticketctl.errors import BackendUnreachableError
from ticketctl.provision.health.model import Finding, fail, ok
from ticketctl.provision.health.target import Check, Target
from ticketctl.provision.stack.endpoints import LOOPBACK
from ticketctl.provision.stack.env_file import EnvFile
from ticketctl.provision.stack.variables import port_variable
from ticketctl.settings.model import Project

BACKEND = "service"
ANSWER_SECONDS = 5.0
_MOST_READ = 64 * 1024
_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered.

    Attributes:
        service: Its name.
        address: What was asked.
        status: HTTP status.
        text: The body, shortened, or what of it says why.
        lacking: Dependencies that it says do not answer.
    """

    service: str
    address: str
    status: int
    text: str
    lacking: tuple[str, ...] = ()


def service_targets(project: Project, env: EnvFile) -> tuple[Target[Answer], ...]:
    """Return the checks of the services that the stack runs.

    Args:
        project: The project.
        env: Its ports.

    Raises:
        EnvFileError: A port is missing.
    """
    return tuple(
        service_target(name, env.port(port_variable(name)), service.ready_path)
        for name, service in project.settings.services.items()
    )


def service_target(name: str, port: int, ready_path: str) -> Target[Answer]:
    """Return the checks of one service.

    Args:
        name: Its name.
        port: Its published port.
        ready_path: What to ask.
    """

    @contextmanager
    def opened() -> Iterator[Answer]:
        yield _ask(name, port, ready_path)

    return Target("service", name, f"{LOOPBACK}:{port}{ready_path}", "", opened, (Check("ready", ready),))


def ready(answer: Answer) -> Finding:
    """Is the answer 200?"""
    if answer.status == http.HTTPStatus.OK:
        return ok(answer.address)
    said = f"HTTP {answer.status}{f': {answer.text}' if answer.text else ''}"
    if answer.lacking:
        return fail(said, f"follows from {', '.join(answer.lacking)}: look there first")
    return fail(said, f"`ticketctl logs {answer.service}`")


def _ask(name: str, port: int, path: str) -> Answer:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        text, lacking = _explained(response.read(_MOST_READ))
        return Answer(name, f"http://{LOOPBACK}:{port}{path}", response.status, text, lacking)
    except (OSError, http.client.HTTPException) as error:
        raise BackendUnreachableError(
            f"{name} does not answer at {LOOPBACK}:{port}",
            backend=BACKEND,
            why=f"{type(error).__name__}: {error}".removesuffix(": "),
            next_step=f"`ticketctl status` shows whether it runs, `ticketctl logs {name}` why it does not",
        ) from error
    finally:
        connection.close()


def _explained(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return what a body says, and the dependencies that a placeholder lacks.

    A service of the team's own says in its own way what is wrong; that is shown as it is.
    """
    text = body.decode("utf-8", "replace").strip()
    try:
        document = json.loads(text)
    except ValueError:
        return text[:_MOST_SHOWN], ()
    dependencies = document.get("dependencies") if isinstance(document, Mapping) else None
    if not isinstance(dependencies, list):
        return text[:_MOST_SHOWN], ()
    lacking = [item for item in dependencies if isinstance(item, Mapping) and item.get("status") != "ok"]
    said = "; ".join(f"{item.get('name')} is {item.get('status')} ({item.get('detail')})" for item in lacking)
    return (said or text)[:_MOST_SHOWN], tuple(str(item.get("name")) for item in lacking)
