"""The answers of `ticketctl migrate repair`, `verify` and `diff` as text."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ticketctl.provision.migrate.diff import MigrationDiff
from ticketctl.provision.migrate.planning.verification import DatabaseVerification, VerifyResult
from ticketctl.provision.migrate.repair import RepairResult

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def repaired_text(result: RepairResult) -> str:
    """Return what is recorded now.

    Args:
        result: The answer of `repair`.
    """
    lines = [f"  {action.name}: {action.after}" for action in result.actions]
    return "\n".join([f"{result.key} ({result.database}): recorded", *lines])


def verified_text(result: VerifyResult) -> str:
    """Return what is wrong in each database, with one next step for each thing.

    Args:
        result: The answer of `verify`.
    """
    return "\n".join(line for database in result.databases if not database.ok for line in _database_lines(database))


def note_on_diff(result: MigrationDiff) -> str:
    """Return what to know about a difference, empty for nothing.

    Args:
        result: The answer of `diff`.
    """
    if result.same_bytes or not result.same_statements:
        return ""
    what = "comments and white space" if result.text else "line ends, or a byte order mark,"
    return f"only {what} differ in {result.name}: the checksum does not see that, and the file counts as unchanged"


def coloured_diff(text: str) -> Text:
    """Return a unified diff in colours.

    Args:
        text: The diff.
    """
    from rich.text import Text

    lines = text.splitlines()
    styles = ["bold" if place < 2 else _STYLES.get(line[:1], "") for place, line in enumerate(lines)]
    return Text("\n").join(Text(line, style=style) for line, style in zip(lines, styles, strict=True))


def _database_lines(found: DatabaseVerification) -> list[str]:
    head = f"{found.key} ({found.database})"
    if not found.exists:
        return [
            f"{head}: the database does not exist",
            f"  next: `ticketctl migrate apply --only {found.key}` creates it",
        ]
    is_not = "is not as it" if len(found.wrong) == 1 else "are not as they"
    lines = [f"{head}: {len(found.wrong)} of {found.migrations} migrations {is_not} should be"]
    width = max(len(wrong.migration) for wrong in found.wrong)
    for step, group in groupby(found.wrong, key=lambda wrong: wrong.next_step):
        for wrong in group:
            first, *more = wrong.detail.splitlines() or [""]
            lines.append(f"  {wrong.migration:<{width}}  {wrong.state:<12}  {first}".rstrip())
            lines += [f"    {line}" for line in more]
        lines.append(f"    next: {step}")
    return lines
