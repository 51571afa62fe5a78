#!lua flags=allow-oom
-- Let no supervisor of an older boot fire an entry from this queue: it has moved to another.
-- KEYS: those of a queue, and KEYS[19] schedules
-- ARGV[1] name   ARGV[2] boot in ms
-- Returns: {closed | newer (a newer boot owns it here), cursor, clock, paused}, '' for what is not there.  Cost: O(1)
local schedules, name, boot = KEYS[19], ARGV[1], tonumber(ARGV[2])
local cursor, clock, paused, boot_there, closed = unpack(redis.call('HMGET', schedules,
  'cursor:' .. name, 'clock:' .. name, 'paused:' .. name, 'boot:' .. name, 'closed:' .. name))
if (time_in(boot_there) or 0) > boot or (time_in(closed) or 0) > boot then
  return {'newer', '', '', ''}
end
redis.call('HSET', schedules, 'closed:' .. name, whole(boot))
return {'closed', cursor or '', clock or '', paused or ''}
