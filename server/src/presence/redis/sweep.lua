-- Takes out what nobody keeps alive any more: the people of a node that died. Only the call that
-- took the last entry of a person says that they went, so many nodes may sweep at once.
-- KEYS: all entries by expiry. ARGV: prefix, channel, how many at most. Answers how many it took.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local prefix, channel = ARGV[1], ARGV[2]

local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, tonumber(ARGV[3]))
for _, entry in ipairs(dead) do
  redis.call('ZREM', KEYS[1], entry)
  local user, node = entry:match('^(.-)|(.*)$')
  local key = prefix .. 'user:' .. user
  redis.call('ZREM', key, node)
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
  if not (last[2] and tonumber(last[2]) > now) then
    redis.call('PUBLISH', channel,
      '{"notice":{"Presence":{"user":"' .. user .. '","online":false}}}')
  end
end
return #dead
