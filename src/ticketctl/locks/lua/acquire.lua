-- Acquire; and as it is idempotent for its own token, also: retry, claim what was handed over, look again.
-- ARGV: token, owner, lease in ms, fence's lifetime in ms, least fence, claim in ms, channel ('' does not queue),
--   queue's lifetime in ms
-- Reply: {1, fence}, or {0, ms until the lease ends (-1: never)}
local token, owner, channel = ARGV[1], ARGV[2], ARGV[7]
local lease_ms, fence_ms, at_least, claim_ms = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]

local value, own = held_by(token)
if own then
  local fence = string.match(value, '^%S+ (%d+)')
  if tonumber(fence) < at_least then
    return {1, grant(token, owner, lease_ms, fence_ms, at_least)}
  end
  redis.call('PEXPIRE', lease, lease_ms)
  return {1, fence}
end
if not value and hand_over(token, claim_ms, fence_ms) ~= 'other' then
  return {1, grant(token, owner, lease_ms, fence_ms, at_least)}
end
if channel ~= '' then
  local entry = token .. ' ' .. channel .. ' ' .. owner
  if not redis.call('LPOS', queue, entry) then
    redis.call('RPUSH', queue, entry)
  end
  redis.call('PEXPIRE', queue, ARGV[8])
end
return {0, redis.call('PTTL', lease)}
