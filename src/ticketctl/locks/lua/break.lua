-- Take the lock from its holder, whoever it is, if it is still the one that was seen.
-- ARGV: value seen, fence's lifetime in ms, claim in ms
-- Reply: 1, or 0 when another lease stands there now
local fence_ms, claim_ms = ARGV[2], ARGV[3]

if redis.call('GET', lease) ~= ARGV[1] then
  return 0
end
if not hand_over('', claim_ms, fence_ms) then
  redis.call('DEL', lease)
end
return 1
