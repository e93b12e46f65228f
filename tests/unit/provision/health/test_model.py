"""Aggregating verdicts."""

from __future__ import annotations

from ticketctl.provision.health.model import CheckResult, Level, report, worst


def result(name: str, level: Level) -> CheckResult:
    return CheckResult("redis", "redis", name, level, "")


def test_the_worst_verdict_counts() -> None:
    assert report([result("a", "ok"), result("b", "warn"), result("c", "fail")]).level == "fail"
    assert report([result("a", "ok"), result("b", "warn")]).level == "warn"
    assert report([result("a", "ok")]).level == "ok"


def test_what_was_not_checked_is_no_verdict() -> None:
    assert worst(["skipped", "skipped"]) == "ok"
    assert worst(["skipped", "warn"]) == "warn"
    assert report([]).level == "ok"


def test_warnings_are_no_failure() -> None:
    assert report([result("a", "warn")]).ok
    assert not report([result("a", "fail")]).ok


def test_the_worst_stand_first_and_keep_their_order() -> None:
    found = report(
        [result("a", "ok"), result("b", "skipped"), result("c", "fail"), result("d", "warn"), result("e", "fail")]
    )
    assert [item.name for item in found.worst_first] == ["c", "e", "d", "b", "a"]
    assert [found.count(level) for level in ("fail", "warn", "skipped", "ok")] == [2, 1, 1, 1]
