-- The opposite of take.lua. KEYS: the number kept for one key. ARGV: interval.
local used = tonumber(redis.call('GET', KEYS[1]))
if used then
  redis.call('SET', KEYS[1], string.format('%.0f', used - tonumber(ARGV[1])), 'KEEPTTL')
end
