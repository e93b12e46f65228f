"""The commands that a fenced write in Redis may run."""

from __future__ import annotations

_NAMES = """
APPEND BITFIELD DECR DECRBY DEL DELEX EXPIRE EXPIREAT GEOADD GETDEL GETEX GETSET
HDEL HEXPIRE HEXPIREAT HGETDEL HGETEX HINCRBY HINCRBYFLOAT HMSET HPERSIST HPEXPIRE HPEXPIREAT HSET HSETEX HSETNX
INCR INCRBY INCRBYFLOAT LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM
PERSIST PEXPIRE PEXPIREAT PFADD PSETEX RESTORE RPOP RPUSH RPUSHX
SADD SET SETBIT SETEX SETNX SETRANGE SPOP SREM UNLINK
XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX XSETID XTRIM
ZADD ZINCRBY ZPOPMAX ZPOPMIN ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE
"""
ONE_KEY_WRITES = frozenset(_NAMES.split())
"""Commands that write to one key, given first, and return at once. DEL and UNLINK count with one key only.

A list and not the server's own: that costs a round trip, and the second key of a RENAME or COPY would be written
without its fence being looked at. A test compares the list with what a server says of its commands.
"""
