"""How `ticketctl seed` says what it has added."""

from __future__ import annotations

from ticketctl.cli.render.columns import columns
from ticketctl.provision.seed.plan import NAMED_AT_MOST, SeedResult, amount, moment


def seeded_text(result: SeedResult) -> str:
    """Return what was added, or the plan of a dry run.

    Args:
        result: The answer of `seed`.
    """
    return result.plan if result.dry_run else "\n".join(_added(result))


def _added(result: SeedResult) -> list[str]:
    rows = [
        (str(event.event_id), moment(event.event_date), event.status, f"{event.name}, {event.venue}")
        for event in result.events[:NAMED_AT_MOST]
    ]
    more = len(result.events) - len(rows)
    count = f"{amount(len(result.events), 'event')} with {amount(result.seats, 'seat')} in {result.seconds:.1f} s"
    return [count, *(f"  {line}" for line in columns(rows)), *([f"  and {more} more"] if more else [])]
