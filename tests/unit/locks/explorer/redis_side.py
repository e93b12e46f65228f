"""The server of the explored world: the model of the scripts, on one lock."""

from __future__ import annotations

from typing import cast

from conformance.locks.model import NOBODY, Heir, LockKeys, Scripts, Store
from ticketctl.locks._scripts import CLAIM, Acquire, Release, acquired, let_go
from unit.locks.explorer.state import NAMES, Answer, Call, Message, Server, World

KEYS = LockKeys("lease", "fence", "queue")
OWNER = "me"
FOR_EVER = 10**9


def carried_out(scripts: type[Scripts], world: World, index: int, call: Call) -> tuple[World, Answer]:
    """Return the world after a command of a process, and its answer.

    The clock of the server stands still at 0, behind every fence: none of them comes from it.
    """
    store = Store()
    for number, client in enumerate(world.clients):
        if client.subscribed:
            store.heard[_channel(number)] = []
    before = world.server
    if before.token:
        store.set(KEYS.lease, f"{before.token} {before.fence} 0 {OWNER}", before.left)
    store.values[KEYS.fence] = str(before.last_fence)
    if before.queue:
        store.values[KEYS.queue] = list(before.queue)
    answer = _answer(scripts(store, KEYS, round(CLAIM * 1000)), _channel(index), call)
    after = world._replace(server=_server(store))
    for number, client in enumerate(world.clients):
        messages = [Message(token, after.server.fence) for token in store.heard.get(_channel(number), ())]
        after = after.with_client(number, client._replace(inbox=(*client.inbox, *messages)))
    return after, answer


def _channel(index: int) -> str:
    return f"wake:{NAMES[index]}"


def _answer(scripts: Scripts, channel: str, call: Call) -> Answer:
    if isinstance(call, Acquire):
        reply = scripts.acquire(
            call.token, OWNER, round(call.ttl * 1000), FOR_EVER, channel=channel if call.queue else ""
        )
        return acquired(cast("list[int]", reply))
    if isinstance(call, Release):
        entry = f"{call.token} {channel} {OWNER}" if call.leave else ""
        heir = call.heir
        terms = Heir(heir.token, channel, OWNER, round(heir.ttl * 1000), 0, FOR_EVER) if heir else NOBODY
        return let_go(cast("list[int]", scripts.release(call.token, FOR_EVER, entry, terms)))
    return scripts.extend(call.token, round(call.ttl * 1000)) == 1


def _server(store: Store) -> Server:
    value = (store.get(KEYS.lease) or "  0").split(" ")
    return Server(
        token=value[0],
        fence=int(value[1] or 0),
        left=max(0, store.pttl(KEYS.lease)),
        last_fence=int(store.get(KEYS.fence) or 0),
        queue=tuple(store.list(KEYS.queue)),
    )
