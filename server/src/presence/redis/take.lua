-- The generic cell rate algorithm, by Redis' clock, in microseconds; the same as in gcra.rs.
-- KEYS: the number kept for one key. ARGV: burst, interval. Answers 0, or how long to wait.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local burst, interval = tonumber(ARGV[1]), tonumber(ARGV[2])

local used = tonumber(redis.call('GET', KEYS[1]) or now)
used = math.min(math.max(used, now), now + burst * interval)
local wait = used - now - (burst - 1) * interval
if wait > 0 then return wait end
used = used + interval
redis.call('SET', KEYS[1], string.format('%.0f', used), 'PX', math.ceil((used - now) / 1000) + 1)
return 0
