"""Projects for tests that need settings and no servers."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from ticketctl.settings.loader import load_project
from ticketctl.settings.model import Project

REPOSITORY = Path(__file__).resolve().parent.parent
SMALL = """
databases:
  events: { name: events_db, migrations: migrations/events }
  bookings: { name: bookings_db, migrations: migrations/bookings }
services:
  api-gateway: { description: entry, language: python, port: 8080, depends_on: [booking] }
  booking: { description: bookings, language: python, port: 8084, databases: [bookings], depends_on: [redis] }
  indexer:
    description: index
    language: go
    port: 8088
    databases: [events]
    depends_on: [elasticsearch]
    search_access: write
  search: { description: search, language: python, port: 8086, depends_on: [elasticsearch, redis] }
"""


def project_of(folder: Path, text: str = SMALL, **extra: str) -> Project:
    """Write a `ticketctl.yaml` and load it.

    Args:
        folder: Its folder.
        text: Its text.
        extra: Further top-level sections, as YAML.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sections = "".join(f"{name}: {value}\n" for name, value in extra.items())
    path = folder / "ticketctl.yaml"
    path.write_text(dedent(text) + sections, encoding="utf-8")
    return load_project(path, {})


def this_project(**environ: str) -> Project:
    """Return the settings of the repository itself, with some of them overridden by the environment."""
    return load_project(REPOSITORY / "ticketctl.yaml", environ)
