"""Faults that are put into the locks on purpose, each with the tests that must find it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from conformance import mutations
from conformance.locks.mutant import REDIS
from conformance.locks.servers import RedisServer
from conformance.mutations import Change, Mutation

SUITE = "tests/conformance/locks/"


def _one(name: str, file: str, old: str, new: str, *killers: str) -> Mutation:
    """A fault in one file below `ticketctl/locks`; its killers are of the suite, or named from the root on."""
    named = tuple(killer if killer.startswith("tests/") else SUITE + killer for killer in killers)
    return Mutation(name, (Change(f"locks/{file}", old, new),), named)


_HANDLE, _ACQUIRE = "test_conformance_handle.py::test_", "test_conformance_acquire.py::test_"
_FENCE, _CANCEL = "test_conformance_fence.py::test_", "test_cancellation.py::test_"
_TASKS, _SCOPES = "test_loss_in_tasks.py::test_", "test_loss_in_scopes.py::test_"

ENTERS_ON_THE_MESSAGE = """
            from ticketctl.locks._clock import now
            first = self.waiters[0]
            self._take(first, Lease(self.name, token, 2**52, first.ttl, now()), now())
            first.wake()
"""

MUTATIONS = (
    # --- whose it is
    _one(
        "the owner check of release",
        "lua/release.lua",
        "local _, own = held_by(token)",
        "local own = held_by(token)",
        _HANDLE + "one_that_ran_out_is_lost[threads]",
    ),
    _one(
        "the owner check of extend",
        "lua/extend.lua",
        "if value and string.sub(value, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then",
        "if value then",
        _HANDLE + "one_that_the_server_does_not_know_is_lost[threads]",
    ),
    _one(
        "the end of the token in the owner check",
        "lua/grant.lua",
        "string.sub(value, 1, #token + 1) == token .. ' '",
        "string.sub(value, 1, #token) == token",
        _HANDLE + "a_token_that_another_one_begins_with_is_not_it[threads]",
    ),
    _one(
        "one's own token in acquire",
        "lua/acquire.lua",
        "if own then",
        "if false then",
        _HANDLE + "an_acquisition_whose_answer_was_lost_is_ones_own[threads]",
    ),
    _one(
        "that a repeated release finds what the first one left",
        "sync/lock.py",
        "certain=certain and first",
        "certain=certain",
        _HANDLE + "a_release_that_nobody_answered_can_be_tried_again[threads]",
    ),
    _one(
        "that a child is another process",
        "_handle.py",
        "if self._hub.pid != os.getpid():",
        "if False:",
        "test_interrupt_and_fork.py::test_a_child_that_is_forked_inside_a_block_leaves_the_lock_alone",
    ),
    # --- handing over
    _one(
        "the claim",
        "_room.py",
        "\n            self._told = 2\n            self._ask_now(0.0)\n",
        ENTERS_ON_THE_MESSAGE,
        _ACQUIRE + "who_waits_has_it_as_soon_as_it_is_released[asyncio]",
    ),
    _one(
        "that another one reads the messages when the reader has left",
        "sync/reading.py",
        "if self._reader is None and self._standby:",
        "if False:",
        _ACQUIRE + "who_waits_for_another_lock_is_told_when_one_has_left[threads-wins]",
    ),
    _one(
        "the hand-over",
        "lua/release.lua",
        "local handed = hand_over(next_token, claim_ms, fence_ms)",
        "local handed = nil",
        _ACQUIRE + "who_waits_has_it_as_soon_as_it_is_released[threads]",
    ),
    _one(
        "the skip of those whom no message reaches",
        "lua/grant.lua",
        "redis.call('PUBLISH', channel, token) > 0",
        "redis.call('PUBLISH', channel, token) >= 0",
        _ACQUIRE + "a_waiter_who_is_gone_is_skipped[threads]",
    ),
    _one(
        "the watchdog's look",
        "_room.py",
        "self.poll_at = now + (self._poll() if reply.left < 0 else min(self._poll(), reply.left + MARGIN))",
        "self.poll_at = math.inf",
        _ACQUIRE + "what_another_program_put_there_counts_as_held[threads-None]",
    ),
    # --- time
    _one(
        "that validity counts from before the question, when it is asked once",
        "sync/hub.py",
        "Lease(name, ask.token, reply.fence, terms.ttl, sent)",
        "Lease(name, ask.token, reply.fence, terms.ttl, now())",
        _HANDLE + "validity_counts_from_before_it_was_asked_for[threads]",
    ),
    _one(
        "that validity counts from before the question, when it is waited for",
        "_room.py",
        "Lease(self.name, ask.token, reply.fence, waiter.ttl, sent)",
        "Lease(self.name, ask.token, reply.fence, waiter.ttl, now)",
        _HANDLE + "validity_counts_from_before_it_was_asked_for[asyncio]",
    ),
    # --- fences
    _one(
        "the comparison with the last fence",
        "lua/grant.lua",
        "if last >= tonumber(fence) then",
        "if false then",
        _FENCE + "it_goes_on_from_what_is_stored_where_the_clock_is_behind[threads]",
    ),
    _one(
        "the clock in the fence",
        "lua/grant.lua",
        "local fence = at_least > now and integer(at_least) or since",
        "local fence = integer(at_least)",
        _FENCE + "it_grows_after_everything_was_forgotten[threads]",
    ),
    _one(
        "that a fence is written as a whole number",
        "lua/grant.lua",
        "string.format('%.0f', number)",
        "tostring(number)",
        _FENCE + "it_is_about_the_time_in_microseconds[threads]",
    ),
    _one(
        "the comparison of a fenced write in Redis",
        "lua/fenced_write.lua",
        "if tonumber(stored) > tonumber(ARGV[1]) then",
        "if false then",
        "tests/integration/locks/test_fenced_redis.py::test_a_stale_holder_changes_nothing[bytes]",
    ),
    _one(
        "the comparison of a fenced write in MySQL",
        "fenced/_statements.py",
        " AND ({fenced} IS NULL OR {fenced} <= %s)",
        " AND (TRUE OR {fenced} <= %s)",
        "tests/unit/locks/test_fenced.py::test_an_update_compares_the_fence_and_writes_it",
    ),
    # --- cancelling
    _one(
        "the cleanup of a cancelled acquire",
        "aio/hub.py",
        "            self._leave(room, sleeper.waiter)\n            raise\n",
        "            raise\n",
        _CANCEL + "winning_a_free_lock[asyncio-acquire-later]",
    ),
    _one(
        "the cleanup of a cancelled try_acquire",
        "aio/hub.py",
        "            self._post(name, undo)\n            raise\n",
        "            raise\n",
        _CANCEL + "winning_a_free_lock[asyncio-try_acquire-later]",
    ),
    _one(
        "the cleanup of an interrupted acquire",
        "sync/hub.py",
        "                self._leave(room, waiter)\n",
        "                pass\n",
        "test_interrupt_and_fork.py::test_an_interrupted_waiter_leaves_the_queue",
    ),
    _one(
        "the end of a release that is cancelled",
        "aio/hub.py",
        "if not going.repeated:",
        "if not going.repeated and not going.over.done():",
        _CANCEL + "a_release_that_is_cancelled_is_still_seen_to_its_end[asyncio]",
    ),
    _one(
        "the taking back of our own cancel",
        "aio/lock.py",
        "owner.uncancel() > self._cancels_before",
        "owner.cancelling() - 1 > self._cancels_before",
        _TASKS + "the_task_is_cancelled_and_loss_comes_out[asyncio]",
    ),
    _one(
        "the precedence of somebody else's cancel",
        "aio/lock.py",
        "owner.uncancel() > self._cancels_before",
        "owner.uncancel() < 0",
        _SCOPES + "a_time_limit_outside[asyncio]",
    ),
    # --- what comes out
    _one(
        "the precedence of the body's error",
        "sync/lock.py",
        "if error is None:",
        "if True:",
        "test_conformance_with.py::test_the_bodys_own_error_comes_out_with_a_note_of_the_loss[threads]",
    ),
)


def judged(folder: Path, killers: Sequence[str], server: RedisServer) -> subprocess.CompletedProcess[str]:
    """Run tests on a copy of the package, up to the first that fails."""
    environ = {REDIS: f"{server.container.name}:{server.port}"}
    return mutations.judged(folder, killers, "conformance.locks.mutant", environ)
