#!lua flags=allow-oom
-- Note how a run of a periodic entry has ended.
-- KEYS: those of a queue, and KEYS[19] schedules
-- ARGV[1] name   ARGV[2] tick in ms   ARGV[3] job id   ARGV[4] how it ended, in a word   ARGV[5] 1 for a success
-- Returns: 1 noted, 0 for an entry that is not here.  Cost: O(1)
local schedules, name, tick = KEYS[19], ARGV[1], tonumber(ARGV[2])
local cursor, owed, runs, last, begun = unpack(redis.call('HMGET', schedules,
  'cursor:' .. name, 'owed:' .. name, 'runs:' .. name, 'last:' .. name, 'begun:' .. name))
if not cursor then
  return 0
end
cursor, owed, begun = time_in(cursor) or 0, time_in(owed), time_in(begun)
local head = ARGV[2] .. ' ' .. ARGV[3] .. ' '
local from = runs and string.find('\n' .. runs, '\n' .. head, 1, true)
if from then
  local missed, rest = string.match(runs, '^%S+ %S+ %S+ %d+( ?%d*)(\n.*)', from)
  local line = head .. ARGV[4] .. ' ' .. whole(now) .. (missed or '')
  redis.call('HSET', schedules, 'runs:' .. name, string.sub(runs, 1, from - 1) .. line .. (rest or '\n'))
end
if ARGV[5] == '1' then
  redis.call('HSET', schedules, 'done:' .. name, whole(now))
  if begun and last == ARGV[3] then
    redis.call('HSET', schedules, 'took:' .. name, whole(math.max(0, now - begun)))
  end
  -- A later tick may be owed by now, and has its own time.
  if owed and owed <= tick then
    if cursor > tick then
      redis.call('HSET', schedules, 'owed:' .. name, whole(cursor))
    else
      redis.call('HDEL', schedules, 'owed:' .. name)
    end
  end
end
return 1
