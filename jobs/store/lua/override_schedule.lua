#!lua flags=allow-oom
-- Give an entry of the code another time until it changes there, or take that back.
-- KEYS[1] home
-- ARGV[1] name   ARGV[2] spec of the entry in the code   ARGV[3] the other time, '' to take it back
-- Returns: 1 done, 0 not: the newest code has another version of the entry.  Cost: O(1)
local home, name, spec = KEYS[1], ARGV[1], ARGV[2]
local there, boot, before, generation = unpack(redis.call('HMGET', home,
  'spec:' .. name, 'boot', 'override:' .. name, 'generation'))
if there ~= spec then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- What is no time counts as not there.
boot, generation = string.match(boot or '', '^%d+$'), string.match(generation or '', '^%d+$')
before = string.match(before or '', '^%d+')
-- Above the boot that has announced this spec, below any that will announce another.
local revision = math.max(tonumber(boot or 0), tonumber(before or 0)) + 1
redis.call('HSET', home, 'override:' .. name, string.format('%.0f %.0f %s %s', revision, now, spec, ARGV[3]),
  'generation', string.format('%.0f', math.max(tonumber(generation or 0) + 1, now)))
return 1
