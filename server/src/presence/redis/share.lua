-- Adds what one node let pass to what all have, for many keys; the same number as in take.lua.
-- KEYS: the number kept for each key. ARGV: burst, interval, then how many passed for each key.
-- Answers for each how long it takes until everything is earned back, in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local burst, interval = tonumber(ARGV[1]), tonumber(ARGV[2])

local answer = {}
for place, key in ipairs(KEYS) do
  local used = tonumber(redis.call('GET', key) or now)
  used = math.max(used, now) + tonumber(ARGV[place + 2]) * interval
  used = math.min(used, now + burst * interval)
  redis.call('SET', key, string.format('%.0f', used), 'PX', math.ceil((used - now) / 1000) + 1)
  answer[place] = used - now
end
return answer
