"""`ticketctl config`: what is set, and where it was set."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from ticketctl.cli.invocation import Json, run_of
from ticketctl.cli.render.columns import columns


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of `config show`."""

    key: str
    value: object
    source: str


def show(ctx: typer.Context, json: Json = False) -> None:
    """Print every setting, its value and where it came from. Passwords are masked.

    Examples:
      ticketctl config show
      TICKETCTL_MYSQL__TOPOLOGY=split ticketctl config show --json
    """
    from ticketctl.cli.render.plain import to_plain

    run = run_of(ctx, json=json)
    sources = run.project.sources
    settings = [
        Setting(key, value, sources.get(key, "default")) for key, value in _flatten((), to_plain(run.project.settings))
    ]
    run.show(settings, text=lambda: _table(settings))


def _flatten(path: tuple[str, ...], value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in _flatten((*path, key), item)]
    return [(".".join(path), value)]


def _table(settings: list[Setting]) -> str:
    return "\n".join(columns([(line.key, _shown(line.value), line.source) for line in settings]))


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "unset" if value in (None, {}) else str(value)
