-- KEYS: seats. ARGV: hold id; then for each seat its holder, '' where none is known, and milliseconds.
-- After MySQL refused a hold: its intents go, and the seats that others have are entered for a moment.
for place, holder in ipairs(redis.call('MGET', unpack(KEYS))) do
    if not holder or holder == ARGV[1] then
        if ARGV[2 * place] ~= '' then
            redis.call('SET', KEYS[place], ARGV[2 * place], 'PX', ARGV[2 * place + 1])
        elseif holder then
            redis.call('DEL', KEYS[place])
        end
    end
end
return redis.status_reply('OK')
