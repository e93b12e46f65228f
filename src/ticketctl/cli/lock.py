"""`ticketctl lock list|show|break`: who holds the locks of the services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ticketctl.cli.invocation import Invocation, Json, Yes, run_of

if TYPE_CHECKING:
    from redis import Redis

    from ticketctl.locks.inspection import HeldLock

Namespace = Annotated[str, typer.Option(metavar="NAME", help="What the locks' keys begin with.")]
Prefix = Annotated[str | None, typer.Option(metavar="TEXT", help="Only names that begin so.")]
Pattern = Annotated[str | None, typer.Option(metavar="GLOB", help="Only names that match, like 'report:*'.")]


def list_locks(
    ctx: typer.Context,
    *,
    prefix: Prefix = None,
    pattern: Pattern = None,
    sort: Annotated[
        Literal["name", "age", "waiting"], typer.Option(help="By name, longest held first, or most waited for first.")
    ] = "name",
    limit: Annotated[int, typer.Option(metavar="COUNT", min=1, help="How many to read at most.")] = 10_000,
    namespace: Namespace = "lock",
    json: Json = False,
) -> None:
    """List the locks that are held: by whom, how long, how many wait.

    The keys of Redis are walked through in small steps, so that nobody else waits for this.

    Examples:
      ticketctl lock list
      ticketctl lock list --prefix checkout: --sort age
      ticketctl lock list --pattern 'report:*:2026-12' --json
    """
    from itertools import islice

    from ticketctl.cli.render.lock import list_plain, list_text, ordered

    run = run_of(ctx, json=json)
    matching = wanted(prefix, pattern)
    check(namespace)
    with connected(run) as redis:
        from ticketctl.locks import inspection

        # One more than asked for tells whether there are more.
        found = list(islice(inspection.find(redis, namespace=namespace, pattern=matching), limit + 1))
    more = len(found) > limit
    locks = ordered(found[:limit], sort)
    run.show(list_plain(locks, more=more), text=lambda: list_text(locks, more=more))


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The lock.")],
    *,
    namespace: Namespace = "lock",
    json: Json = False,
) -> None:
    """Show who holds a lock, who waits, who broke it. Exit 1 if nobody holds it.

    Examples:
      ticketctl lock show checkout:42
      ticketctl lock show checkout:42 --json
    """
    from ticketctl.cli.render.lock import show_plain, show_text

    run = run_of(ctx, json=json)
    check(namespace, name)
    with connected(run) as redis:
        from ticketctl.locks import inspection

        lock = inspection.look(redis, name, namespace=namespace)
        breaks = inspection.breaks(redis, name, namespace=namespace)
    run.show(show_plain(name, lock, breaks), text=lambda: show_text(name, lock, breaks))
    run.exit(ok=lock is not None)


def break_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The lock.")],
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded with the break.")] = "",
    yes: Yes = False,
    namespace: Namespace = "lock",
    json: Json = False,
) -> None:
    """Take a lock from its holder, for the next in the queue. Asks first.

    The holder is not stopped. It learns of it when it renews or releases the lock, and its writes fail only where the
    fence is checked. Who did it is recorded. Exit 1 if nobody holds the lock, or somebody else by the time you have
    answered.

    Examples:
      ticketctl lock break checkout:42
      ticketctl lock break report:today --yes --reason "its machine is gone"
    """
    from ticketctl.cli.render.lock import break_plain, break_question, break_text

    run = run_of(ctx, json=json)
    check(namespace, name)
    seen = now = _look(run, name, namespace)
    broken = False
    if seen is not None:
        run.confirm(break_question(seen), yes=yes, consequence="this takes a lock from a holder who may be at work")
        # Connected anew: whoever was asked may have thought about it for longer than the server keeps idle connections.
        with connected(run) as redis:
            from ticketctl.locks import inspection

            broken = inspection.break_lock(redis, seen, by=_person(), reason=_encodable(reason))
            now = inspection.look(redis, name, namespace=namespace)
    run.show(break_plain(name, seen, now, broken=broken), text=lambda: break_text(name, seen, now, broken=broken))
    run.exit(ok=broken)


@contextmanager
def connected(run: Invocation) -> Iterator[Redis]:
    """Give a client of the project's Redis; what the driver raises is translated.

    Args:
        run: The invocation.
    """
    from contextlib import closing

    from ticketctl.infra.redis import connect, translating

    endpoint = run.endpoints.redis
    with closing(connect(endpoint)) as client, translating(endpoint):
        yield client


def wanted(prefix: str | None, pattern: str | None) -> str:
    """Return the pattern of the names that are asked for."""
    if prefix is None:
        return "*" if pattern is None else pattern
    if pattern is not None:
        raise typer.BadParameter("--prefix and --pattern exclude each other: write the prefix into the pattern")
    from ticketctl.locks.inspection import literal

    return f"{literal(prefix)}*"


def check(namespace: str, *names: str) -> None:
    """Turn a namespace or a name that no lock can have into a usage error, exit 2."""
    from ticketctl.locks.inspection import checked_name, checked_namespace

    try:
        checked_namespace(namespace)
        for name in names:
            checked_name(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _look(run: Invocation, name: str, namespace: str) -> HeldLock | None:
    with connected(run) as redis:
        from ticketctl.locks import inspection

        return inspection.look(redis, name, namespace=namespace)


def _person() -> str:
    """Return who types this command, where."""
    import getpass
    import os
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have them
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _encodable(text: str) -> str:
    """Return what was typed with a mark in place of bytes that are no text."""
    return text.encode(errors="replace").decode()
