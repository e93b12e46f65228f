-- KEYS: seats. ARGV: hold id.
-- Removes the entries of a hold, also those that it was leaving.
-- Returns: how many there were.
local count, leaving = 0, ARGV[1] .. '!'
for place, holder in ipairs(redis.call('MGET', unpack(KEYS))) do
    if holder == ARGV[1] or holder == leaving then
        count = count + redis.call('DEL', KEYS[place])
    end
end
return count
