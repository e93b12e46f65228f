from ticketctl.cli.render.stack import down_text, reset_question, reset_text, status_text, up_text
from ticketctl.provision.stack.down import DownResult
from ticketctl.provision.stack.drift import Drift
from ticketctl.provision.stack.plan import ContainersPlan, ServiceAction
from ticketctl.provision.stack.prepare import UpPlan
from ticketctl.provision.stack.reset import DatabaseLoss, ResetPlan
from ticketctl.provision.stack.status import ServiceStatus, StackStatus
from ticketctl.provision.stack.up import UpResult


def result(*actions: ServiceAction, accounts: tuple[str, ...] = (), dry_run: bool = False) -> UpResult:
    plan = UpPlan((), (), (), (), ContainersPlan(actions))
    return UpResult("shop", plan, accounts, 1.0, dry_run)


KEEP = ServiceAction("mysql", "keep", "healthy")
CREATE = ServiceAction("redis", "create", "has no container")


def test_up_says_what_was_done() -> None:
    assert up_text(result(KEEP, CREATE, accounts=("mysql: create account x",))).splitlines() == [
        "account   mysql: create account x",
        "project shop: 2 of 2 services are healthy (1 created); `ticketctl status` shows the addresses",
    ]


def test_up_says_that_there_was_nothing_to_do() -> None:
    assert up_text(result(KEEP)).startswith("project shop: nothing to change, 1 of 1 services are healthy;")


def test_a_dry_run_is_the_plan() -> None:
    assert up_text(result(CREATE, dry_run=True)) == "create    redis  has no container\nnothing was done (--dry-run)"
    assert up_text(result(KEEP, dry_run=True)).endswith("\nnothing would change")


def test_down_says_where_the_data_are() -> None:
    done = DownResult("shop", ("a", "b"), ("n",), {"shop_data": "/v/shop_data"}, dry_run=False)

    assert down_text(done).splitlines() == [
        "project shop: 2 containers removed",
        "the data stay (`ticketctl up` goes on with them, `ticketctl reset` deletes them):",
        "  shop_data  /v/shop_data",
    ]
    assert down_text(DownResult("shop", (), (), {}, dry_run=False)) == "project shop: nothing runs"


def test_reset_says_what_would_be_lost() -> None:
    plan = ResetPlan(
        "shop",
        ("a",),
        ("n",),
        {"shop_mysql": 3 * 2**30, "shop_redis": 190, "shop_x": None},
        (DatabaseLoss("mysql", "events_db", 4, 1200, exact=False), DatabaseLoss("mysql", "x_db", 0, 0, exact=True)),
        {"mysql-2": "it does not run"},
    )

    assert reset_question(plan).splitlines() == [
        "project shop: this deletes",
        "  volume shop_mysql  3.0 GiB",
        "  volume shop_redis  190 B",
        "  volume shop_x      unknown size",
        "  database events_db  on mysql  4 tables  about 1200 rows",
        "  database x_db       on mysql  0 tables  0 rows",
        "  mysql-2: its databases were not counted: it does not run",
        "  1 container, 1 network",
        "compose/.env stays: ports and passwords are the same after the next `ticketctl up`",
    ]
    assert reset_text(plan).startswith("project shop: removed 1 container, 3 volumes, 1 network;")
    assert reset_question(ResetPlan("shop", (), (), {}, (), {})) == "project shop: there is nothing to remove"


def test_status_is_a_table_with_what_differs_below() -> None:
    service = ServiceStatus(
        "mysql", "ready", "healthy", "running", "healthy", "mysql:9.7", "127.0.0.1:1", "", 2, "changed"
    )
    gone = ServiceStatus("redis", "waiting", "no container", "", "", "redis:8", "", "", 0, "missing")
    drifts = (Drift("mysql", "changed", "its definition has changed"), Drift("redis", "missing", "has no container"))

    lines = status_text(StackStatus("shop", (service, gone), drifts, ok=False)).plain.splitlines()

    assert lines == [
        "SERVICE  STATE                        IMAGE      ADDRESS      SINCE  DIFFERS",
        "mysql    ready (healthy), 2 restarts  mysql:9.7  127.0.0.1:1  -      changed",
        "redis    waiting (no container)       redis:8    -            -      missing",
        "mysql: changed: its definition has changed",
        "project shop: 1 of 2 services are ready; `ticketctl up` brings the rest",
    ]
