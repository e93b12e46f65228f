"""The main job's frame: order, stop at the first failure, one report."""

from __future__ import annotations

from ticketctl.errors import BackendLoginError
from ticketctl.events import StepAnswer
from ticketctl.provision.bootstrap import Step, run_steps


def refused() -> StepAnswer:
    raise BackendLoginError("mysql refused the account", backend="mysql", next_step="check the password")


def step(name: str, *, changed: bool = False, ok: bool = True) -> Step:
    return Step(name, lambda: StepAnswer(changed, f"{name} summary", ok))


def test_steps_run_in_order_and_each_says_what_it_did() -> None:
    report = run_steps([step("up", changed=True), step("migrate")])

    assert [(item.name, item.state) for item in report.steps] == [("up", "changed"), ("migrate", "unchanged")]
    assert report.ok
    assert report.changed


def test_nothing_changed_is_said_as_such() -> None:
    assert not run_steps([step("up"), step("migrate")]).changed


def test_what_follows_an_error_is_skipped_and_the_error_is_kept() -> None:
    report = run_steps([step("up"), Step("migrate", refused), step("index")])

    assert [item.state for item in report.steps] == ["unchanged", "failed", "skipped"]
    assert "next: check the password" in report.steps[1].error
    assert isinstance(report.failure, BackendLoginError)
    assert not report.ok


def test_a_negative_answer_stops_as_well() -> None:
    report = run_steps([step("health", ok=False), step("index")])

    assert [item.state for item in report.steps] == ["failed", "skipped"]
    assert report.failure is None
