-- Extend, by the holder only.
-- KEYS: lease. ARGV: token, lease in ms. Reply: 1, or 0 when the token does not hold the lock
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
