"""The command tree: every command, and where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ticketctl import __version__
from ticketctl.cli.invocation import Invocation
from ticketctl.cli.tree import Group, root

COMMANDS = Group(
    "The ground that high-demand ticket sales stand on: stack, migrations, search index, health.",
    {
        "bootstrap": "bootstrap:bootstrap",
        "up": "stack:up",
        "down": "stack:down",
        "status": "stack:status",
        "logs": "stack:logs",
        "reset": "stack:reset",
        "health": "health:health",
        "doctor": "doctor:doctor",
        "init": "init:init",
        "seed": "seed:seed",
        "simulate": Group("Prove it: sales under load, while servers break.", {"flash-sale": "simulate:flash_sale"}),
        "migrate": Group(
            "The schemas: apply migrations, see what is pending, roll back.",
            {
                "apply": "migrate.apply:apply",
                "plan": "migrate.look:plan",
                "status": "migrate.look:status",
                "verify": "migrate.look:verify",
                "diff": "migrate.diff:diff",
                "new": "migrate.new:new",
                "rollback": "migrate.rollback:rollback",
                "repair": "migrate.repair:repair",
                "baseline": "migrate.baseline:baseline",
            },
        ),
        "index": Group(
            "The search index: create it, look at it, search in it.",
            {"create": "index:create", "status": "index:status", "search": "index:search"},
        ),
        "lock": Group(
            "The locks of services: who holds them, who waits; break one.",
            {
                "list": "lock:list_locks",
                "show": "lock:show",
                "watch": "lock_watch:watch",
                "break": "lock:break_",
            },
        ),
        "reservations": Group(
            "Who holds which seats; does Redis agree with MySQL? Tidy.",
            {
                "status": "reservations:status",
                "holds": "reservations:holds",
                "audit": "reservations:audit",
                "reconcile": "reservations:reconcile",
                "sweep": "reservations:sweep",
            },
        ),
        "images": Group("The images of the stack.", {"list": "images:list_images", "build": "images:build"}),
        "compose": Group(
            "The generated Compose file.",
            {"render": "compose:render"},
        ),
        "engine": Group(
            "The Docker Engine of this machine.",
            {"ensure": "engine:ensure", "status": "engine:status"},
        ),
        "config": Group("The settings and where each comes from.", {"show": "config:show"}),
    },
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ticketctl {__version__}")
        raise typer.Exit


def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", help="The ticketctl.yaml to use, or its folder.", metavar="FILE")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of known errors as well.")] = False,
    version: Annotated[  # noqa: ARG001  # acts by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that every command shares."""
    invocation: Invocation = context.obj
    invocation.config = config
    invocation.debug = debug


app = root(COMMANDS, "ticketctl", options)
