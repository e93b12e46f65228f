"""The proxy does what the locks' tests rely on, seen with the plain client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from conformance.locks.proxy import Moment, RedisProxy, named
from conformance.locks.servers import HOST, RedisServer
from integration.eventually import eventually

pytestmark = pytest.mark.integration


def client_of(proxy: RedisProxy, **options: Any) -> redis.Redis:
    settings = {"socket_timeout": 5.0, "retry": Retry(NoBackoff(), 0), **options}
    return redis.Redis(host=HOST, port=proxy.port, decode_responses=True, **settings)


@pytest.fixture(params=[2, 3])
def client(proxy: RedisProxy, request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    with closing(client_of(proxy, protocol=request.param)) as client:
        client.ping()
        yield client


@pytest.mark.parametrize(("moment", "carried_out"), [("before", False), ("after", True)])
def test_a_command_is_lost_or_its_answer_is(
    client: redis.Redis, proxy: RedisProxy, redis_server: RedisServer, moment: Moment, carried_out: bool
) -> None:
    cut = proxy.cut(moment, 2, named("SET"))
    client.set("first", "1")
    client.get("first")
    with pytest.raises(redis.ConnectionError):
        client.set("second", "2")
    assert cut.happened.is_set()
    assert redis_server.keys() == (["first", "second"] if carried_out else ["first"])
    client.set("third", "3")  # one cut, once


def test_a_command_in_the_middle_of_many_is_cut_where_it_stands(client: redis.Redis, proxy: RedisProxy) -> None:
    cut = proxy.cut("after", 3, named("INCRBY"))
    pipeline = client.pipeline(transaction=False)
    for _ in range(5):
        pipeline.incr("counter")
    with pytest.raises(redis.ConnectionError):
        pipeline.execute()
    assert cut.happened.is_set()
    assert int(str(client.get("counter"))) >= 3  # those behind it may have been passed on already


def test_both_directions_can_be_slow(client: redis.Redis, proxy: RedisProxy) -> None:
    for delays in ({"requests": 0.2}, {"replies": 0.2}):
        proxy.delay(**delays)
        began = time.monotonic()
        client.ping()
        assert 0.2 <= time.monotonic() - began < 2


def test_silence_is_accepted_and_not_answered(proxy: RedisProxy) -> None:
    proxy.silence()
    with closing(client_of(proxy, socket_timeout=0.3)) as client:
        with pytest.raises(redis.TimeoutError):
            client.ping()
        assert eventually(lambda: proxy.opened, bool) == 1
        proxy.resume()
        assert client.ping()


def test_what_was_held_back_arrives_late(proxy: RedisProxy, redis_server: RedisServer) -> None:
    with closing(client_of(proxy, socket_timeout=0.3)) as client:
        client.ping()
        proxy.silence("requests")
        with pytest.raises(redis.TimeoutError):
            client.set("late", "1")
        assert redis_server.keys() == []
        proxy.resume()
        eventually(redis_server.keys, lambda keys: keys == ["late"])


def test_answers_can_be_held_back_alone(proxy: RedisProxy, redis_server: RedisServer) -> None:
    with closing(client_of(proxy, socket_timeout=0.3)) as client:
        client.ping()
        proxy.silence("replies")
        with pytest.raises(redis.TimeoutError):
            client.set("done", "1")
        assert redis_server.keys() == ["done"]


def test_who_is_refused_is_not_connected(proxy: RedisProxy) -> None:
    with closing(client_of(proxy)) as client:
        client.ping()
        proxy.refuse()
        proxy.cut_all()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        proxy.refuse(False)
        assert client.ping()


def test_messages_pass_beside_answers(client: redis.Redis, proxy: RedisProxy) -> None:
    with closing(client.pubsub()) as listening:  # type: ignore[no-untyped-call]
        listening.subscribe("channel")
        assert listening.get_message(timeout=5)
        client.publish("channel", "hello")
        message = listening.get_message(timeout=5)
        assert message
        assert message["data"] == "hello"
    assert proxy.connections <= proxy.opened == 2


def test_messages_can_be_held_back_alone(client: redis.Redis, proxy: RedisProxy) -> None:
    with closing(client.pubsub()) as listening:  # type: ignore[no-untyped-call]
        listening.subscribe("channel")
        assert listening.get_message(timeout=5)
        proxy.silence("messages")
        assert client.publish("channel", "hello") == 1
        assert listening.get_message(timeout=0.2) is None
        proxy.resume()
        assert listening.get_message(timeout=5)


def test_it_can_lead_to_another_server(
    client: redis.Redis, proxy: RedisProxy, breakable_redis: RedisServer, redis_server: RedisServer
) -> None:
    proxy.move_to(breakable_redis.port)
    client.set("there", "1")
    assert (breakable_redis.keys(), redis_server.keys()) == (["there"], [])


def test_connections_are_counted_while_they_are_open(proxy: RedisProxy) -> None:
    clients = [client_of(proxy) for _ in range(3)]
    for client in clients:
        client.ping()
    assert proxy.connections == 3
    for client in clients:
        client.close()
    eventually(lambda: proxy.connections, lambda seen: seen == 0)
    assert proxy.opened == 3


def test_many_use_it_at_once_with_asyncio_and_threads(proxy: RedisProxy) -> None:
    async def count() -> None:
        async with redis.asyncio.Redis(host=HOST, port=proxy.port) as client:
            await asyncio.gather(*(client.incr("counter") for _ in range(100)))

    def count_here() -> None:
        with closing(client_of(proxy)) as client:
            for _ in range(100):
                client.incr("counter")

    threads = [threading.Thread(target=count_here) for _ in range(3)]
    for thread in threads:
        thread.start()
    asyncio.run(count())
    for thread in threads:
        thread.join()
    with closing(client_of(proxy)) as client:
        assert client.get("counter") == "400"
