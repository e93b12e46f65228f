-- Run a write command on a key, unless a newer holder of its lock has written to it.
-- KEYS: the key; the key that keeps its fence.
-- ARGV: the caller's fence; milliseconds that the fence is kept; the command; its arguments behind the key.
-- Returns {1, the command's reply} or {0, the newer fence}.
local stored = redis.call('GET', KEYS[2])
if stored then
    if not string.find(stored, '^%d+$') then
        return redis.error_reply('WRONGFENCE ' .. KEYS[2] .. ' holds no fence')
    end
    if tonumber(stored) > tonumber(ARGV[1]) then
        return {0, stored}
    end
end
-- The command first: one that is refused (wrong type, no memory) must not raise the fence. Once it has run, Redis
-- does not refuse the rest of the script for want of memory.
local reply = redis.call(ARGV[3], KEYS[1], unpack(ARGV, 4))
-- The fence is stored as the text that it came as: Lua would write 1.7e15 as 1.7e+15.
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {1, reply}
