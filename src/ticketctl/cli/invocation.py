"""One run of the command: what its subcommands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ticketctl.errors import ConfirmationRequiredError, ExitCode, TicketctlError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ticketctl.cli.render.events import Renderer
    from ticketctl.events import Emit
    from ticketctl.settings.endpoints import Endpoints
    from ticketctl.settings.model import Project

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, progress as JSON lines on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can be asked.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")]


def run_of(context: typer.Context, *, json: bool = False) -> Invocation:
    """Return the invocation that a subcommand belongs to.

    Args:
        context: The subcommand's context.
        json: Whether it was asked for JSON.
    """
    invocation: Invocation = context.find_root().obj
    invocation.json = json
    return invocation


class Invocation:
    """What the subcommands of one run share: project, endpoints, output.

    Args:
        environ: The process's environment.

    Attributes:
        config: The settings file named by `--config`.
        debug: Whether tracebacks of known errors are shown.
        json: Whether the result is printed as JSON.
        plain: Whether progress comes as lines even on a terminal.
        interrupted_note: What to say on Ctrl-C; features that leave something running set it.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.config: Path | None = None
        self.debug = False
        self.json = False
        self.plain = False
        self.interrupted_note = ""
        self._renderer: Renderer | None = None

    @cached_property
    def project(self) -> Project:
        """The project of `--config`, or of the working folder."""
        from ticketctl.settings.loader import find_project_file, load_project

        return load_project(find_project_file(Path.cwd(), self.environ, self.config), self.environ)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Where the backends are, by the project's runtime."""
        from ticketctl.provision.bootstrap import endpoints_of

        return endpoints_of(self.project)

    @cached_property
    def console(self) -> Console:
        """Standard output for results."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=not sys.stdout.isatty())

    @property
    def emit(self) -> Emit:
        """Where features send their progress."""
        if self._renderer is None:
            from ticketctl.cli.render.events import renderer_for

            self._renderer = renderer_for(sys.stderr, json=self.json, plain=self.plain, environ=self.environ)
        return self._renderer

    def show(self, result: object, text: Callable[[], RenderableType]) -> None:
        """Print a result: the object itself as JSON, or what `text` makes of it.

        Args:
            result: A dataclass or plain value.
            text: Called only when no JSON is wanted.
        """
        self.close()
        if self.json:
            from ticketctl.cli.render.plain import to_json

            sys.stdout.write(to_json(result) + "\n")
            return
        shown = text()
        if isinstance(shown, str):
            sys.stdout.write(shown.rstrip("\n") + "\n")
        else:
            self.console.print(shown)

    def confirm(self, question: str, *, yes: bool, consequence: str = "this deletes data") -> None:
        """Ask before something that cannot be taken back.

        Args:
            question: What will be done.
            yes: Whether `--yes` was given.
            consequence: What that means, in three words.

        Raises:
            ConfirmationRequiredError: Nobody can be asked and `yes` is not given.
        """
        self.close()
        if yes:
            return
        if self.json or not sys.stdin.isatty():
            raise ConfirmationRequiredError(
                f"{consequence}, and there is no terminal to ask at",
                why=question,
                next_step="give --yes if this is what you want",
            )
        typer.confirm(f"{question}\nGo on?", abort=True, err=True)

    def exit_failed(self, errors: Sequence[TicketctlError]) -> None:
        """End the command if parts of it failed; their errors are in the result that was shown as JSON.

        Args:
            errors: What they failed with, the worst first.
        """
        if not errors:
            return
        if not self.json:
            from ticketctl.cli.render.failure import print_error

            sys.stdout.flush()
            for error in errors:
                print_error(error)
        raise typer.Exit(errors[0].exit_code)

    def exit(self, *, ok: bool) -> NoReturn:
        """End the command: 0, or 1 for a negative answer."""
        raise typer.Exit(ExitCode.DONE if ok else ExitCode.NEGATIVE)

    def close(self) -> None:
        """Finish the progress display, so that what follows stands below it."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
