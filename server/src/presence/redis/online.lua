-- Of these people, who is on any node. ARGV: prefix, then the people. Answers 1 or 0 for each.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for place = 2, #ARGV do
  local last = redis.call('ZREVRANGE', ARGV[1] .. 'user:' .. ARGV[place], 0, 0, 'WITHSCORES')
  answer[place - 1] = (last[2] and tonumber(last[2]) > now) and 1 or 0
end
return answer
