-- KEYS: seats.
-- For people who look: nothing is changed.
-- Returns: for each seat two things, its entry, nothing where there is none, and the milliseconds that it still lives,
-- -1 for ever.
local found, values = {}, redis.call('MGET', unpack(KEYS))
for place, key in ipairs(KEYS) do
    found[2 * place - 1] = values[place]
    found[2 * place] = values[place] and redis.call('PTTL', key) or -2
end
return found
