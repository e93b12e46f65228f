"""Time passes in the explored world."""

from __future__ import annotations

from ticketctl.locks._room import MARGIN
from ticketctl.locks._scripts import Release
from unit.locks.explorer.state import ASKING, AWAKE, LOST_LONG_AGO, NEVER, Client, Command, World

_MARGIN = round(MARGIN * 1000)


def next_time(world: World) -> int | None:
    """Return the ms until something changes by itself."""
    times = [world.server.left + _MARGIN] if world.server.token else []
    for client in world.clients:
        times += [waiter.sleep for waiter in client.waiters if 0 < waiter.sleep < NEVER]
        times += [lease.left for lease in client.leases if lease.left]
    return min(times, default=None)


def later(world: World, passed: int) -> World:
    """Return the world after so many ms."""
    server = world.server
    if server.token and server.left < passed:
        server = server._replace(token="", fence=0, left=0)
    elif server.token:
        server = server._replace(left=server.left - passed)
    return world._replace(server=server, clients=tuple(_client_later(client, passed) for client in world.clients))


def _client_later(client: Client, passed: int) -> Client:
    def until(time: int) -> int:
        return time if time in (NEVER, AWAKE, ASKING) else max(0, time - passed)

    def sent(command: Command) -> Command:
        call = command.call
        ttl = call.heir.ttl if isinstance(call, Release) and call.heir else getattr(call, "ttl", 0.0)
        left = command.sent - passed
        return command._replace(sent=left if left > -ttl * 1000 else LOST_LONG_AGO)

    return client._replace(
        waiters=tuple(waiter._replace(sleep=until(waiter.sleep)) for waiter in client.waiters),
        poll_at=until(client.poll_at),
        listen_at=until(client.listen_at),
        leases=tuple(lease._replace(left=max(0, lease.left - passed)) for lease in client.leases),
        commands=tuple(map(sent, client.commands)),
        answers=tuple((sent(command), answer) for command, answer in client.answers),
    )
