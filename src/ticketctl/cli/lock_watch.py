"""`ticketctl lock watch`: what happens to locks, as it happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import Invocation, Json, run_of
from ticketctl.cli.lock import Namespace, Pattern, Prefix, check, connected, wanted
from ticketctl.errors import BackendUnreachableError

if TYPE_CHECKING:
    from ticketctl.cli.render.lock_watch import Change
    from ticketctl.locks.inspection import HeldLock

    Look = Callable[[], Mapping[str, HeldLock]]

_RECENT = 8
"""Changes that stand below the table."""


@dataclass(frozen=True, slots=True)
class _Round:
    at: datetime
    locks: Mapping[str, HeldLock]
    changes: list[Change]


def watch(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Locks; all that are held when none is named.")
    ] = None,
    *,
    prefix: Prefix = None,
    pattern: Pattern = None,
    interval: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="Pause between two looks.")] = 1.0,
    namespace: Namespace = "lock",
    json: Json = False,
) -> None:
    """Show who gets which lock and how many wait, until Ctrl-C.

    On a terminal it is a table with the last changes; elsewhere a line for each change, with --json one of JSON. Redis
    is asked again and again: what begins and ends between two looks is not seen. Being stopped is how it ends: exit 0.

    Examples:
      ticketctl lock watch
      ticketctl lock watch checkout:42 report:today --interval 0.5
      ticketctl lock watch --prefix checkout: --json
    """
    run = run_of(ctx, json=json)
    matching, named = wanted(prefix, pattern), tuple(dict.fromkeys(names or ()))
    if named and matching != "*":
        raise typer.BadParameter("name the locks, or say --prefix or --pattern")
    check(namespace, *named)
    show = _json_lines if run.json else _live if run.console.is_terminal else _lines
    try:
        with connected(run) as redis:
            from ticketctl.infra.redis import translating
            from ticketctl.locks import inspection

            def look() -> dict[str, HeldLock]:
                with translating(run.endpoints.redis):
                    if named:
                        found = iter(inspection.look_at(redis, named, namespace=namespace))
                    else:
                        found = inspection.find(redis, namespace=namespace, pattern=matching)
                    return {lock.name: lock for lock in found}

            show(run, _rounds(look, named, interval), interval)
    except KeyboardInterrupt:
        return


def _rounds(look: Look, named: tuple[str, ...], interval: float) -> Iterator[_Round]:
    """Look again and again; a server that does not answer for a while is said, and waited for."""
    from ticketctl.cli.render.lock_watch import Change, changes

    before, silent = look(), False
    yield _Round(datetime.now().astimezone(), before, changes(None, before, named))
    while True:
        time.sleep(interval)
        try:
            now = look()
        except BackendUnreachableError as error:
            happened = [] if silent else [Change("unreachable", error=error)]
            silent = True
        else:
            happened = [*([Change("reachable")] if silent else []), *changes(before, now, named)]
            before, silent = now, False
        yield _Round(datetime.now().astimezone(), before, happened)


def _live(run: Invocation, rounds: Iterator[_Round], interval: float) -> None:
    from rich.live import Live
    from rich.text import Text

    from ticketctl.cli.render.lock_watch import change_line, screen

    recent: deque[str] = deque(maxlen=_RECENT)
    with Live(Text("looking ..."), console=run.console, auto_refresh=False) as display:
        for seen in rounds:
            recent += [change_line(change, seen.at) for change in seen.changes]
            footer = f"{seen.at:%H:%M:%S}, again in {interval:g} s; Ctrl-C ends"
            height = run.console.height
            display.update(screen(list(seen.locks.values()), recent, footer, height), refresh=True)


def _lines(run: Invocation, rounds: Iterator[_Round], interval: float) -> None:  # noqa: ARG001  # one kind of show
    from ticketctl.cli.render.lock_watch import change_line

    for seen in rounds:
        for change in seen.changes:
            run.console.out(change_line(change, seen.at), highlight=False)


def _json_lines(run: Invocation, rounds: Iterator[_Round], interval: float) -> None:  # noqa: ARG001  # one kind of show
    from ticketctl.cli.render.lock_watch import change_json

    for seen in rounds:
        for change in seen.changes:
            run.console.out(change_json(change, seen.at), highlight=False)
