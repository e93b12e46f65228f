"""Locks that are being let go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketctl.locks._server import backend_error

if TYPE_CHECKING:
    from ticketctl.locks._room import Room
    from ticketctl.locks._scripts import Let
    from ticketctl.locks._waiter import Handing


@dataclass(slots=True, eq=False)
class Going:
    """A lock that is being let go.

    Attributes:
        room: Its room.
        handing: Who it goes to.
        packed: The command.
        sent: When that left for the first time.
        over: What the caller waits for.
        repeated: Whether the command was sent again.
    """

    room: Room
    handing: Handing
    packed: bytes
    sent: float
    over: asyncio.Future[tuple[bool, bool]]
    repeated: bool = False

    def end(self, reply: Let | None, failure: BaseException | None) -> None:
        """Tell the caller."""
        if reply is not None:
            self.over.set_result((reply.held, not self.repeated))
        elif failure is not None:
            error = backend_error(failure, self.room.name, "release")
            error.__cause__ = failure
            self.over.set_exception(error)
