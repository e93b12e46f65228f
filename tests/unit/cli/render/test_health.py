"""How a health report reads."""

from __future__ import annotations

import json
from dataclasses import replace

from ticketctl.cli.render.health import changes, headline, json_line, report_text
from ticketctl.provision.health.model import CheckResult, report

REDIS = CheckResult("redis", "redis", "reachable", "ok", "127.0.0.1:6379", "", 1.23)
MYSQL = CheckResult("mysql", "mysql", "migrations events_db", "fail", "1 pending: 002_x", "`migrate apply`", 4)
YELLOW = CheckResult("elasticsearch", "elasticsearch", "status", "warn", "yellow", "see why")
SKIPPED = [CheckResult("mysql", "mysql", name, "skipped", "mysql is not reachable") for name in ("version", "writable")]
SERVICE = [
    CheckResult("service", "booking", "reachable", "ok", "127.0.0.1:8084", "", 3),
    CheckResult("service", "booking", "ready", "ok", "http://127.0.0.1:8084/health/ready", "", 0),
]


def test_what_needs_somebody_stands_first_with_what_to_do() -> None:
    lines = report_text(report([REDIS, YELLOW, *SKIPPED, MYSQL], 0.4)).plain.splitlines()
    assert lines == [
        "NOT HEALTHY: 1 failed, 1 to look at, 2 not checked, 1 ok (0.4 s)",
        "FAIL  mysql          migrations events_db  4.0 ms  1 pending: 002_x",
        "                                                   next: `migrate apply`",
        "WARN  elasticsearch  status                        yellow",
        "                                                   next: see why",
        "--    mysql          not checked                   mysql is not reachable: version, writable",
        "ok    redis          reachable             1.2 ms  127.0.0.1:6379",
    ]


def test_a_good_report_begins_with_the_answer() -> None:
    assert headline(report([REDIS], 0.25)) == "healthy: 1 ok (0.2 s)"
    assert headline(report([REDIS, YELLOW])).startswith("healthy, with warnings: 1 to look at")
    assert headline(report([])) == "healthy: nothing was checked (0.0 s)"


def test_that_a_service_answers_is_said_by_its_being_ready() -> None:
    lines = report_text(report(SERVICE)).plain.splitlines()
    assert lines[1:] == ["ok    booking  ready  3.0 ms  http://127.0.0.1:8084/health/ready"]


def test_services_that_suffer_from_the_same_thing_are_one_line() -> None:
    suffering = [
        CheckResult("service", name, "ready", "fail", "HTTP 503: redis is down", "follows from redis")
        for name in ("auth", "booking")
    ]
    other = CheckResult("service", "search", "ready", "fail", "HTTP 500", "`ticketctl logs search`")
    lines = report_text(report([*suffering, other])).plain.splitlines()
    assert lines == [
        "NOT HEALTHY: 3 failed (0.0 s)",
        "FAIL  2 services  ready    auth, booking",
        "                           HTTP 503: redis is down",
        "                           next: follows from redis",
        "FAIL  search      ready    HTTP 500",
        "                           next: `ticketctl logs search`",
    ]


def test_brief_shows_each_target_that_is_well_in_one_line() -> None:
    well = [REDIS, replace(REDIS, name="version", detail="Redis 8", latency_ms=0.5)]
    lines = report_text(report([*well, MYSQL]), brief=True).plain.splitlines()
    assert lines[-1].split() == ["ok", "redis", "2", "checks", "1.7", "ms", "127.0.0.1:6379"]
    assert len(lines) == 4


def test_changes_are_told_once() -> None:
    before, now = report([REDIS, MYSQL]), report([replace(REDIS, level="fail"), MYSQL])
    assert changes(None, before)[0].startswith("FAIL  mysql  migrations events_db")
    assert changes(before, before) == []
    assert changes(before, now) == ["FAIL  redis  reachable  127.0.0.1:6379"]
    assert changes(now, before) == ["ok    redis  reachable  127.0.0.1:6379"]
    assert changes(report(SKIPPED), report([replace(result, level="ok") for result in SKIPPED])) == []


def test_json_is_one_line() -> None:
    document = json.loads(json_line(report([MYSQL])))
    assert document["level"] == "fail"
    assert document["results"][0]["next_step"] == "`migrate apply`"
