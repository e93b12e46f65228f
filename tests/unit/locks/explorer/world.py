"""What can happen next in the explored world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from conformance.locks.model import Scripts
from ticketctl.locks._room import Room
from ticketctl.locks._scripts import Acquire, Release
from unit.locks.explorer.invariants import InvariantError, check_ownership, checked
from unit.locks.explorer.passing import later, next_time
from unit.locks.explorer.process import Process
from unit.locks.explorer.redis_side import carried_out
from unit.locks.explorer.state import AWAKE, NAMES, NOTHING, Answer, Budget, Call, Client, Server, World

Step: TypeAlias = Callable[[], World]


@dataclass(frozen=True)
class Rules:
    """What is explored.

    Attributes:
        ttls: For each process, the ttl of each who may ask for the lock in it.
        budget: How often something may happen that needs not.
        process: The processes.
        room: Their rooms.
        scripts: The Redis side.
        strict: Whether rules are checked, too, that are stronger than what is wanted, and easier to break.
    """

    ttls: tuple[tuple[float, ...], ...]
    budget: Budget = NOTHING
    process: type[Process] = Process
    room: type[Room] = Room
    scripts: type[Scripts] = Scripts
    strict: bool = True

    def beginning(self) -> World:
        return World(Server(), tuple(Client() for _ in self.ttls), self.budget)

    def steps(self, world: World) -> Iterator[tuple[str, Step]]:
        """Yield everything that can happen next: what it is called, and what makes the next world of it."""
        for index, client in enumerate(world.clients):
            if client.alive:
                yield from self._of_process(world, index)
                yield from self._of_holders(world, index)
                yield from self._faults(world, index)
            if client.commands:
                yield f"{NAMES[index]}: {spelled(client.commands[0].call)} arrives", partial(self._arrive, world, index)
        for position, (index, call) in enumerate(world.late):
            rest = world._replace(late=world.late[:position] + world.late[position + 1 :])
            yield f"{NAMES[index]}: {spelled(call)} arrives late", partial(self._arrive_late, rest, index, call)
        if world.budget.faults and world.server.queue:
            forgotten = world.paying(faults=1)._replace(server=world.server._replace(queue=()))
            yield "the queue is forgotten", partial(self._checked, forgotten)
        if (milliseconds := next_time(world)) is not None:
            yield f"{milliseconds} ms pass", partial(self._pass, world, milliseconds)

    # --- a process ----------------------------------------------------------------------------

    def _of_process(self, world: World, index: int) -> Iterator[tuple[str, Step]]:
        client, name = world.clients[index], NAMES[index]
        act = partial(self._act, world, index)
        if client.started < len(self.ttls[index]):
            yield f"{name}: {client.started} wants the lock", partial(act, Process.start)
        for position, waiter in enumerate(client.waiters):
            if waiter.sleep in (AWAKE, 0):
                yield f"{name}: {waiter.number} asks", partial(act, partial(_step, position))
        for position, (command, answer) in enumerate(client.answers):
            called = f"{name}: the answer to {spelled(command.call)} is {answer}"
            yield called, partial(act, partial(_see, position))
        if client.inbox:
            yield f"{name}: hears of {client.inbox[0].token}", partial(act, Process.hear)
        if client.listening and not client.subscribed:
            yield f"{name}: notices that it hears nothing", partial(act, Process.notice)

    def _of_holders(self, world: World, index: int) -> Iterator[tuple[str, Step]]:
        client, name = world.clients[index], NAMES[index]
        for lease in client.leases:
            release = partial(_release, lease.token)
            if not _is_asked_for(client, lease.token):
                yield f"{name}: releases {lease.token}", partial(self._act, world, index, release)
            elif world.budget.leaves:
                # It was passed on within the process while its waiter asked: a task that is cancelled then lets it go.
                called = f"{name}: is cancelled and releases {lease.token}"
                yield called, partial(self._act, world.paying(leaves=1), index, release)
            if world.budget.extends and lease.left and not lease.asked:
                extend = partial(_extend, lease.token)
                yield f"{name}: extends {lease.token}", partial(self._act, world.paying(extends=1), index, extend)

    def _faults(self, world: World, index: int) -> Iterator[tuple[str, Step]]:
        client, name, budget = world.clients[index], NAMES[index], world.budget
        if budget.leaves:
            for position, waiter in enumerate(client.waiters):
                leave = partial(_leave, position)
                yield f"{name}: {waiter.number} leaves", partial(self._act, world.paying(leaves=1), index, leave)
        if budget.delays and client.commands:
            late = tuple((index, command.call) for command in client.commands)
            delayed = world.paying(delays=1)._replace(late=world.late + late)
            called = f"{name}: loses its connection, what has left is late"
            yield called, partial(self._act, delayed, index, Process.lose_track)
        if not budget.faults or client == Client():
            return
        after = world.paying(faults=1)
        if client.commands or client.answers:
            yield f"{name}: loses its connection", partial(self._act, after, index, Process.lose_connection)
        if client.subscribed:
            yield f"{name}: loses its subscription", partial(self._act, after, index, Process.lose_subscription)
        remains = Client(alive=False, commands=client.commands, losses=client.losses)
        yield f"{name}: crashes", partial(after.with_client, index, remains)

    def _act(self, world: World, index: int, act: Callable[[Process], object]) -> World:
        """Have a process do something."""
        process = self.process(index, world.clients[index], self.room, self.ttls[index])
        act(process)
        for lease in process.entered:
            if lease.fence <= world.highest:
                raise InvariantError(f"entered with fence {lease.fence}, after one of {world.highest}")
            world = world._replace(highest=lease.fence)
        return self._checked(world.with_client(index, process.state()))

    # --- the server ---------------------------------------------------------------------------

    def _arrive(self, world: World, index: int) -> World:
        command, *rest = world.clients[index].commands
        after, answer = self._executed(world, index, command.call)
        client = after.clients[index]._replace(commands=tuple(rest))
        if client.alive and not command.undo:
            client = client._replace(answers=(*client.answers, (command, answer)))
        return self._checked(after.with_client(index, client))

    def _arrive_late(self, world: World, index: int, call: Call) -> World:
        return self._checked(self._executed(world, index, call)[0])

    def _executed(self, world: World, index: int, call: Call) -> tuple[World, Answer]:
        after, answer = carried_out(self.scripts, world, index, call)
        check_ownership(world.server, after)
        return after, answer

    def _pass(self, world: World, milliseconds: int) -> World:
        return self._checked(later(world, milliseconds))

    def _checked(self, world: World) -> World:
        return checked(world, strict=self.strict)


def _is_asked_for(client: Client, token: str) -> bool:
    under_way = (*client.commands, *(command for command, _ in client.answers))
    return any(isinstance(command.call, Acquire) and command.call.token == token for command in under_way)


def _step(position: int, process: Process) -> None:
    process.step(process.sleepers[position])


def _see(position: int, process: Process) -> None:
    process.deliver(*process.answers.pop(position))


def _leave(position: int, process: Process) -> None:
    process.leave(process.sleepers[position])


def _release(token: str, process: Process) -> None:
    process.release(token)


def _extend(token: str, process: Process) -> None:
    process.extend(token)


def spelled(call: Call) -> str:
    if isinstance(call, Acquire):
        return f"acquire {call.token}"
    if isinstance(call, Release):
        return f"{'leave' if call.leave else 'release'} {call.token}" + (f" to {call.heir.token}" if call.heir else "")
    return f"extend {call.token}"
