"""What must never be in the explored world."""

from __future__ import annotations

from ticketctl.locks._room import POLL, RETRY
from unit.locks.explorer.state import NAMES, NEVER, Client, Server, World

_POLL = round(POLL * 1000)
_RETRY = round(RETRY * 1000)


class InvariantError(AssertionError):
    """Something is that must never be."""


def checked(world: World, *, strict: bool) -> World:
    """Return the world if it is one that may be.

    Args:
        world: The world.
        strict: Whether the server must know of each belief as long as it lasts, whether who waits must look again soon,
            and whether nothing may be left behind.

    Raises:
        InvariantError: It must never be.
    """
    believers = [lease.token for client in world.clients for lease in client.leases if lease.left]
    if len(believers) > 1:
        raise InvariantError(f"{' and '.join(believers)} both believe that they hold the lock")
    for client in world.clients:
        if client.waiters and client.waiters[0].sleep == NEVER and _nothing_will_happen(world):
            raise InvariantError(f"{client.waiters[0].number} waits and nothing will ever wake them")
    if strict:
        _check_strictly(world)
    return world


def _check_strictly(world: World) -> None:
    for index, client in enumerate(world.clients):
        for lease in client.leases:
            if lease.left and (lease.token != world.server.token or lease.left > world.server.left):
                raise InvariantError(f"{lease.token} is believed in for {lease.left} ms, and is not held for so long")
        if client.waiters:
            _check_progress(world, client)
        if client.alive and not client.commands and not client.answers and client.losses < 2:
            _check_nothing_left(world, client, NAMES[index])


def check_ownership(before: Server, after: World) -> None:
    """Look whether a command has ended the lease of somebody who believes in it.

    Raises:
        InvariantError: It has.
    """
    if before.token and after.server.token != before.token:
        for client in after.clients:
            if any(lease.token == before.token and lease.left for lease in client.leases):
                raise InvariantError(f"{before.token} is believed in, and was released")


def _check_progress(world: World, client: Client) -> None:
    """Somebody who waits looks again soon, and at once where they were told."""
    first = client.waiters[0]
    if first.sleep > _POLL:
        raise InvariantError(f"{first.number} looks again in {first.sleep} ms only")
    told = client.heard and client.heard == client.ticket == world.server.token
    if told and first.sleep > _RETRY and not client.answers and not client.commands:
        raise InvariantError(f"{first.number} was told of {client.heard} and sleeps for {first.sleep} ms")


def _nothing_will_happen(world: World) -> bool:
    """Tell whether the lock is free, and nobody has anything to do."""
    return not world.server.token and not any(
        client.commands
        or client.answers
        or client.inbox
        or client.leases
        or any(waiter.sleep < NEVER for waiter in client.waiters)
        for client in world.clients
    )


def _check_nothing_left(world: World, client: Client, name: str) -> None:
    """What is at the server belongs to somebody."""
    known = {client.ticket, *(lease.token for lease in client.leases)}
    left = {entry.split(" ")[0] for entry in world.server.queue} | {world.server.token}
    if nobodys := sorted(token for token in left if token.startswith(name) and token not in known):
        raise InvariantError(f"{nobodys[0]} is at the server, and nobody waits for it")
