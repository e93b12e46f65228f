"""How the search index, its state and what is found in it look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ticketctl.provision.search.create import IndexResult
    from ticketctl.provision.search.query import SearchResult
    from ticketctl.provision.search.status import IndexStatus


def created_text(result: IndexResult) -> str:
    """Return what `index create` did, or the plan of a dry run.

    Args:
        result: Its result.
    """
    if result.dry_run:
        return result.plan
    lines = result.actions or ("nothing to change",)
    return "\n".join([f"alias {result.alias} -> index {result.index}", *(f"  {line}" for line in lines)])


def status_text(status: IndexStatus) -> str:
    """Return the state of the index, differences from the mapping file below it.

    Args:
        status: The state.
    """
    lines = [
        f"alias      {status.alias} -> {', '.join(status.indices) or 'nothing'}",
        f"documents  {'unknown' if status.documents is None else status.documents} ({_size(status.bytes)})",
        f"health     {status.health}{f': {status.trouble}' if status.trouble else ''}",
        f"replicas   {'unknown' if status.replicas is None else status.replicas}",
        f"mapping    {_mapping(status)}",
    ]
    lines += [f"           {difference}" for difference in status.differences]
    lines += [f"read-only  {block} is set" for block in status.write_blocks]
    lines += [f"to do      {action}" for action in status.pending]
    if status.conflict:
        lines.append(f"conflict   {status.conflict}")
    if status.pending or status.conflict:
        lines.append("next       ticketctl index create")
    return "\n".join(lines)


def result_text(result: SearchResult) -> RenderableType:
    """Return the events found as a table, the facets below it.

    Args:
        result: What the search found.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("date", "name", "city", "venue", "category", "seats"):
        table.add_column(heading, overflow="fold")
    for hit in result.hits:
        table.add_row(
            *(Text(_field(hit.event, name)) for name in ("date", "name", "city", "venue", "category")),
            _seats(hit.event),
        )
    facets = [
        Text(f"{name}: {', '.join(f'{item.value} ({item.count})' for item in values)}")
        for name, values in result.facets.items()
        if values
    ]
    count = Text(f"{result.total} event{'' if result.total == 1 else 's'} in {result.took_ms} ms")
    return Group(*([table] if result.hits else []), count, *facets)


def query_text(body: Mapping[str, Any]) -> str:
    """Return the body of a search request.

    Args:
        body: The request.
    """
    return json.dumps(body, indent=2, ensure_ascii=False)


def _mapping(status: IndexStatus) -> str:
    if not status.indices:
        return "missing"
    return "equals the file" if status.mapping_equal else "differs from the file"


def _field(event: Mapping[str, Any], name: str) -> str:
    return str(event.get(name, ""))


def _seats(event: Mapping[str, Any]) -> str:
    free, total = event.get("availableSeats"), event.get("totalSeats")
    return (
        "" if free is None and total is None else f"{'?' if free is None else free}/{'?' if total is None else total}"
    )


def _size(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"
