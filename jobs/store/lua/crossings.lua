-- Stands behind the prelude before every script of a queue: what can happen to a job, whichever script does it.
-- KEYS: none but those of the prelude
-- Returns: nothing, it only defines.  Cost: O(1)

-- Jobs were taken: {id, "token|score to restore", ...}.
local function taken(entries)
  redis.call('HSET', running, unpack(entries))
end

-- How many more may run. `most_running` is the limit of the queue; what is no number is none.
local function room(most_running)
  most_running = tonumber(most_running)
  return most_running and math.max(0, most_running - redis.call('HLEN', running)) or math.huge
end

-- A place became free. Where a queue has a limit, somebody may wait for it beside jobs that are ready.
local function ring_for_room()
  if redis.pcall('HGET', meta, 'most_running') and redis.pcall('ZCARD', ready) ~= 0 then
    ring()
  end
end

-- Jobs leave `running`, whichever way they go.
local function left(ids)
  redis.call('HDEL', running, unpack(ids))
end

-- So many runs have ended in one way: processed, failed, crashed, ... It is there to be looked at, so it must break nothing.
local function settled(ending, number)
  redis.pcall('HINCRBY', stats, ending, number)
  redis.pcall('HINCRBY', stats, ending .. ':' .. math.floor(time[1] / 86400), number)
end

-- Jobs cease to exist, and with them all that features keep of them.
local function gone(ids)
  redis.call('HDEL', payloads, unpack(ids))
  if redis.call('EXISTS', traits, notes) > 0 then
    redis.pcall('HDEL', traits, unpack(ids))
    redis.pcall('HDEL', notes, unpack(ids))
  end
end

-- Forgets results whose time is over, 100 at most. Returns how many.
local function drop_expired()
  local old = redis.call('ZRANGEBYSCORE', done, '-inf', now, 'LIMIT', 0, 100)
  if #old > 0 then
    redis.call('ZREM', done, unpack(old))
    gone(old)
  end
  return #old
end

-- Makes ready what is due in a set, 100 jobs or so many bytes of payload at most. Returns the ms to the next that is due.
local function promote(set, most_bytes)
  local bytes = 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, 100)) do
    local payload = bytes < most_bytes and (redis.call('HGET', payloads, id) or '')
    if payload then
      redis.call('ZADD', ready, score(payload, redis.call('ZSCORE', set, id)), id)
      redis.call('ZREM', set, id)
      bytes = bytes + #payload
    end
  end
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  return head[2] and math.max(0, head[2] - now) or math.huge
end
