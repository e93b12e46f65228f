-- KEYS: seats. ARGV: milliseconds that an intent lives; then for each seat the value that was found to be wrong, what
-- it shall be, '' for nothing, and for how many milliseconds.
-- Puts entries right that are what they were when they were judged. What may be an intent is left alone: the hold that
-- wrote it may be in the middle of its transaction.
-- Returns: for each seat 1 where it was put right, else 0.
local done = {}
for place, key in ipairs(KEYS) do
    local seen, wanted, left = ARGV[3 * place - 1], ARGV[3 * place], redis.call('PTTL', key)
    done[place] = 0
    if (left == -1 or left > tonumber(ARGV[1])) and redis.call('MGET', key)[1] == seen then
        if wanted == '' then
            redis.call('DEL', key)
        else
            redis.call('SET', key, wanted, 'PX', ARGV[3 * place + 1])
        end
        done[place] = 1
    end
end
return done
