"""`docs/howto/locks-fastapi.md` is a service that does what it says: it is run as it stands there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pymysql
import pytest
import redis

from integration.conftest import REDIS_PASSWORD, root_of
from integration.eventually import eventually
from integration.locks.mysql_sessions import of
from integration.locks.shop_payments import running_payments
from integration.locks.shop_service import ORDER, PAGE, Shop, World, statements
from integration.page_service import environment
from integration.servers import Server
from ticketctl.locks import Locker, fenced

pytestmark = pytest.mark.integration
DATABASE = "howto_fastapi"
NUMBER = 5  # of the Redis database, which is this test's alone
LEASE = f"lock:{{order:{ORDER}}}"
SHORT = {"TTL = 10.0": "TTL = 2.0"}
OPEN, PAID = ("OPEN", None), ("PAID", "payment-0")


@pytest.fixture
def keys(own_redis: Server) -> Iterator[redis.Redis]:
    client = redis.Redis(port=own_redis.port, password=REDIS_PASSWORD.reveal(), db=NUMBER, decode_responses=True)
    with closing(client):
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def rows(own_mysql: Server) -> Iterator[Any]:
    prepare = (f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}", f"USE {DATABASE}")
    with (
        closing(pymysql.connect(**of(root_of(own_mysql)), autocommit=True)) as connection,
        connection.cursor() as cursor,
    ):
        for statement in (*prepare, *statements()):
            cursor.execute(statement)
        cursor.execute("INSERT INTO orders (id) VALUES (%s)", (ORDER,))
        yield cursor
        cursor.execute(f"DROP DATABASE {DATABASE}")


@pytest.fixture
def world(keys: redis.Redis, rows: Any, own_redis: Server, own_mysql: Server, tmp_path: Path) -> Iterator[World]:
    endpoint = root_of(own_mysql)
    mysql = {**of(endpoint), "port": str(endpoint.port), "database": DATABASE}
    password = quote(REDIS_PASSWORD.reveal())
    with running_payments() as (payments, address), ExitStack() as running:
        environ = environment(f"redis://:{password}@127.0.0.1:{own_redis.port}/{NUMBER}", mysql, PAYMENTS_URL=address)

        def start(code: str) -> Shop:
            (tmp_path / "shop.py").write_text(code, encoding="utf-8")
            return running.enter_context(Shop(tmp_path, environ))

        yield World(keys, rows, payments, start)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["code"], answer.headers["Retry-After"]


def test_checkouts_of_one_order_pay_once(world: World) -> None:
    """Two in one process and one in another; each process has a connection for commands and one for messages."""
    with world.payments.slow() as capture:
        one, first = world.busy_shop()
        other = world.start()
        rest = [one.checkout(ORDER), other.checkout(ORDER)]
        # whoever waits where the lock is held does not stand in the queue
        eventually(lambda: world.keys.llen(f"{LEASE}:queue"), lambda waiting: waiting == 1)
        assert len(world.keys.client_list()) <= 1 + 2 * 2
        assert not any(answer.done() for answer in (first, *rest))
        capture()
        answers = [answer.result() for answer in (first, *rest)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.json() for answer in answers] == [{"status": "PAID", "payment": "payment-0"}] * 3
    assert world.payments.charged == [f"order-{ORDER}"]
    assert world.order() == PAID
    assert one.checkout(4711).result().status_code == 404
    assert not world.keys.exists(LEASE, f"{LEASE}:queue")


def test_who_has_waited_long_enough_is_told_so(world: World) -> None:
    with world.payments.slow() as capture:
        shop, first = world.busy_shop()
        began = time.monotonic()
        assert refused(shop.checkout(ORDER).result()) == (409, "TKT-601", "1")
        assert 2.9 < time.monotonic() - began < 6
        capture()
        assert first.result().status_code == 200
    assert shop.metric("ticketctl_lock_attempts_total", template="order:*", result="acquired") == 1
    assert shop.metric("ticketctl_lock_attempts_total", template="order:*", result="not_acquired") == 1
    assert shop.metric("ticketctl_lock_contended_total", template="order:*") == 1
    assert shop.metric("ticketctl_lock_wait_seconds_sum", template="order:*", result="not_acquired") > 2.9
    assert shop.metric("ticketctl_lock_hold_seconds_count", template="order:*") == 1


def test_without_redis_nothing_is_touched(world: World, own_redis: Server) -> None:
    shop = world.start()
    eventually(lambda: world.leader, lambda lease: lease != "None")
    own_redis.stop()
    try:
        assert refused(shop.checkout(ORDER).result()) == (503, "TKT-605", "5")
    finally:
        own_redis.start()
    assert (world.order(), world.payments.charged) == (OPEN, [])
    answer = eventually(lambda: shop.checkout(ORDER).result(), lambda answer: answer.status_code != 503)
    assert answer.status_code == 200


def test_redis_may_be_away_for_less_than_the_lease(world: World, own_redis: Server) -> None:
    with world.payments.slow() as capture:
        shop, first = world.busy_shop({"TTL = 10.0": "TTL = 4.0"})
        own_redis.pause()
        try:
            time.sleep(1.5)  # a renewal was due
        finally:
            own_redis.unpause()
        renewed = "ticketctl_lock_renew_lag_seconds_count"
        eventually(lambda: shop.metric(renewed, template="order:*"), lambda times: times > 1)
        capture()
        assert first.result().status_code == 200
    assert world.order() == PAID


def test_redis_away_for_longer_ends_the_work(world: World, own_redis: Server) -> None:
    with world.payments.slow():
        shop, first = world.busy_shop(SHORT)
        own_redis.pause()
        try:
            assert refused(first.result(20)) == (503, "TKT-603", "5")
        finally:
            own_redis.unpause()
    assert world.order() == OPEN
    assert shop.metric("ticketctl_lock_lost_total", template="order:*", reason="expired") == 1


MIDDLEWARE = {
    "app = FastAPI(lifespan=lifespan)\n": """\
