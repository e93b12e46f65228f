"""Holds that are nothing but keys in Redis, and the bare question whether such keys are there."""

from __future__ import annotations

from collections.abc import Sequence

from reservations.methods.recipes import TTL

MILLISECONDS = TTL * 1000
HOLD = """
if redis.call('EXISTS', unpack(KEYS)) > 0 then return 0 end
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
return 1
"""
RELEASE = """
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 1
"""


def keys(event_id: int, seat_ids: Sequence[int]) -> list[str]:
    """Return the names of seats."""
    return [f"bare:{{{event_id}}}:{seat_id}" for seat_id in seat_ids]


def exists(event_id: int, seat_ids: Sequence[int]) -> bytes:
    """Return the packed command that counts which of the seats are there."""
    words = [b"EXISTS", *(key.encode() for key in keys(event_id, seat_ids))]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
