"""`ticketctl index`: the search index behind its alias."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, TypeVar

import typer

from ticketctl.cli.invocation import DryRun, Json, run_of

_Parsed = TypeVar("_Parsed")


def create(ctx: typer.Context, dry_run: DryRun = False, json: Json = False) -> None:
    """Create the index behind its alias. A second run changes nothing.

    Examples:
      ticketctl index create
      ticketctl index create --dry-run
    """
    from ticketctl.cli.render.index import created_text
    from ticketctl.provision.search.create import create as create_index

    run = run_of(ctx, json=json)
    project = run.project
    result = create_index(
        project.root, project.settings.search, run.endpoints.elasticsearch, dry_run=dry_run, emit=run.emit
    )
    run.show(result, text=lambda: created_text(result))
    run.exit(ok=result.ok)


def status(ctx: typer.Context, json: Json = False) -> None:
    """Compare the live index with the file. Exit 1 if they differ.

    Examples:
      ticketctl index status
      ticketctl index status --json
    """
    from ticketctl.cli.render.index import status_text
    from ticketctl.provision.search.status import status as read_status

    run = run_of(ctx, json=json)
    result = read_status(run.project.root, run.project.settings.search, run.endpoints.elasticsearch)
    run.show(result, text=lambda: status_text(result))
    run.exit(ok=result.ok)


def search(
    ctx: typer.Context,
    *,
    text: Annotated[str, typer.Option(metavar="WORDS", help="Words in name or description.")] = "",
    city: Annotated[list[str] | None, typer.Option(metavar="CITY", help="May be given several times.")] = None,
    category: Annotated[list[str] | None, typer.Option(metavar="CATEGORY", help="May be given several times.")] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day or moment (UTC).")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day or moment (UTC).")] = None,
    size: Annotated[int, typer.Option(metavar="COUNT", min=0, max=10_000, help="How many events to show.")] = 10,
    order: Annotated[Literal["date", "relevance"], typer.Option(help="What comes first.")] = "date",
    show_query: Annotated[bool, typer.Option("--show-query", help="Print the JSON request, ask no server.")] = False,
    json: Json = False,
) -> None:
    """Search events by words, city, category and date.

    Examples:
      ticketctl index search --text "open air" --city Berlin
      ticketctl index search --category concert --from 2026-12-01 --to 2026-12-31
    """
    from ticketctl.cli.render.index import query_text, result_text
    from ticketctl.provision.search.query import EventQuery, build_query
    from ticketctl.provision.search.query import search as search_index

    run = run_of(ctx, json=json)
    query = EventQuery(
        text, tuple(city or ()), tuple(category or ()), _date(start, "--from"), _date(end, "--to"), size, order
    )
    body = _usage(lambda: build_query(query))
    if show_query:
        run.show(body, text=lambda: query_text(body))
        return
    result = search_index(run.project.settings.search, run.endpoints.elasticsearch, query)
    run.show(result, text=lambda: result_text(result))


def _date(text: str | None, option: str) -> date | None:
    from ticketctl.provision.search.query import parse_date

    if text is None:
        return None
    return _usage(lambda: parse_date(text), option, hint=" (write 2026-12-01 or 2026-12-01T20:00:00Z)")


def _usage(parse: Callable[[], _Parsed], option: str | None = None, hint: str = "") -> _Parsed:
    """Turn a value that cannot be into a usage error, exit 2."""
    try:
        return parse()
    except ValueError as error:
        raise typer.BadParameter(f"{error}{hint}", param_hint=option) from error
