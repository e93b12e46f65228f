"""The answer of `ticketctl migrate baseline` as text."""

from __future__ import annotations

from ticketctl.provision.migrate.planning.baseline_plan import BaselineResult


def baseline_text(result: BaselineResult) -> str:
    """Return what was recorded, or what would be.

    Args:
        result: The answer of `baseline`.
    """
    plan = result.plan
    head = f"{plan.key} ({plan.database}):"
    compared = f"{result.compared} tables, views, routines and triggers compared"
    if not result.dry_run:
        count = len(result.recorded)
        lines = [
            f"{head} recorded {count} migration{'s' if count != 1 else ''}, up to {plan.migrations[-1]}; {compared}"
        ]
    elif result.difference:
        lines = [str(plan), f"  it is something else; {compared}"]
    else:
        lines = [str(plan), f"  it is the same; {compared}"]
    planned = set(plan.left_out)
    lines += [f"  left out of the comparison: {one}\n    {one.sql}" for one in result.left_out if one not in planned]
    return "\n".join([*lines, *result.difference.splitlines()])