app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def timed(request, call_next):
    return await call_next(request)
"""
}


@pytest.mark.parametrize("changes", [{}, MIDDLEWARE], ids=["bare", "behind-a-middleware"])
def test_a_broken_lock_ends_the_work(changes: dict[str, str], world: World) -> None:
    """While the provider has not answered; whoever comes next pays, and is charged nothing more."""
    with world.payments.slow():
        shop, first = world.busy_shop({**SHORT, **changes})
        began = time.monotonic()
        assert world.keys.delete(LEASE) == 1
        assert refused(first.result()) == (503, "TKT-603", "5")
        assert time.monotonic() - began < 2 / 3 + 1  # a third of the lease
        assert world.order() == OPEN
        assert shop.checkout(ORDER).result().status_code == 200
    assert world.order() == PAID
    assert world.payments.charged == [f"order-{ORDER}"]
    assert shop.metric("ticketctl_lock_lost_total", template="order:*", reason="taken") == 1


def test_who_comes_to_write_when_the_next_one_has_taken_over_is_refused(world: World) -> None:
    """Although the next one has not written what it came for, and neither of them knows of the other."""
    other = world.start()
    with world.payments.slow() as capture:
        _, first = world.busy_shop()
        world.keys.delete(LEASE)
        with world.payments.slow() as other_capture:
            second = other.checkout(ORDER)
            eventually(lambda: world.payments.busy, bool)
            capture()  # a third of 10 s is not over: it does not know yet
            assert refused(first.result()) == (409, "TKT-604", "1")
            assert world.order() == OPEN
            other_capture()
            assert second.result().status_code == 200
    assert world.order() == PAID


def test_a_process_that_is_stopped_past_its_lease_gives_up(world: World) -> None:
    other = world.start(SHORT)
    with world.payments.slow() as capture:
        shop, first = world.busy_shop(SHORT)
        shop.stop()
        assert other.checkout(ORDER).result().status_code == 200
        capture()
        shop.go_on()
        assert refused(first.result()) == (503, "TKT-603", "5")
    assert world.order() == PAID
    assert shop.metric("ticketctl_lock_lost_total", template="order:*") == 1


PLAIN = {
    """\
        fenced.update(cursor, "orders", {"status": "PAID", "payment": payment}, {"id": order}, fence=fence, rows=1)
