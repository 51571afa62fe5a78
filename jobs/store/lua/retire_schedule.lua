#!lua flags=allow-oom
-- Forget a periodic entry that was deleted, and let nobody who still knows it open it again.
-- KEYS: those of a queue, and KEYS[19] schedules
-- ARGV[1] name   ARGV[2] generation in which it was deleted, in ms   then the kinds of its fields
-- Returns: 1 forgotten, 0 not: one of the same name was made since.  Cost: O(1)
local schedules, name, generation = KEYS[19], ARGV[1], tonumber(ARGV[2])
local boot_there, closed = unpack(redis.call('HMGET', schedules, 'boot:' .. name, 'closed:' .. name))
if (time_in(boot_there) or 0) > generation or (time_in(closed) or 0) > generation then
  return 0
end
for i = 3, #ARGV do
  redis.call('HDEL', schedules, ARGV[i] .. ':' .. name)
end
redis.call('HSET', schedules, 'closed:' .. name, whole(generation))
return 1
