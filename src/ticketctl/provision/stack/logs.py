"""What the services print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ticketctl.infra.compose import find_compose
from ticketctl.infra.docker import connect_engine
from ticketctl.provision.stack.env_file import read_env
from ticketctl.provision.stack.observe import compose_environ, compose_project, env_values
from ticketctl.provision.stack.redact import redactor
from ticketctl.provision.stack.variables import is_secret
from ticketctl.settings.model import Project


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a container printed.

    Attributes:
        service: The service, empty for a remark of Compose itself.
        text: The line, passwords taken out.
    """

    service: str
    text: str


def stream_logs(
    project: Project,
    *,
    environ: Mapping[str, str],
    services: Sequence[str] = (),
    tail: int | None = 100,
    follow: bool = False,
    since: str = "",
    on_line: Callable[[LogLine], None],
) -> None:
    """Hand over the lines of the services' logs, in order of time within each service.

    Args:
        project: The project.
        environ: The environment.
        services: Services to read; none for all.
        tail: Lines of each service; None for all.
        follow: Go on until interrupted.
        since: Only lines after this: a time (RFC 3339) or an age (`10m`); empty for all.
        on_line: Called with each line, from another thread.

    Raises:
        EngineUnavailableError: No engine answers.
        ComposeNotFoundError: There is no Compose binary.
        ComposeError: Compose failed.
    """
    values = env_values(read_env(project.env_file))
    redact = redactor(value for name, value in values.items() if is_secret(name))
    connect_engine(environ).close()  # says more than Compose when there is none
    arguments = ["logs", "--no-color", "--tail", "all" if tail is None else str(tail)]
    arguments += ["--follow"] if follow else []
    arguments += ["--since", since] if since else []
    find_compose(environ).run(
        [*arguments, *services],
        project=compose_project(project, values),
        file=None,
        env=compose_environ(environ, values),
        on_line=lambda line: on_line(parse_line(redact(line))),
    )


def parse_line(line: str) -> LogLine:
    """Split a line of `docker compose logs`: `booking-1  | text`."""
    head, bar, text = line.partition("|")
    service, dash, number = head.strip().rpartition("-")
    return LogLine(service, text.removeprefix(" ")) if bar and dash and number.isdigit() else LogLine("", line)
