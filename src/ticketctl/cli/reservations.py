"""`ticketctl reservations status | holds | audit | reconcile | sweep`: how reservations stand, and what tidies them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketctl.cli.invocation import Invocation, Json, Yes, run_of
from ticketctl.cli.lock import check, connected

if TYPE_CHECKING:
    from redis import Redis

    from ticketctl.cli.render.reservations import Elected
    from ticketctl.reservations.inspection import Reconciliation
    from ticketctl.settings.endpoints import MysqlEndpoint

_LARGEST = 2**63 - 1
_INVENTORY = "inventory"
_PATIENCE = 120.0  # seconds without an answer after which a connection counts as lost; a statement takes few
_PASS = 500  # seats, as the sweeper

Namespace = Annotated[str, typer.Option(metavar="NAME", help="What the keys of entries begin with.")]
Limit = Annotated[int, typer.Option(metavar="COUNT", min=1, max=1_000_000, help="How many to read at most.")]
User = Annotated[str | None, typer.Option(metavar="USER", help="Only of this user.")]


def status(
    ctx: typer.Context,
    event: Annotated[int, typer.Argument(metavar="EVENT", min=1, max=_LARGEST, help="The event's id.")],
    *,
    namespace: Namespace = "seat",
    json: Json = False,
) -> None:
    """Count an event's seats, holds, users, and entries in Redis. Exit 1 if it has no seats.

    Examples:
      ticketctl reservations status 42
      ticketctl reservations status 42 --json
    """
    from ticketctl.cli.render.reservations import status_text

    check(namespace)
    run = run_of(ctx, json=json)
    with _inventory(run) as cursor, connected(run) as redis:
        from ticketctl.reservations import inspection

        seen = inspection.status(cursor, redis, event, namespace=namespace)
    run.show(seen, text=lambda: status_text(seen))
    run.exit(ok=seen.seats > 0)


def holds(
    ctx: typer.Context,
    *,
    event: Annotated[int | None, typer.Option(metavar="EVENT", min=1, max=_LARGEST, help="Only of this event.")] = None,
    user: User = None,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """List live holds, those that end first on top. Exit 1 if there is none.

    Examples:
      ticketctl reservations holds --event 42
      ticketctl reservations holds --user anna --json
    """
    from ticketctl.cli.render.reservations import holds_text

    run = run_of(ctx, json=json)
    if user is not None:
        _check_user(user)
    with _inventory(run) as cursor:
        from ticketctl.reservations import inspection

        # One more than asked for tells whether there are more.
        found = inspection.holds(cursor, event_id=event, user_id=user, limit=limit + 1)
    more = len(found) > limit
    shown = found[:limit]
    run.show({"holds": shown, "more": more}, text=lambda: holds_text(shown, more=more))
    run.exit(ok=bool(shown))


def audit(
    ctx: typer.Context,
    seat: Annotated[int, typer.Argument(metavar="SEAT", min=1, max=_LARGEST, help="The seat's id.")],
    *,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """Show a seat and what happened to it, in order. Exit 1 if there never was such a seat.

    Examples:
      ticketctl reservations audit 1001
      ticketctl reservations audit 1001 --limit 1000 --json
    """
    from ticketctl.cli.render.reservations import audit_text

    run = run_of(ctx, json=json)
    with _inventory(run) as cursor:
        from ticketctl.reservations import inspection

        seen = inspection.audit(cursor, seat, limit=limit)
    run.show(seen, text=lambda: audit_text(seen))
    run.exit(ok=seen.seat is not None or bool(seen.changes))


def reconcile(
    ctx: typer.Context,
    event: Annotated[
        int | None, typer.Argument(metavar="[EVENT]", min=1, max=_LARGEST, help="The event's id; all if none is given.")
    ] = None,
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Correct what is wrong in Redis. Asks first.")] = False,
    yes: Yes = False,
    namespace: Namespace = "seat",
    json: Json = False,
) -> None:
    """Compare Redis with MySQL, and the tables with each other. Exit 1 while they differ.

    It may run while seats are sold: what is on its way is no difference. Only entries of Redis are ever repaired.
    Differences within MySQL are reported, for people to look at.

    Examples:
      ticketctl reservations reconcile 42
      ticketctl reservations reconcile --repair --yes
    """
    from ticketctl.cli.render.reservations import reconcile_plain, reconcile_text, repair_question

    check(namespace)
    run = run_of(ctx, json=json)
    seen = _reconciled(run, event, namespace, repair=False)
    repair = repair and seen.repairable > 0
    if repair:
        run.confirm(repair_question(seen), yes=yes, consequence="this changes entries in Redis")
        # Anew: who was asked may have thought about it for longer than what was found is true.
        seen = _reconciled(run, event, namespace, repair=True)
    run.show(reconcile_plain(seen), text=lambda: reconcile_text(seen, repair=repair))
    run.exit(ok=not seen.differences and (event is None or seen.seats > 0))


def sweep(
    ctx: typer.Context,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Go on until nothing is left that is over.")] = False,
    json: Json = False,
) -> None:
    """Free seats whose holds are over, 500 of them, or all. No seat waits for this.

    Whoever wants such a seat gets it, swept or not; this only brings the tables up to date. Services do it by
    themselves: the process that they have elected for it is named. A pass beside it harms nobody, and helps where that
    one is stuck.

    Examples:
      ticketctl reservations sweep
      ticketctl reservations sweep --all --json
    """
    from contextlib import closing

    from ticketctl.cli.render.reservations import Swept, swept_text
    from ticketctl.infra.mysql import connect
    from ticketctl.reservations import Reservations

    run = run_of(ctx, json=json)
    endpoint = inventory_endpoint(run)
    elected = _elected(run)
    seats = passes = 0
    with closing(Reservations(lambda: connect(endpoint, autocommit=False), connections=2, batches=1)) as reservations:
        while True:
            count = reservations.sweep(_PASS, actor="ticketctl")
            seats, passes = seats + count, passes + 1
            full = count >= _PASS
            if not full or not all_:
                break
    result = Swept(seats, passes, full, elected)
    run.show(result, text=lambda: swept_text(result))


def inventory_endpoint(run: Invocation) -> MysqlEndpoint:
    """Return where the inventory database is, with the account of the service that it belongs to.

    That is the least that does it: to look needs SELECT, to sweep what a hold needs as well. The account that migrates
    could change the tables themselves.

    Raises:
        UnknownNameError: The project has no database `inventory`.
        EnvFileError: `compose/.env` is missing, incomplete or unreadable.
    """
    from ticketctl.errors import UnknownNameError

    endpoints = run.endpoints.mysql
    UnknownNameError.check("database", (_INVENTORY,), endpoints)
    if run.project.settings.runtime == "external":
        return endpoints[_INVENTORY]  # the settings name one account
    from ticketctl.provision.stack.service_endpoints import service_endpoints

    return service_endpoints(run.project)[_INVENTORY]


@contextmanager
def _inventory(run: Invocation) -> Iterator[Any]:
    """Give a cursor on the inventory database; what the driver raises is translated."""
    from contextlib import closing

    from ticketctl.infra.mysql import connect, translating

    endpoint = inventory_endpoint(run)
    connection = connect(endpoint, read_timeout=_PATIENCE)
    # One that was lost is closed already.
    with closing(connection) if connection.open else connection, translating(endpoint):
        yield connection.cursor()


def _reconciled(run: Invocation, event: int | None, namespace: str, *, repair: bool) -> Reconciliation:
    with _inventory(run) as cursor, connected(run) as redis:
        from ticketctl.reservations import inspection

        return inspection.reconcile(cursor, redis, event_id=event, repair=repair, namespace=namespace)


def _elected(run: Invocation) -> Elected:
    """Return who sweeps; it is not worth a failure that Redis does not answer."""
    from ticketctl.cli.render.reservations import Elected
    from ticketctl.errors import BackendError

    def look(redis: Redis) -> Elected:
        from ticketctl.locks import inspection

        lock = inspection.look(redis, "leader:sweeper")
        return Elected(known=True, owner=lock.owner if lock else None)

    try:
        with connected(run) as redis:
            return look(redis)
    except BackendError:
        return Elected(known=False, owner=None)


def _check_user(user: str) -> None:
    """Turn a user that there cannot be into a usage error, exit 2."""
    from ticketctl.reservations._requests import checked_user

    try:
        checked_user("--user", user)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
