"""The doctor's findings as text."""

from __future__ import annotations

from ticketctl.cli.render.columns import columns
from ticketctl.provision.doctor.model import Diagnosis, Finding


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """Return all findings, each with its fix below, and the verdict.

    Args:
        diagnosis: What was found.
    """
    rows = [row for finding in diagnosis.findings for row in _rows(finding)]
    return "\n".join([*columns(rows), "", _verdict(diagnosis)])


def _rows(finding: Finding) -> list[tuple[str, str, str]]:
    fix = [f"{'fix: ' if number == 0 else '     '}{line}" for number, line in enumerate(finding.fix.splitlines())]
    first, *more = [*finding.detail.splitlines(), *fix]
    return [(finding.level, finding.name, first), *(("", "", line) for line in more)]


def _verdict(diagnosis: Diagnosis) -> str:
    blocking = [finding.name for finding in diagnosis.findings if finding.blocks]
    if blocking:
        return f"`ticketctl up` cannot succeed: {', '.join(blocking)}"
    warnings = diagnosis.count("warn")
    return "`ticketctl up` can go ahead" + (f"; {warnings} warning{'s' if warnings > 1 else ''}" if warnings else "")
