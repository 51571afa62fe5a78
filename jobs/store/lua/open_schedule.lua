#!lua flags=allow-oom
-- Make a periodic entry known in the slot of its queue, or let a newer boot own it.
-- KEYS: those of a queue, and KEYS[19] schedules
-- ARGV[1] name   ARGV[2] spec   ARGV[3] clock (hash of time expression and zone)   ARGV[4] boot in ms
-- ARGV[5] where a new cursor begins, in ms: Redis' time a moment ago   ARGV[6] the tick after that, '' if none
-- ARGV[7] period in ms   ARGV[8] margin in ms   ARGV[9] cursor in the queue that it left, '' if none
-- ARGV[10] clock there   ARGV[11] 1 if it was paused there
-- Returns: {open | ahead (its cursor was in the future and is set back) | foreign | closed, cursor}.  Cost: O(1)
local schedules, name, spec, clock, boot = KEYS[19], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local start, inherited = math.min(tonumber(ARGV[5]), now), tonumber(ARGV[9])
local cursor, clock_there, boot_there, spec_there, closed = unpack(redis.call('HMGET', schedules,
  'cursor:' .. name, 'clock:' .. name, 'boot:' .. name, 'spec:' .. name, 'closed:' .. name))
cursor, boot_there, closed = time_in(cursor), time_in(boot_there), time_in(closed) -- what is no time begins anew

if closed and boot <= closed then
  return {'closed', ''}
end
if boot_there and boot < boot_there and spec ~= spec_there then
  return {'foreign', whole(cursor or 0)}
end

-- Only another time expression or zone begins anew. Else a deploy just after a tick would lose it.
-- One that was closed and left nothing elsewhere never moved: who closed it died, and it goes on here.
local before, answer = cursor, 'open'
if inherited and ARGV[10] == clock then
  cursor = math.max(inherited, cursor or 0)
elseif (closed and inherited) or not cursor or clock_there ~= clock then
  cursor = start
end
-- The clock of Redis may have been wrong for a while.
if cursor > now + math.max(60000, tonumber(ARGV[7])) then
  cursor, answer = start, 'ahead'
end

local newest = whole(math.max(boot, boot_there or 0))
redis.call('HSET', schedules, 'cursor:' .. name, whole(cursor), 'spec:' .. name, spec, 'clock:' .. name, clock,
  'boot:' .. name, newest, 'margin:' .. name, ARGV[8])
redis.call('HDEL', schedules, 'closed:' .. name)
if cursor ~= before or clock_there ~= clock then
  -- What it owes was due by the old expression.
  redis.call('HDEL', schedules, 'owed:' .. name)
  redis.call('HSET', schedules, 'next:' .. name, cursor == start and ARGV[6] or '')
end
if ARGV[11] == '1' then
  redis.call('HSET', schedules, 'paused:' .. name, 1)
elseif inherited then
  redis.call('HDEL', schedules, 'paused:' .. name) -- of the last time that it was here
end
return {answer, whole(cursor)}
