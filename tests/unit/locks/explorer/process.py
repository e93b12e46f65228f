"""One process of the explored world: a real `Room`, and a shell that does what the sync and the asyncio hub do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from ticketctl.locks._lease import Lease
from ticketctl.locks._room import Room
from ticketctl.locks._scripts import Acquire, Busy, Granted, Let, Release
from ticketctl.locks._waiter import Handing, Listen, Ticket, Wait, Waiter
from unit.locks.explorer.state import (
    ASKING,
    AWAKE,
    LOST_LONG_AGO,
    NAMES,
    NEVER,
    Answer,
    Client,
    Command,
    Extend,
    LeaseState,
    Message,
    WaiterState,
)

NOW = 1000.0
"""The time by the clock of the machine, always: what is kept is relative to it."""
MakeRoom: TypeAlias = Callable[..., Room]


def at(relative: int) -> float:
    """Return a time of the clock."""
    return math.inf if relative >= NEVER else NOW + relative / 1000


def relative(time: float) -> int:
    """Return a time of the clock as it is kept: what has passed is now."""
    return NEVER if time == math.inf else max(0, round((time - NOW) * 1000))


class Sleeper(Waiter):
    """A waiter, and the sleep of its thread or task."""

    __slots__ = ("number", "sleep")

    def __init__(self, number: int, ttl: float, sleep: int) -> None:
        super().__init__(ttl, 0, self._woken)
        self.number = number
        self.sleep = sleep

    def _woken(self) -> None:
        if self.sleep != ASKING:
            self.sleep = AWAKE


class Process:
    """A process that can be worked with, made of its state.

    Args:
        index: Which of the processes it is.
        state: What is known of it.
        make_room: Makes the room.
        ttls: The ttl of each waiter.

    Attributes:
        entered: Leases that somebody entered with since it was made.
    """

    def __init__(self, index: int, state: Client, make_room: MakeRoom, ttls: tuple[float, ...]) -> None:
        self.name = NAMES[index]
        self.ttls = ttls
        self.alive, self.listening, self.subscribed = state.alive, state.listening, state.subscribed
        self.started, self.made, self.losses = state.started, state.tickets, state.losses
        self.commands, self.answers, self.inbox = list(state.commands), list(state.answers), list(state.inbox)
        self.heard = state.heard
        self.entered: list[Lease] = []
        self._asked = {lease.token for lease in state.leases if lease.asked}
        self.leases = {lease.token: self._lease(lease) for lease in state.leases}
        self._tickets = {
            command.ticket: self._ticket(command.ticket, command.taken)
            for command in (*self.commands, *(command for command, _ in self.answers))
            if command.ticket
        }
        self.room = make_room("lock", {}, self._new_token)
        self.room.waiters.extend(self._waiter(waiter) for waiter in state.waiters)
        self.room.poll_at, self.room._listen_at, self.room._told = at(state.poll_at), at(state.listen_at), state.told
        self.room.holder = self.leases.get(state.holder)
        if state.ticket:
            self.room.ticket = self._tickets.setdefault(state.ticket, Ticket(state.ticket))

    def _lease(self, state: LeaseState) -> Lease:
        lease = Lease("lock", state.token, state.fence, 0.0, NOW)
        lease.valid_until = at(state.left)
        return lease

    @staticmethod
    def _ticket(token: str, taken: bool) -> Ticket:
        ticket = Ticket(token)
        ticket.taken = taken
        return ticket

    def _waiter(self, state: WaiterState) -> Sleeper:
        waiter = Sleeper(state.number, self.ttls[state.number], state.sleep)
        waiter.contended = state.contended
        return waiter

    def _new_token(self) -> str:
        self.made += 1
        return f"{self.name}{self.made}"

    @property
    def channel(self) -> str:
        return f"wake:{self.name}"

    @property
    def sleepers(self) -> list[Sleeper]:
        return [waiter for waiter in self.room.waiters if isinstance(waiter, Sleeper)]

    def sleeper(self, number: int) -> Sleeper | None:
        return next((waiter for waiter in self.sleepers if waiter.number == number), None)

    def state(self) -> Client:
        """Return what is known of it now."""
        room = self.room
        return Client(
            alive=self.alive,
            listening=self.listening,
            subscribed=self.subscribed,
            started=self.started,
            tickets=self.made,
            waiters=tuple(WaiterState(w.number, w.contended, self._sleep(w)) for w in self.sleepers),
            ticket=room.ticket.token if room.ticket else "",
            poll_at=relative(room.poll_at) if room.waiters else 0,
            listen_at=relative(room._listen_at) if room.waiters else 0,
            told=room._told if room.waiters else 0,
            holder=room.holder.token if room.holder else "",
            leases=tuple(
                LeaseState(
                    lease.token,
                    lease.fence,
                    0 if lease.loss else relative(lease.valid_until),
                    lease.token in self._asked,
                )
                for lease in self.leases.values()
            ),
            commands=tuple(map(self._kept, self.commands)),
            answers=tuple((self._kept(command), answer) for command, answer in self.answers),
            inbox=tuple(self.inbox),
            heard=self.heard if room.ticket and room.ticket.token == self.heard else "",
            losses=self.losses,
        )

    def _sleep(self, waiter: Sleeper) -> int:
        """Have who is awake look at what there is to do, and sleep where that is nothing."""
        if waiter.sleep == AWAKE and (self.room.waiters[0] is not waiter or self.room.poll_at > NOW):
            step = self.room.next(waiter, NOW, listening=self.listening)
            if isinstance(step, Wait):
                waiter.sleep = relative(step.until)
        return waiter.sleep

    def _kept(self, command: Command) -> Command:
        ticket = self._tickets.get(command.ticket)
        return command if ticket is None else command._replace(taken=ticket.taken)

    # --- what a shell does --------------------------------------------------------------------

    def start(self) -> None:
        """Somebody wants the lock."""
        waiter = Sleeper(self.started, self.ttls[self.started], AWAKE)
        self.started += 1
        self.room.join(waiter, NOW)
        self.step(waiter)

    def step(self, waiter: Sleeper) -> None:
        """Do what the room says, up to the next thing that takes time."""
        waiter.sleep = AWAKE
        step = self.room.next(waiter, NOW, listening=self.listening)
        if isinstance(step, Listen):
            self.listening = self.subscribed = True
            step = self.room.next(waiter, NOW, listening=True)
        if isinstance(step, Wait):
            waiter.sleep = relative(step.until)
        else:
            assert isinstance(step, Acquire)
            waiter.sleep = ASKING
            self.heard = ""
            self.commands.append(Command(step, 0, waiter.number))

    def hear(self) -> None:
        message = self.inbox.pop(0)
        self.heard = message.token
        self.told(message)

    def told(self, message: Message) -> None:
        self.room.told(message.token)
        self._enter()

    def release(self, token: str) -> None:
        lease = self.leases.pop(token)
        lease.lost_at(NOW)
        lease.released = True
        handing = self.room.release(lease)
        ticket = handing.ticket.token if handing.ticket else ""
        if handing.ticket:
            self._tickets[ticket] = handing.ticket
        heir = handing.heir.number if isinstance(handing.heir, Sleeper) else -1
        self.commands.append(Command(handing.let, 0 if ticket else LOST_LONG_AGO, ticket=ticket, heir=heir))

    def extend(self, token: str) -> None:
        self._asked.add(token)
        self.commands.append(Command(Extend(token, self.ttls[0]), 0))

    def leave(self, waiter: Sleeper) -> None:
        """The time of somebody is over, or they are cancelled, perhaps while their question is under way."""
        self._undo(self.room.leave(waiter, NOW))
        self.answers = [(command, answer) for command, answer in self.answers if command.waiter != waiter.number]
        self.commands = [
            command._replace(waiter=-1, undo=True) if command.waiter == waiter.number else command
            for command in self.commands
        ]

    def lose_connection(self) -> None:
        """Nothing that is under way is answered; what may be sent again is, once."""
        self.losses += 1
        lost = [*(command for command, _ in self.answers), *self.commands]
        self.commands, self.answers = [], []
        for command in lost:
            if isinstance(command.call, Release) and not command.repeated:
                self.commands.append(command._replace(repeated=True))
            elif not command.undo:
                self.deliver(command, None)

    def lose_track(self) -> None:
        """Lose the connection while what has left may still arrive, at any time."""
        self.lose_connection()
        self.losses += 1

    def notice(self) -> None:
        self.listening = False

    def lose_subscription(self) -> None:
        self.subscribed = False
        self.inbox = []

    # --- answers ------------------------------------------------------------------------------

    def deliver(self, command: Command, answer: Answer | None) -> None:
        """Have who waits for an answer see it; None when there is none."""
        call, sent = command.call, self.sent(command)
        if isinstance(call, Acquire):
            waiter = self.sleeper(command.waiter)
            if waiter is not None:
                assert answer is None or isinstance(answer, (Granted, Busy))
                waiter.sleep = AWAKE
                self.room.answered(waiter, call, answer, sent=sent, now=NOW)
        elif isinstance(call, Release):
            if not command.undo:
                assert answer is None or isinstance(answer, Let)
                handing = self._handing(command, call)
                self._undo(self.room.released(handing, answer, sent=sent, now=NOW, listening=self.listening))
        else:
            self._extended(call, answer, sent)
        self._enter()

    def sent(self, command: Command) -> float:
        """When a command left, as far as what it won is concerned."""
        return NOW + command.sent / 1000

    def _handing(self, command: Command, let: Release) -> Handing:
        heir = self.sleeper(command.heir) or Sleeper(-1, 1.0, AWAKE)
        return Handing(let, self._tickets.get(command.ticket), heir if command.ticket else None)

    def _extended(self, call: Extend, answer: Answer | None, sent: float) -> None:
        lease = self.leases.get(call.token)
        self._asked.discard(call.token)
        if lease is None or answer is None:
            return
        if answer:
            lease.extended(call.ttl, sent)
        else:
            lease.loss = "taken"

    def _undo(self, let: Release | None) -> None:
        if let is not None:
            self.commands.append(Command(let, LOST_LONG_AGO, undo=True))

    def _enter(self) -> None:
        holder = self.room.holder
        if holder is not None and holder.token not in self.leases:
            self.leases[holder.token] = holder
            self.entered.append(holder)
