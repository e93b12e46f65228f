"""Writes that fail once a newer holder of the lock has written.

A lock in Redis can run out while its holder is stopped, and no clock of the holder tells it in time. The
fence of each lock is higher than that of every holder before; what is written is stored together with
it, and whoever comes with a lower one is refused by the data itself.

In MySQL, `update` compares the fence in the rows that it changes, and `guard` in a row of the lock's own, for
transactions that do more. In Redis, `write` runs a command if the key's fence allows it. `aupdate`, `aguard`
and `awrite` are the same for asyncio. `update_steps` and `guard_steps` are their insides, for drivers
that fit neither.
"""

from ticketctl.errors import StaleHolderError
from ticketctl.locks.fenced._cursors import AsyncCursor, Cursor, aguard, aupdate, guard, update
from ticketctl.locks.fenced._fence import FENCES_END
from ticketctl.locks.fenced._redis import awrite, fence_key, write
from ticketctl.locks.fenced._statements import LOCK_FENCES_TABLE, Answer, Statement, guard_steps, update_steps

__all__ = [
    "FENCES_END",
    "LOCK_FENCES_TABLE",
    "Answer",
    "AsyncCursor",
    "Cursor",
    "StaleHolderError",
    "Statement",
    "aguard",
    "aupdate",
    "awrite",
    "fence_key",
    "guard",
    "guard_steps",
    "update",
    "update_steps",
    "write",
]
