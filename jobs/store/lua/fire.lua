#!lua
-- Fire one tick of a periodic entry, or skip it: its job is inserted and its cursor moved together.
-- KEYS: those of a queue, and KEYS[19] schedules
-- ARGV[1] name   ARGV[2] spec   ARGV[3] the cursor that is expected, '' for a run by hand   ARGV[4] tick in ms
-- ARGV[5] the tick after it, '' if none   ARGV[6] why to skip it, or ''   ARGV[7] skip | one_waiting | allow | cancel_other
-- ARGV[8] job id   ARGV[9] payload   ARGV[10] priority   ARGV[11] due in ms   ARGV[12] ticks before it that nobody fired
-- Returns: {what came of it, cursor, worker that is to cancel a run or '', id of that run}.
--   fired | paused | overlap | what ARGV[6] says; where nothing was changed: unknown | foreign | late | early
-- Cost: O(log n)
local schedules, name, by_hand, tick, id = KEYS[19], ARGV[1], ARGV[3] == '', tonumber(ARGV[4]), ARGV[8]
local spec, cursor, last, is_paused, closed, runs = unpack(redis.call('HMGET', schedules,
  'spec:' .. name, 'cursor:' .. name, 'last:' .. name, 'paused:' .. name, 'closed:' .. name, 'runs:' .. name))
if not cursor then
  return {'unknown', '', '', ''}
elseif spec ~= ARGV[2] or closed then
  return {'foreign', cursor, '', ''}
elseif not by_hand and (cursor ~= ARGV[3] or tick <= tonumber(cursor)) then
  return {'late', cursor, '', ''}
elseif tick > now then
  return {'early', cursor, '', ''}
end
-- What is broken ends the script here, where nothing is done yet.
check_hashes()
redis.call('ZCARD', ready)
redis.call('ZCARD', scheduled)

-- The run before is over when it is gone, done or dead. So its retries count.
local waits_in = false
for _, set in ipairs({ready, scheduled, retry}) do
  waits_in = waits_in or (last and redis.call('ZSCORE', set, last) and set)
end
local held_by = last and redis.call('HGET', running, last)
local rule, word, worker = ARGV[7], 'fired', ''
local in_the_way = waits_in or (held_by and rule ~= 'one_waiting')
if ARGV[6] ~= '' then
  word = ARGV[6]
elseif not by_hand and (is_paused == '1' or redis.call('HGET', meta, 'paused') == '1') then
  word = 'paused'
elseif (rule == 'skip' or rule == 'one_waiting') and in_the_way then
  word = 'overlap'
end

if word == 'fired' then
  if rule == 'cancel_other' and waits_in then
    gone({last})
    redis.call('ZREM', waits_in, last)
    settled('cancelled', 1)
  elseif rule == 'cancel_other' and held_by then
    worker = string.match(held_by, '^(.*)#%d+|') or ''
  end
  if redis.call('HSETNX', payloads, id, ARGV[9]) == 1 then
    local due = tonumber(ARGV[11])
    if due > now then
      redis.call('ZADD', scheduled, whole(due), id)
    else
      redis.call('ZADD', ready, place_of(ARGV[10], now), id)
    end
    ring()
  end
  redis.call('HSET', schedules, 'last:' .. name, id, 'begun:' .. name, whole(math.max(now, tonumber(ARGV[11]))))
  redis.pcall('HINCRBY', schedules, 'fired:' .. name, 1)
end
if by_hand and word ~= 'fired' then
  return {word, cursor, '', ''}
end
-- The latest 20 runs, the newest first: "tick id word time", and how many before it were missed, if any.
local missed = ARGV[12] == '0' and '' or ' ' .. ARGV[12]
runs = ARGV[4] .. ' ' .. id .. ' ' .. word .. ' ' .. whole(now) .. missed .. '\n' .. (runs or '')
redis.call('HSET', schedules, 'runs:' .. name, string.match(runs, string.rep('[^\n]*\n', 20)) or runs)
if not by_hand then
  redis.call('HSET', schedules, 'cursor:' .. name, ARGV[4], 'next:' .. name, ARGV[5])
  if word ~= 'paused' then
    redis.call('HSETNX', schedules, 'owed:' .. name, ARGV[4])
  end
  cursor = ARGV[4]
end
return {word, cursor, worker, last or ''}
