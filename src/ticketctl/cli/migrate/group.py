"""`ticketctl migrate`: the group, and what its commands share."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The schemas: apply migrations, see what is pending, roll back.", no_args_is_help=True)

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="DATABASE", help="Only this database of ticketctl.yaml; may be repeated."),
]
LockTimeout = Annotated[
    float, typer.Option("--lock-timeout", metavar="SECONDS", min=0, help="How long to wait for another run.")
]
AllowLate = Annotated[
    bool, typer.Option("--allow-late", help="Run migrations that belong before one that is applied already.")
]
Database = Annotated[str, typer.Argument(metavar="DATABASE", help="A database of ticketctl.yaml.")]

RESUMABLE = (
    "interrupted; the server finishes the statement that it has begun, and the same command goes on from there\n"
)
