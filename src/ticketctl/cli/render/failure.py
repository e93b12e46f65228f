"""An error on one screen."""

from __future__ import annotations

import sys

from ticketctl.errors import TicketctlError


def print_error(error: TicketctlError) -> None:
    """Print a known error to standard error: what, why, what to do next.

    Args:
        error: The error.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    console.print(Text.assemble((f"{error.code} ", "bold red"), (error.what, "bold")))
    for line in error.why.splitlines():
        console.print(Text(f"  {line}"))
    if error.next_step:
        console.print(Text.assemble(("  next: ", "bold cyan"), error.next_step))
