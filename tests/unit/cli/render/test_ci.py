"""What CI systems read."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

from ticketctl.cli.render.ci import junit_xml, step_summary, write_step_summary
from ticketctl.cli.render.events import GithubLines, renderer_for
from ticketctl.events import Progress, StepFinished, StepStarted
from ticketctl.provision.bootstrap import BootstrapReport, StepReport

REPORT = BootstrapReport(
    (
        StepReport("up", "changed", "12 services healthy", 31.5),
        StepReport("migrate", "failed", 'no table "a" <b> | c', 0.5, "TKT-402 no table\nnext: look"),
        StepReport("index", "skipped", "not reached", 0.0),
    ),
    32.0,
)


def test_junit_has_a_case_for_each_step() -> None:
    suite = ElementTree.fromstring(junit_xml(REPORT).split("\n", 1)[1])[0]

    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert [case.get("name") for case in suite] == ["up", "migrate", "index"]
    assert suite[1][0].get("message") == 'no table "a" <b> | c'
    assert suite[1][0].text == "TKT-402 no table\nnext: look"


def test_the_step_summary_is_appended_where_github_reads_it(tmp_path: Path) -> None:
    target = tmp_path / "summary"
    target.write_text("before\n")

    write_step_summary(REPORT, {"GITHUB_STEP_SUMMARY": str(target)})
    write_step_summary(REPORT, {})

    assert target.read_text() == "before\n" + step_summary(REPORT)
    assert '| migrate | **failed** | 0.5 s | no table "a" <b> \\| c |' in step_summary(REPORT)


def test_github_gets_groups_and_annotations() -> None:
    stream = io.StringIO()
    renderer = GithubLines(stream)

    renderer(StepStarted("up", "start"))
    renderer(Progress("up", "mysql", "healthy"))
    renderer(StepFinished("up", "failed", "50% done\nand stuck", 1.0))
    renderer(StepStarted("index", "create"))
    renderer.close()

    assert stream.getvalue().splitlines() == [
        "::group::up: start",
        "up: mysql healthy",
        "::endgroup::",
        "::error title=ticketctl up::50%25 done%0Aand stuck",
        "up: failed (1.0 s) 50% done",
        "and stuck",
        "::group::index: create",
        "::endgroup::",
    ]


def test_on_github_actions_its_own_form_is_chosen() -> None:
    assert isinstance(renderer_for(io.StringIO(), json=False, environ={"GITHUB_ACTIONS": "true"}), GithubLines)
