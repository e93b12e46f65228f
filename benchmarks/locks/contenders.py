"""Who is measured, where each is installed, and which of the server's commands its clients send themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from locks.server import Counters

WORKER = Path(__file__).with_name("worker.py")
GO_PROGRAM = "go/locks-peer"
PROJECT, PYTHON, REDLOCK_NG, GO = "", "python/bin/python", "redlock-ng/bin/python", GO_PROGRAM
# What ticketctl's scripts call; its clients send none of these themselves.
SCRIPTED = frozenset(["set", "get", "del", "time", "pttl", "pexpire", "publish", "lpop", "rpush", "lpos", "lrem"])


@dataclass(frozen=True, slots=True)
class Contender:
    """A library in one setting.

    Attributes:
        title: Its row.
        adapter: Module of `adapters` and a variant of it, or a name that the Go program knows.
        home: The interpreter or program in the peers' folder; empty for the project's own environment.
        sent: The commands that its clients send; None when they are all but those in `SCRIPTED`.
        scripted: Of those, how often each is called by a script as well: by every run of the command beside it.
    """

    title: str
    adapter: str
    home: str = PROJECT
    sent: frozenset[str] | None = None
    scripted: Mapping[str, str] = field(default_factory=dict, hash=False)

    def program(self, peers: Path | None) -> list[str]:
        """Return the program that runs its jobs."""
        if self.home == PROJECT:
            return [sys.executable, str(WORKER)]
        assert peers is not None
        program = str(peers.absolute() / self.home)
        return [program] if self.home == GO else [program, str(WORKER)]

    def there(self, peers: Path | None) -> bool:
        """Whether it can be run."""
        return self.home == PROJECT or (peers is not None and (peers / self.home).exists())

    def commands(self, added: Counters) -> int:
        """Return how many commands its clients have sent."""
        if self.sent is None:
            return sum(count for name, count in added.calls.items() if name not in SCRIPTED)
        sent = sum(count for name, count in added.calls.items() if name in self.sent)
        return sent - sum(added.calls.get(runs, 0) for runs in self.scripted.values())


def _peer(title: str, adapter: str, home: str, *sent: str, scripted: Mapping[str, str] | None = None) -> Contender:
    return Contender(title, adapter, home, frozenset(sent), scripted or {})


FLOOR = Contender("raw socket, our scripts", "raw:fenced")
SPIN = _peer("raw socket, SET, 1 ms spin", "raw:set", PROJECT, "set", "evalsha")
REDIS_PY = _peer("redis-py Lock", "redis_py:default", PROJECT, "set", "evalsha")
REDIS_PY_1MS = _peer("redis-py Lock, 1 ms", "redis_py:1ms", PROJECT, "set", "evalsha")
PYTHON_REDIS_LOCK = _peer(
    *("python-redis-lock", "python_redis_lock:plain", PYTHON, "get", "set", "blpop", "evalsha"),
    scripted={"get": "evalsha"},
)
RENEWING = _peer("python-redis-lock, renewed", "python_redis_lock:auto_renewal", PYTHON, "evalsha")
POTTERY = _peer("pottery Redlock", "pottery_redlock:", PYTHON, "set", "evalsha")
REDLOCK = _peer("redlock-ng", "redlock_ng:", REDLOCK_NG, "set", "eval")
GO_REDISLOCK = _peer("bsm/redislock (Go), 1 ms", "redislock", GO, "eval", "evalsha")
GO_REDSYNC = _peer("redsync (Go), 1 ms", "redsync", GO, "set", "eval", "evalsha")
NO_LOCK = Contender("no lock at all", "raw:none")
FLOOR_RENEWING = Contender("raw socket, our extend, in batches", "raw:renewing")
OURS = Contender("ticketctl", "own:plain")
OURS_KEPT = Contender("ticketctl, kept alive", "own:keep_alive")

ASYNC_REDIS_PY = _peer("redis.asyncio Lock", "redis_py:default", PROJECT, "set", "evalsha")
ASYNC_REDIS_PY_1MS = _peer("redis.asyncio Lock, 1 ms", "redis_py:1ms", PROJECT, "set", "evalsha")
ASYNC_POTTERY = _peer("pottery AIORedlock", "pottery_redlock:", PYTHON, "set", "evalsha")
ASYNC_REDLOCK = _peer("redlock-ng, asyncio", "redlock_ng:", REDLOCK_NG, "set", "eval")
ASYNC_OURS = Contender("ticketctl, asyncio", "own:plain")
ASYNC_OURS_KEPT = Contender("ticketctl, asyncio, kept alive", "own:keep_alive")
IN_PROCESS = Contender("asyncio.Lock, no server", "in_process:")

ALL_PEERS = (PYTHON_REDIS_LOCK, POTTERY, REDLOCK, GO_REDISLOCK, GO_REDSYNC)


def missing(peers: Path | None) -> Iterator[str]:
    """Say which contenders are left out."""
    for contender in ALL_PEERS:
        if peers is None:
            yield f"{contender.title}: left out, no folder was given with --peers"
        elif not contender.there(peers):
            yield f"{contender.title}: left out, {peers / contender.home} is missing (prepare it by peers.py {peers})"


def present(contenders: Sequence[Contender], peers: Path | None) -> list[Contender]:
    """Return those that can be run."""
    return [contender for contender in contenders if contender.there(peers)]
