-- KEYS: seats. ARGV: hold id, milliseconds.
-- Before a hold gives seats back: its entries become short, and `settle` finds them no more.
for place, holder in ipairs(redis.call('MGET', unpack(KEYS))) do
    if holder == ARGV[1] then
        redis.call('SET', KEYS[place], holder .. '!', 'PX', ARGV[2])
    end
end
return redis.status_reply('OK')
