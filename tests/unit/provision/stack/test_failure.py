from ticketctl.infra.docker import ProbeResult
from ticketctl.provision.stack.failure import failure_report, failure_text, unhealthy_error
from ticketctl.provision.stack.judge import Standing
from ticketctl.provision.stack.redact import redactor
from unit.provision.stack.containers import container, service, spec_of

STACK = spec_of(
    a=service("gateway", "booking"), b=service("booking", "mysql", "redis"), c=service("mysql"), d=service("redis")
)


def keep(text: str) -> str:
    return text


def test_the_screen_has_everything_of_the_service_that_failed() -> None:
    state = container(
        "mysql",
        state="restarting",
        health="unhealthy",
        exit_code=1,
        restart_count=3,
        probe=ProbeResult(1, "connecting\nERROR 2003: no server", ""),
    )
    standings = (
        Standing("gateway", "waiting", "for booking"),
        Standing("booking", "waiting", "for mysql"),
        Standing("mysql", "failed", "restarted 3 times, last exit status 1", "restart loop"),
        Standing("redis", "ready", "healthy"),
    )
    logs = {"mysql": tuple(f"line {number}" for number in range(30))}

    report = failure_report(STACK, standings, {"mysql": state}, logs, keep)
    error = unhealthy_error(report, seconds=12.3, timed_out=False)

    assert error.services == ("mysql",)
    assert error.what == "mysql failed (12 s)"
    assert error.next_step == "correct that, `ticketctl up`"
    assert error.why.splitlines() == [
        "mysql: restarted 3 times, last exit status 1",
        "  cause: it ended with exit status 1; its last lines say why",
        "  state: restarting, unhealthy, exit status 1, 3 restarts",
        "  last probe: exit 1: connecting / ERROR 2003: no server",
        "  last 20 log lines:",
        *(f"    | line {number}" for number in range(10, 30)),
        "",
        "waiting for mysql: gateway, booking",
    ]


def test_the_root_cause_comes_first_and_each_says_what_to_do() -> None:
    standings = (
        Standing("gateway", "failed", "exited with 1", "exited"),
        Standing("booking", "ready", "healthy"),
        Standing("mysql", "ready", "healthy"),
        Standing("redis", "failed", "exited with 127", "exited"),
    )
    states = {name: container(name, state="exited", exit_code=127) for name in ("gateway", "redis")}

    report = failure_report(STACK, standings, states, {}, keep)

    assert [failed.standing.service for failed in report.failed] == ["redis", "gateway"]
    assert report.waiting == {}
    assert failure_text(report).count("next: ") == 1  # the first one's is the error's own


def test_those_who_were_on_their_way_when_another_failed_are_no_culprits() -> None:
    standings = (
        Standing("gateway", "waiting", "for booking"),
        Standing("booking", "waiting", "for mysql, redis"),
        Standing("mysql", "starting", ""),
        Standing("redis", "failed", "exited with 1", "exited"),
    )

    report = failure_report(STACK, standings, {"redis": container("redis", state="exited", exit_code=1)}, {}, keep)

    assert [failed.standing.service for failed in report.failed] == ["redis"]
    assert failure_text(report).splitlines()[-2:] == [
        "waiting for redis: gateway, booking",
        "still on their way: mysql",
    ]


def test_when_the_time_is_up_those_who_are_not_ready_are_shown() -> None:
    standings = (
        Standing("gateway", "waiting", "for booking"),
        Standing("booking", "starting", "starting"),
        Standing("mysql", "recovering", "unhealthy, may still recover"),
        Standing("redis", "ready", "healthy"),
    )
    states = {name: container(name, health="starting") for name in ("booking", "mysql")}

    report = failure_report(STACK, standings, states, {}, keep)
    error = unhealthy_error(report, seconds=240.0, timed_out=True)

    assert error.services == ("mysql",)
    assert dict(report.waiting) == {"gateway": ("mysql", "booking"), "booking": ("mysql",)}
    assert error.what == "mysql did not become healthy (240 s)"


def test_a_service_that_nobody_started_is_shown_too() -> None:
    standings = (
        *(Standing(name, "ready", "healthy") for name in ("booking", "gateway")),
        Standing("redis", "waiting", ""),
    )

    report = failure_report(STACK, standings, {}, {}, keep)

    assert [failed.cause.text for failed in report.failed] == ["its container was never made"]


def test_secrets_are_nowhere_on_the_screen() -> None:
    secret = "s3cret-of-the-test"
    state = container(
        "redis", state="exited", error=f"bad argument {secret}", probe=ProbeResult(1, f"AUTH {secret}", "")
    )
    standings = (Standing("redis", "failed", f"bad argument {secret}", "not startable"),)

    report = failure_report(STACK, standings, {"redis": state}, {"redis": (f"--pass {secret}",)}, redactor([secret]))
    error = unhealthy_error(report, seconds=1.0, timed_out=False)

    assert secret not in f"{error} {report}"
    assert error.why.count("***") == 4
