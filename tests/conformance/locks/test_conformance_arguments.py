"""What callers pass is checked before anything is sent: no server is needed to be told."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
import redis
import redis.asyncio

from conformance.locks.either import KINDS, Kind
from ticketctl.locks import AsyncLeader, AsyncLock, AsyncLocker, Leader, Lock, Locker
from ticketctl.locks.aio.locker import Acquisition

LONG = "x" * 513
NAMES = ["", " ", "a b", "a\nb", "a\tb", "{a}", "a}", "a\0b", "\x7f", LONG, "ä" * 257]


def new_locker(kind: Kind, **options: Any) -> Locker | AsyncLocker:
    """Return a locker whose server is not there."""
    if kind == "threads":
        return Locker(redis.Redis(port=1), **options)
    return AsyncLocker(redis.asyncio.Redis(port=1), **options)


def refused(
    locker: Locker | AsyncLocker, way: str, error: type[Exception], said: str, *args: Any, **options: Any
) -> None:
    """Check that a call is refused for that reason."""

    async def call() -> None:
        result = getattr(locker, way)(*args, **options)
        if inspect.isawaitable(result):
            await result

    with pytest.raises(error, match=said):
        asyncio.run(call())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["acquire", "try_acquire"])
@pytest.mark.parametrize("kind", KINDS)
def test_names_that_cannot_be(kind: Kind, way: str, name: str) -> None:
    refused(new_locker(kind), way, ValueError, r"cannot name a lock: 1 to 512 bytes without spaces, control", name)


@pytest.mark.parametrize("name", [b"seat", 7, None, ["seat"]])
@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_text(kind: Kind, name: object) -> None:
    for way in ("acquire", "try_acquire"):
        refused(new_locker(kind), way, TypeError, f"a lock's name is a str, not {type(name).__name__}", name)


Wrong = tuple[dict[str, Any], type[Exception], str]
TTL = r"ttl must be from 0\.05 s to 7 days"
FENCE = "min_fence must be a whole number"


def wrong(option: str, values: tuple[object, ...], error: type[Exception], said: str) -> list[Wrong]:
    return [({option: value}, error, said) for value in values]


async def _awaited(_: object) -> None: ...


WRONG: list[Wrong] = [
    ({"max_hold": 60}, ValueError, "max_hold bounds renewing: it needs keep_alive=True"),
    ({"max_hold": 5, "keep_alive": True}, ValueError, r"max_hold \(5 s\) is shorter than ttl \(10 s\)"),
    ({"max_hold": math.nan, "keep_alive": True}, ValueError, "max_hold"),
    ({"max_hold": "60", "keep_alive": True}, TypeError, "max_hold is a number of seconds, not str"),
    ({"on_lost": _awaited}, TypeError, "on_lost is called and not awaited: let it start a task"),
    ({"on_lost": "call me"}, TypeError, "on_lost is called with the lock that was lost; str cannot be called"),
    *wrong("ttl", (0, -1, 0.01, math.nan, math.inf, 1e6), ValueError, TTL),
    *wrong("ttl", ("10", None, True), TypeError, "ttl is a number of seconds, not "),
    *wrong("min_fence", (-1, 2**53, 1.5, "7", True, None), ValueError, FENCE),
]


@pytest.mark.parametrize(("options", "error", "said"), WRONG, ids=[str(row[0]) for row in WRONG])
@pytest.mark.parametrize("way", ["acquire", "try_acquire"])
@pytest.mark.parametrize("kind", KINDS)
def test_terms_that_cannot_be(
    kind: Kind, way: str, options: dict[str, object], error: type[Exception], said: str
) -> None:
    refused(new_locker(kind), way, error, said, "seat", **options)


@pytest.mark.parametrize("kind", KINDS)
def test_waits_that_cannot_be(kind: Kind) -> None:
    for wait in (-1, -0.1, math.nan):
        said = r"wait_timeout must be 0 or more seconds \(math.inf waits for ever\)"
        refused(new_locker(kind), "acquire", ValueError, said, "seat", wait_timeout=wait)
    refused(
        new_locker(kind), "acquire", TypeError, "wait_timeout is a number of seconds, not str", "seat", wait_timeout="1"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_decorator_that_cannot_work_says_so_where_it_stands(kind: Kind) -> None:
    """And not on the night of the first call."""
    choices: list[dict[str, Any]] = [{"ttl": 0}, {"wait_timeout": -1}, {"max_hold": 5}]
    for options in choices:
        with pytest.raises(ValueError, match=r"must be|max_hold"):
            new_locker(kind).locked("seat", **options)


@pytest.mark.parametrize("namespace", ["", "a b", "{a}", "-a", "é", "a" * 101, ":"])
@pytest.mark.parametrize("kind", KINDS)
def test_namespaces_that_cannot_be(kind: Kind, namespace: str) -> None:
    with pytest.raises(ValueError, match="cannot be a namespace: letters, digits"):
        new_locker(kind, namespace=namespace)


@pytest.mark.parametrize("kind", KINDS)
def test_timeouts_that_cannot_be(kind: Kind) -> None:
    for timeout in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match="timeout"):
            new_locker(kind, timeout=timeout)
    for no_number in (None, "1"):
        with pytest.raises(TypeError, match="timeout"):
            new_locker(kind, timeout=no_number)


def test_a_client_of_the_wrong_kind_is_refused() -> None:
    threaded, awaited = redis.Redis(), redis.asyncio.Redis()
    hint = "AsyncLocker takes redis.asyncio.Redis, Locker takes redis.Redis"
    with pytest.raises(TypeError, match=f"redis.Redis is wanted, not Redis: {hint}"):
        Locker(awaited)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=f"redis.asyncio.Redis is wanted, not Redis: {hint}"):
        AsyncLocker(threaded)  # type: ignore[arg-type]
    for kind in (Locker, AsyncLocker):
        for other in ("redis://127.0.0.1", None, threaded.connection_pool):
            with pytest.raises(TypeError, match="is wanted, not "):
                kind(other)  # type: ignore[arg-type]
    cluster = object.__new__(redis.RedisCluster)
    with pytest.raises(TypeError, match="a cluster is not supported yet"):
        Locker(cluster)  # type: ignore[arg-type]


# --- parity -----------------------------------------------------------------------------------------

PAIRS: list[tuple[type, type]] = [(Locker, AsyncLocker), (Lock, AsyncLock), (Leader, AsyncLeader)]
SYNC_OF = {new.__name__: old.__name__ for old, new in PAIRS}


def faces(kind: type) -> dict[str, Callable[..., object]]:
    """What of a class is there to be called."""
    return {name: value for name, value in inspect.getmembers(kind, callable) if not name.startswith("_")}


def parameters(function: Callable[..., object]) -> list[tuple[str, object, object]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize(("sync", "aio"), PAIRS)
def test_both_kinds_have_the_same_face(sync: type, aio: type) -> None:
    assert faces(sync).keys() == faces(aio).keys()
    for name, function in faces(sync).items():
        assert parameters(function) == parameters(faces(aio)[name]), name
    own = [name for name in parameters(sync) if name[0] != "redis"]
    assert own == [name for name in parameters(aio) if name[0] != "redis"]
    properties = [name for name, value in inspect.getmembers(sync) if isinstance(value, property)]
    assert properties == [name for name, value in inspect.getmembers(aio) if isinstance(value, property)]


@pytest.mark.parametrize(("sync", "aio"), PAIRS)
def test_what_waits_is_awaited_and_nothing_else(sync: type, aio: type) -> None:
    waits = {"acquire", "campaign", "close", "extend", "release", "resign", "try_acquire"}
    for name, function in faces(aio).items():
        awaited = (
            inspect.iscoroutinefunction(function) or inspect.signature(function).return_annotation == "Acquisition"
        )
        assert awaited == (name in waits), name
        assert not inspect.iscoroutinefunction(faces(sync)[name])
    assert inspect.isawaitable(object.__new__(Acquisition))


@pytest.mark.parametrize("kind", [kind for pair in PAIRS for kind in pair])
def test_everything_public_says_what_it_does(kind: type) -> None:
    assert inspect.getdoc(kind)
    for name, function in faces(kind).items():
        text = inspect.getdoc(function)
        assert text, name
        for parameter in list(inspect.signature(function).parameters)[1:]:
            assert f"{parameter}: " in text, f"{name}({parameter})"


def test_both_kinds_raise_the_same_errors() -> None:
    for sync, aio in PAIRS:
        for name, function in faces(sync).items():
            assert raised(function) == raised(faces(aio)[name]), name


def raised(function: Callable[..., object]) -> list[str]:
    """The errors that a docstring names."""
    text = inspect.getdoc(function) or ""
    lines = text.partition("Raises:\n")[2].splitlines()
    return sorted(line.strip().partition(":")[0] for line in lines if line.startswith("    ") and line[4] != " ")
