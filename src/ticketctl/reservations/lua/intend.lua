-- KEYS: seats. ARGV: hold id, milliseconds.
-- Announces that a hold wants these seats, unless another one has or wants one of them.
-- Returns: the places of those, counted from 1; an empty list when it is announced.
-- An entry that it has already, or is leaving, is left as it is: it may live longer than an intent, or be about to go.
local holders, taken, leaving = redis.call('MGET', unpack(KEYS)), {}, ARGV[1] .. '!'
for place, holder in ipairs(holders) do
    if holder and holder ~= ARGV[1] and holder ~= leaving then
        taken[#taken + 1] = place
    end
end
if #taken == 0 then
    for place, key in ipairs(KEYS) do
        if not holders[place] then
            redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
        end
    end
end
return taken
