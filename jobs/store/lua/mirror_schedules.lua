#!lua flags=allow-oom
-- Write what people keep of schedules beside the home of all entries, unless somebody has changed it since.
-- KEYS[1] home
-- ARGV[1] generation that was seen before the database was read   then fields with their texts, '' to delete one
-- Returns: the new generation in ms, 0 if another came first.  Cost: O(n)
local home = KEYS[1]
local generation = string.match(redis.call('HGET', home, 'generation') or '', '^-?%d+$')
generation = tonumber(generation or 0) -- what is no number begins anew
if generation ~= tonumber(ARGV[1]) then
  return 0
end
local time = redis.call('TIME')
generation = math.max(generation + 1, time[1] * 1000 + math.floor(time[2] / 1000))
local revision = string.format('%.0f', generation)
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', home, ARGV[i])
  else
    redis.call('HSET', home, ARGV[i], revision .. ' ' .. ARGV[i + 1])
  end
end
redis.call('HSET', home, 'generation', revision)
return generation
