-- Shared by acquire, release and break: it stands before each of them.
-- KEYS: lease, fence, queue. The lease is "<token> <fence> <since in µs> <owner>".
local lease, fence_key, queue = KEYS[1], KEYS[2], KEYS[3]

-- Numbers of this size become text as 1.7e+15 unless they are formatted.
local function integer(number)
  return string.format('%.0f', number)
end

-- A fence is larger than every earlier one while its key survives, and by the clock when it does not.
local function grant(token, owner, lease_ms, fence_ms, at_least)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local since = integer(now)
  local fence = at_least > now and integer(at_least) or since
  local last = tonumber(redis.call('SET', fence_key, fence, 'PX', fence_ms, 'GET') or 0)
  if last >= tonumber(fence) then
    fence = integer(last + 1)
    redis.call('SET', fence_key, fence, 'PX', fence_ms)
  end
  redis.call('SET', lease, token .. ' ' .. fence .. ' ' .. since .. ' ' .. owner, 'PX', lease_ms)
  return fence
end

-- Give the lock to the first in the queue who listens; their claim makes a whole lease of it.
-- Returns 'other' when somebody else has it now, 'own' when `own_token` was next, nil when nobody was.
local function hand_over(own_token, claim_ms, fence_ms)
  while true do
    local entry = redis.call('LPOP', queue)
    if not entry then
      return nil
    end
    local token, channel, owner = string.match(entry, '^(%S+) (%S+) (.*)$')
    if token == own_token then
      return 'own'
    elseif token and redis.call('PUBLISH', channel, token) > 0 then
      grant(token, owner, claim_ms, fence_ms, 0)
      return 'other'
    end
  end
end

local function held_by(token)
  local value = redis.call('GET', lease)
  return value, value and string.sub(value, 1, #token + 1) == token .. ' '
end