""": """\
        cursor.execute("UPDATE orders SET status = 'PAID', payment = %s WHERE id = %s", (payment, order))
"""
}


@pytest.mark.parametrize(
    ("changes", "then"), [({}, ("CLOSED", None)), (PLAIN, PAID)], ids=["fenced", "as-it-is-without"]
)
def test_a_write_that_is_under_way_when_the_lease_ends_changes_nothing(
    changes: dict[str, str], then: tuple[str, str | None], world: World, own_mysql: Server
) -> None:
    """The process is stopped while MySQL has its statement already, which waits for a row."""
    with (
        closing(pymysql.connect(**of(root_of(own_mysql)), database=DATABASE)) as connection,
        connection.cursor() as newer,
        Locker(world.keys) as locker,
    ):
        with world.payments.slow() as capture:
            shop, first = world.busy_shop({**SHORT, **changes})
            newer.execute("SELECT * FROM orders WHERE id = %s FOR UPDATE", (ORDER,))
            capture()
            eventually(lambda: world.rows.execute("SELECT 1 FROM performance_schema.data_lock_waits"), bool)
            shop.stop()
        with locker.acquire(f"order:{ORDER}") as lock:
            fenced.update(newer, "orders", {"status": "CLOSED"}, {"id": ORDER}, fence=lock.fence)
            connection.commit()
        shop.go_on()
        assert refused(first.result()) == (503, "TKT-603", "5")
        newer.execute("SELECT * FROM orders WHERE id = %s FOR UPDATE", (ORDER,))  # its transaction is over
        connection.rollback()
    assert world.order() == then


def test_one_process_sweeps_and_another_one_goes_on(world: World) -> None:
    shops = [world.start(), world.start()]
    rows = world.rows
    rows.execute("INSERT INTO carts VALUES (1, '2020-01-01'), (2, '2120-01-01')")
    eventually(lambda: rows.execute("SELECT id FROM carts"), lambda left: left == 1)
    (leading,) = (shop for shop in shops if f'"pid":{shop.pid},' in world.leader)
    (waiting,) = (shop for shop in shops if shop is not leading)

    began = time.monotonic()
    leading.end()
    eventually(lambda: world.leader, lambda lease: f'"pid":{waiting.pid},' in lease)
    assert time.monotonic() - began < 5  # not the 10 s of a leader that dies
    leading.ended()

    rows.execute("INSERT INTO carts VALUES (3, '2020-01-01')")
    eventually(lambda: rows.execute("SELECT id FROM carts"), lambda left: left == 1)
    rows.execute("SELECT name, fence FROM lock_fences")
    assert rows.fetchall() == (("leader:sweeper", int(world.leader.split()[1])),)


def test_at_the_end_the_work_is_finished_and_nothing_is_left(world: World) -> None:
    with world.payments.slow() as capture:
        shop, first = world.busy_shop()
        shop.end()
        eventually(lambda: shop.log, lambda log: "Shutting down" in log)
        assert not first.done()
        capture()
        assert first.result().status_code == 200
    shop.ended()
    assert world.order() == PAID
    assert [key for key in world.keys.scan_iter() if not str(key).endswith(":fence")] == []
    assert len(world.keys.client_list()) == 1  # this one


def test_a_client_that_goes_away_ends_nothing(world: World) -> None:
    shop = world.start()
    with world.payments.slow() as capture:
        assert isinstance(shop.checkout(ORDER, timeout=0.5).exception(), httpx.ReadTimeout)
        capture()
        eventually(world.order, lambda seen: seen == PAID)


def test_the_readme_shows_what_the_page_shows() -> None:
    readme = (PAGE.path.parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Locks in a service\n")[2].partition("\n## ")[0]
    code = section.partition("```python\n")[2].partition("```")[0]
    assert code
    assert code in PAGE.text
