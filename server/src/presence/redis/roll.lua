-- Who is on this node, and who no longer is. Whoever came first or left last is announced here, in
-- the same step in which that became true.
-- KEYS: all entries by expiry. ARGV: prefix, channel, node, lifetime in ms, how many are here,
-- then those who are here, then those who left.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local prefix, channel, node = ARGV[1], ARGV[2], ARGV[3]
local lifetime, here = tonumber(ARGV[4]), tonumber(ARGV[5])

local function lives(key)
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
  return last[2] and tonumber(last[2]) > now
end

local function announce(user, online)
  redis.call('PUBLISH', channel,
    '{"notice":{"Presence":{"user":"' .. user .. '","online":' .. online .. '}}}')
end

for place = 6, #ARGV do
  local user = ARGV[place]
  local key = prefix .. 'user:' .. user
  local entry = user .. '|' .. node
  if place < 6 + here then
    local before = lives(key)
    redis.call('ZADD', key, now + lifetime, node)
    redis.call('PEXPIRE', key, lifetime * 2)
    redis.call('ZADD', KEYS[1], now + lifetime, entry)
    if not before then announce(user, 'true') end
  else
    redis.call('ZREM', KEYS[1], entry)
    if redis.call('ZREM', key, node) == 1 and not lives(key) then announce(user, 'false') end
  end
end
