"""Options and arguments that need no pydantic: importing it takes longer than most commands have to do.

Typer converts what was given by pydantic, also text to text and nothing to nothing. What is not such
a simple case is left to it, and so is everything should a later Typer ask in another way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from typer.core import TyperCommand, TyperGroup


def read_lightly(command: TyperCommand | TyperGroup) -> None:
    """Let the parameters of a command be converted by pydantic only where something is to be converted.

    Args:
        command: It, with its parameters.
    """
    for parameter in command.get_params(typer.Context(command)):  # with --help, which is kept from then on
        if hasattr(parameter, "get_runtime_param"):
            parameter.get_runtime_param = _Light(parameter.get_runtime_param)


class _Light:
    """Takes the place of a parameter's conversion."""

    def __init__(self, thorough: Callable[[], Any]) -> None:
        self._thorough = thorough

    def __call__(self) -> _Light:
        return self

    def coerce(self, value: object, param: Any, ctx: object) -> object:  # noqa: ANN401  # its class is private to typer
        """Return what was given as what the command takes.

        Args:
            value: What was given, or the default.
            param: The parameter.
            ctx: The context of the command.
        """
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        annotation = param.type_descriptor.annotation
        if several and annotation == list[str] and isinstance(value, tuple | list):
            return [str(one) for one in value]
        if not several and type(value) is annotation and (annotation is str or value == param.default):
            return value
        return self._thorough().coerce(value, param=param, ctx=ctx)
