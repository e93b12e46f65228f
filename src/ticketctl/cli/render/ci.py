"""What a CI system reads of a bootstrap: JUnit XML, and the summary page of GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree  # writes XML, parses none

from ticketctl.provision.bootstrap import BootstrapReport

_MARKS = {"changed": "done", "unchanged": "nothing to change", "failed": "**failed**", "skipped": "not reached"}


def junit_xml(report: BootstrapReport) -> str:
    """Return the report as JUnit XML: one test case a step.

    Args:
        report: The report.
    """
    failed = sum(step.state == "failed" for step in report.steps)
    skipped = sum(step.state == "skipped" for step in report.steps)
    suite = ElementTree.Element(
        "testsuite",
        name="ticketctl bootstrap",
        tests=str(len(report.steps)),
        failures=str(failed),
        errors="0",
        skipped=str(skipped),
        time=f"{report.seconds:.3f}",
    )
    for step in report.steps:
        case = ElementTree.SubElement(
            suite, "testcase", classname="ticketctl.bootstrap", name=step.name, time=f"{step.seconds:.3f}"
        )
        if step.state == "failed":
            ElementTree.SubElement(case, "failure", message=step.summary).text = step.error or step.summary
        elif step.state == "skipped":
            ElementTree.SubElement(case, "skipped", message=step.summary)
        else:
            ElementTree.SubElement(case, "system-out").text = step.summary
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def step_summary(report: BootstrapReport) -> str:
    """Return the report as a Markdown table, for the summary page of a GitHub Actions job.

    Args:
        report: The report.
    """
    rows = [
        f"| {step.name} | {_MARKS[step.state]} | {step.seconds:.1f} s | {_cell(step.summary)} |"
        for step in report.steps
    ]
    return "\n".join(
        ["### ticketctl bootstrap", "", "| step | outcome | time | |", "| --- | --- | --- | --- |", *rows, ""]
    )


def write_step_summary(report: BootstrapReport, environ: Mapping[str, str]) -> None:
    """Append the summary where GitHub Actions looks for it; elsewhere nothing is written.

    Args:
        report: The report.
        environ: The environment.
    """
    target = environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8") as stream:
            stream.write(step_summary(report))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
