-- Release; or leave the queue, when the token holds nothing.
-- ARGV: token, fence's lifetime in ms, claim in ms, entry to take out of the queue,
--   and who waits in the same process ('' for nobody): next token, channel, owner, lease in ms, least fence, queue's
--   lifetime in ms
-- Reply: {0} the token held nothing, {1} released, {2, fence} released and given to the next of the same process
local token, fence_ms, claim_ms, left = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local next_token, channel, owner = ARGV[5], ARGV[6], ARGV[7]

local _, own = held_by(token)
if not own then
  if left ~= '' then
    redis.call('LREM', queue, 1, left)
  end
  return {0}
end
if next_token ~= '' then
  local entry = next_token .. ' ' .. channel .. ' ' .. owner
  if not redis.call('LPOS', queue, entry) then
    redis.call('RPUSH', queue, entry)
    redis.call('PEXPIRE', queue, ARGV[10])
  end
end
local handed = hand_over(next_token, claim_ms, fence_ms)
if handed == 'own' then
  return {2, grant(next_token, owner, ARGV[8], fence_ms, tonumber(ARGV[9]))}
elseif not handed then
  redis.call('DEL', lease)
end
return {1}
