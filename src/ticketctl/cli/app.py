"""The command tree. Groups are imported here; what they drive is imported when they run."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer

from ticketctl import __version__
from ticketctl.cli import bootstrap, compose, config, doctor, engine, health, images, index, init, migrate, stack
from ticketctl.cli.invocation import Invocation

app = typer.Typer(
    name="ticketctl",
    help="The ground that high-demand ticket sales stand on: stack, migrations, search index, health.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ticketctl {__version__}")
        raise typer.Exit


@app.callback()
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


def _with_examples(text: str | None) -> str:
    """Keep the lines of an `Examples:` section as they stand; help text is reflowed otherwise."""
    # Python 3.13 takes the indentation of docstrings off, earlier ones leave it.
    return inspect.cleandoc(text or "").replace("\n\nExamples:", "\n\n\b\nExamples:")


def _register() -> None:
    """Hang every command into the tree, in the order that `--help` shows."""
    commands = (
        bootstrap.bootstrap,
        stack.up,
        stack.down,
        stack.status,
        stack.logs,
        stack.reset,
        health.health,
        doctor.doctor,
        init.init,
    )
    for command in commands:
        app.command(help=_with_examples(command.__doc__))(command)
    groups = {
        "migrate": migrate.app,
        "index": index.app,
        "images": images.app,
        "compose": compose.app,
        "engine": engine.app,
        "config": config.app,
    }
    for name, group in groups.items():
        for registered in group.registered_commands:
            registered.help = _with_examples(registered.callback.__doc__ if registered.callback else "")
        app.add_typer(group, name=name)


_register()
