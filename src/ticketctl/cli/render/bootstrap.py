"""What a bootstrap leaves on the screen and in files: where everything is, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ticketctl.cli.render.ci import junit_xml, write_step_summary
from ticketctl.cli.render.columns import columns
from ticketctl.cli.render.plain import to_json
from ticketctl.provision.bootstrap import BootstrapReport

if TYPE_CHECKING:
    from ticketctl.cli.invocation import Invocation

JUNIT_FILE = Path("ticketctl-bootstrap.xml")
JSON_FILE = Path("ticketctl-bootstrap.json")


def write_reports(report: BootstrapReport, *, ci: bool, junit: Path | None, environ: Mapping[str, str]) -> None:
    """Write what a CI system picks up.

    Args:
        report: The report.
        ci: Whether `--ci` was given.
        junit: Where the JUnit XML goes, None for the usual place with `ci`, else nowhere.
        environ: The environment.
    """
    target = junit or (JUNIT_FILE if ci else None)
    if target is not None:
        target.write_text(junit_xml(report), encoding="utf-8")
    if ci:
        JSON_FILE.write_text(to_json(report) + "\n", encoding="utf-8")
        write_step_summary(report, environ)


def bootstrap_text(report: BootstrapReport, run: Invocation) -> str:
    """Return the table of endpoints with what to do next.

    Args:
        report: The report.
        run: The invocation, for project and endpoints.
    """
    done = "everything is up" if report.changed else "everything was up already; nothing changed"
    lines = [*columns(list(_places(run))), "", f"{done if report.ok else 'not everything is healthy'}"]
    if run.project.settings.runtime == "docker":
        lines.append(f"passwords: {_relative(run.project.env_file)} (only you can read it)")
    lines.append("next: ticketctl status, health, index search, migrate status, logs, down; `--help` shows more")
    return "\n".join(lines)


def _places(run: Invocation) -> Iterator[tuple[str, str, str]]:
    endpoints, settings = run.endpoints, run.project.settings
    for key, endpoint in endpoints.mysql.items():
        yield f"MySQL {endpoint.database or key}", endpoint.address, f"account {endpoint.user}"
    yield "Redis", endpoints.redis.address, f"account {endpoints.redis.user}"
    search = endpoints.elasticsearch
    yield "Elasticsearch", f"{search.url}/{settings.search.alias}", f"account {search.user}"
    if settings.runtime == "docker":
        from ticketctl.provision.stack.endpoints import service_urls

        for name, url in service_urls(run.project).items():
            yield name, url, settings.services[name].description


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
