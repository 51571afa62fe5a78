-- Stands before every script of a queue: its keys, the clock, and each rule that several scripts follow.
-- KEYS[1] payloads   KEYS[2] ready   KEYS[3] scheduled   KEYS[4] retry   KEYS[5] dead   KEYS[6] done   KEYS[7] running
-- KEYS[8] leases   KEYS[9] bell   KEYS[10] meta   KEYS[11] stats   KEYS[12] seen   KEYS[13] terms   KEYS[14] ended
-- KEYS[15] traits   KEYS[16] notes   KEYS[17] unique   KEYS[18] windows
-- Returns: nothing, it only defines.  Cost: O(1)
local payloads, ready, scheduled, retry, dead, done, running, leases, bell, meta, stats, seen, terms, ended,
  traits, notes, unique, windows = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A number as Redis shall store it: Lua would write large ones as 1.7e+12.
local function whole(number)
  return string.format('%.0f', number)
end

-- The time in a text, nil for what is none. Lua would read "inf" and "9e99" too, which nobody has written.
local function time_in(text)
  return tonumber(text and string.match(text, '^%d+$') or '')
end

-- The score among the ready for a job of a priority that has waited since `since`, in ms; jobs.store.keys explains it.
local function place_of(priority, since)
  return whole((100 - priority) * 2 ^ 44 + since)
end

-- The same for the priority that stands in a payload.
local function score(payload, since)
  local priority = tonumber(string.match(payload or '', '^{"priority":(-?%d+)')) or 0
  return place_of(math.max(-100, math.min(100, priority)), since)
end

-- What `running` holds is "token|score to restore". Returns that score if this very taking still owns the job.
local function owns(token, id)
  local held_by = redis.call('HGET', running, id)
  if held_by and string.sub(held_by, 1, #token + 1) == token .. '|' then
    return string.sub(held_by, #token + 2)
  end
end

-- Changes a word in the trait of a job, if it stands there. A hash that is broken must keep no job from its way.
local function change_trait(id, word, to)
  local trait = redis.call('EXISTS', traits) > 0 and redis.pcall('HGET', traits, id)
  if type(trait) == 'string' and string.find(trait, word, 1, true) then
    redis.pcall('HSET', traits, id, (string.gsub(trait, word, to, 1)))
  end
end

-- Whether a job waits: it is ready, or will be at its time.
local function waits(id)
  return redis.call('ZSCORE', ready, id) or redis.call('ZSCORE', scheduled, id)
end

-- How many jobs have not ended: they wait, run, or wait to be tried again. So what happens to them changes it at their end only.
local function unfinished()
  local waiting = redis.call('ZCARD', ready) + redis.call('ZCARD', scheduled) + redis.call('ZCARD', retry)
  return waiting + redis.call('HLEN', running)
end

-- One token wakes one idle worker. It only hastens, so a bell that is broken must break nothing.
local function ring()
  if redis.pcall('LLEN', bell) == 0 then
    redis.pcall('RPUSH', bell, 1)
  end
end

-- Ends the script where a job could otherwise be between two places: Redis undoes nothing that was done before an error.
local function check_hashes()
  redis.call('HLEN', running)
  redis.call('HLEN', payloads)
end
