"""A tree of commands in which each is imported when it is asked for, so that a command starts quickly."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from ticketctl.cli.parameters import read_lightly

_FORM: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}


@dataclass(frozen=True, slots=True)
class Group:
    """Commands under a common name.

    Attributes:
        help: What they are about.
        places: Where each command is, as `module:function` within `ticketctl.cli`, in the order of `--help`.
    """

    help: str
    places: Mapping[str, str | Group]


def root(group: Group, name: str, options: Callable[..., None]) -> TyperGroup:
    """Return the whole tree as a command.

    Args:
        group: What is in it.
        name: The program's name.
        options: Takes the options that every command shares.
    """
    return _group(group, name, options, add_completion=True)


def _group(group: Group, name: str, options: Callable[..., None], *, add_completion: bool = False) -> TyperGroup:
    app = typer.Typer(name=name, help=group.help, no_args_is_help=True, add_completion=add_completion, **_FORM)
    app.callback()(options)
    made = cast("TyperGroup", typer.main.get_command(app))
    # The group asks it for the names and for the one command that is run; `--help` asks for all of them.
    made.commands = cast("MutableMapping[str, Any]", _Commands(group.places))
    read_lightly(made)
    return made


class _Commands(Mapping[str, TyperCommand | TyperGroup]):
    def __init__(self, places: Mapping[str, str | Group]) -> None:
        self._places = places
        self._made: dict[str, TyperCommand | TyperGroup] = {}

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in self._made:
            place = self._places[name]
            self._made[name] = _group(place, name, _no_options) if isinstance(place, Group) else _command(place, name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _no_options() -> None:
    pass


def _command(place: str, name: str) -> TyperCommand:
    module, _, function = place.partition(":")
    run = getattr(import_module(f"ticketctl.cli.{module}"), function)
    app = typer.Typer(add_completion=False, **_FORM)
    app.command(name, help=_with_examples(run.__doc__))(run)
    made = cast("TyperCommand", typer.main.get_command(app))
    read_lightly(made)
    return made


def _with_examples(text: str | None) -> str:
    """Keep the lines of an `Examples:` section as they stand; help text is reflowed otherwise."""
    # Python 3.13 takes the indentation of docstrings off, earlier ones leave it.
    return inspect.cleandoc(text or "").replace("\n\nExamples:", "\n\n\b\nExamples:")
