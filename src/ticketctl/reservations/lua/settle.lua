-- KEYS: seats. ARGV: hold id, milliseconds.
-- Lets the entries of a hold live for so long from now; only where they are still there, so that what
-- has been given back meanwhile is not taken again.
-- Returns: how many there were.
local count = 0
for place, holder in ipairs(redis.call('MGET', unpack(KEYS))) do
    if holder == ARGV[1] then
        count = count + redis.call('PEXPIRE', KEYS[place], ARGV[2])
    end
end
return count
