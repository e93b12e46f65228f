"""What the explorer knows of the world at one moment: values that can be compared, all times relative to now."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from ticketctl.locks._scripts import Acquire, Busy, Granted, Let, Release

NAMES = "ab"
"""What the processes are called."""
NEVER = 10**9
"""A time that does not come, in ms from now."""
AWAKE = -1
"""The sleep of a waiter that has something to do."""
ASKING = -2
"""The sleep of a waiter whose question is under way."""
LOST_LONG_AGO = -(10**6)
"""When a command left, once that is so long ago that nothing can be believed of its answer."""


class Extend(NamedTuple):
    """Ask for more time."""

    token: str
    ttl: float


Call: TypeAlias = Acquire | Release | Extend
Answer: TypeAlias = Granted | Busy | Let | bool


class Command(NamedTuple):
    """A command on its way.

    Attributes:
        call: What is asked.
        sent: When it left, in ms from now.
        waiter: Who asks; those who have gone do not listen for the answer.
        undo: Whether nobody waits for the answer.
        ticket: Release: the ticket of those who waited in the same process.
        taken: Release: whether that ticket has become somebody's lease.
        heir: Release: who was first among them.
        repeated: Whether it is sent for the second time.
    """

    call: Call
    sent: int
    waiter: int = -1
    undo: bool = False
    ticket: str = ""
    taken: bool = False
    heir: int = -1
    repeated: bool = False


class WaiterState(NamedTuple):
    """Somebody who waits; `sleep` is when they come back, or `AWAKE`, `ASKING`."""

    number: int
    contended: bool
    sleep: int


class LeaseState(NamedTuple):
    """A lease that its holder has not released; `left` is for how long they believe in it."""

    token: str
    fence: int
    left: int
    asked: bool


class Message(NamedTuple):
    """A lock was handed to a token."""

    token: str
    fence: int


class Client(NamedTuple):
    """One process.

    Attributes:
        alive: Whether it has not crashed.
        listening: Whether it thinks that messages are heard.
        subscribed: Whether they are.
        started: How many have asked for the lock in it.
        tickets: How many tickets it has made.
        waiters: Who waits in it.
        ticket: The room's ticket.
        poll_at: When the first of the room asks.
        listen_at: When it tries again to listen.
        told: What the room remembers of messages.
        holder: The token of the lease that the room knows of.
        leases: What it believes in, or believed in.
        commands: What has left it, and not arrived.
        answers: What came of commands, not yet seen by who waits for it.
        inbox: Messages on their way to it.
        heard: The last message.
        losses: How often its connection was lost.
    """

    alive: bool = True
    listening: bool = False
    subscribed: bool = False
    started: int = 0
    tickets: int = 0
    waiters: tuple[WaiterState, ...] = ()
    ticket: str = ""
    poll_at: int = 0
    listen_at: int = 0
    told: int = 0
    holder: str = ""
    leases: tuple[LeaseState, ...] = ()
    commands: tuple[Command, ...] = ()
    answers: tuple[tuple[Command, Answer], ...] = ()
    inbox: tuple[Message, ...] = ()
    heard: str = ""
    losses: int = 0


class Server(NamedTuple):
    """What Redis holds: whose the lease is, its fence, the ms until it ends; the last fence; the queue."""

    token: str = ""
    fence: int = 0
    left: int = 0
    last_fence: int = 0
    queue: tuple[str, ...] = ()


class Budget(NamedTuple):
    """How often something may happen.

    Attributes:
        faults: A connection, a subscription or the queue is lost, a process crashes.
        leaves: Somebody who waits leaves: their time is over, or they are cancelled.
        extends: A lease is extended.
        delays: A connection is lost, and what has left by it arrives late.
    """

    faults: int = 0
    leaves: int = 0
    extends: int = 0
    delays: int = 0


NOTHING = Budget()


class World(NamedTuple):
    """Everything.

    Attributes:
        server: Redis.
        clients: The processes.
        budget: How often something may still happen.
        highest: The highest fence that anybody entered with.
        late: Commands of lost connections that the server may still come to see, each with its process.
    """

    server: Server
    clients: tuple[Client, ...]
    budget: Budget
    highest: int = 0
    late: tuple[tuple[int, Call], ...] = ()

    def with_client(self, index: int, client: Client) -> World:
        """Return it with that process in that place."""
        return self._replace(clients=(*self.clients[:index], client, *self.clients[index + 1 :]))

    def paying(self, **once: int) -> World:
        """Return it with less budget."""
        budget = self.budget
        return self._replace(budget=budget._replace(**{name: getattr(budget, name) - n for name, n in once.items()}))
