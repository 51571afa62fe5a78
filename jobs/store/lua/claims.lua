-- Stands between the prelude and the crossings: which job holds a unique key, and when it lets go of it.
-- KEYS: none but those of the prelude
-- Returns: nothing, it only defines.  Cost: O(1) for each job

-- What a job is unique by, as its trait says: "unique=until/key ...". Until is done, start (begun, after a run), or a window in ms.
local function claim_in(trait)
  if type(trait) == 'string' then
    return string.match(trait, 'unique=([^/ ]+)/(%S+)')
  end
end

-- What features know of jobs. A hash that is broken must keep no job from its way.
local function traits_of(ids)
  local found = redis.pcall('HMGET', traits, unpack(ids))
  return found.err and {} or found
end

-- The job that holds a key, if it may. Second, one that may not any more: it waits, and will not run, as it has expired.
local function holder_of(key)
  local id = redis.call('HGET', unique, key)
  if not id then return end
  local trait, shuts_at = redis.call('HGET', traits, id) or '', redis.call('ZSCORE', windows, key)
  local is_dead = redis.call('ZSCORE', dead, id)
  local lives = redis.call('HSTRLEN', payloads, id) > 0 and not (is_dead or redis.call('ZSCORE', done, id))
  local holds = lives and (waits(id) or claim_in(trait) ~= 'start')
  if shuts_at then
    holds = tonumber(shuts_at) > now and not is_dead
  end
  if not holds then return end
  local expires_at = tonumber(string.match(trait, 'expires=(%d+)'))
  if lives and expires_at and expires_at < now and not redis.call('HGET', running, id) then
    return nil, id
  end
  return id
end

-- A key is held by this job from now on: until it lets go, or for a window.
local function hold(key, till, id)
  redis.call('HSET', unique, key, id)
  redis.call('ZREM', windows, key)
  if tonumber(till) then
    redis.call('ZADD', windows, whole(now + tonumber(till)), key)
  end
end

-- A job that comes back takes its key again. Returns whether it may come: not if another holds the key.
local function reclaim(id)
  change_trait(id, 'unique=begun/', 'unique=start/')
  local till, key = claim_in(traits_of({id})[1])
  if key then
    local holder, expired = holder_of(key)
    if (holder or expired or id) ~= id then return false end
    hold(key, till, id)
  end
  return true
end

-- Jobs let go of their keys, as they were `taken`, have `ended`, or are `void`: dead or deleted. A window outlives an end.
local function let_go(ids, why)
  if redis.call('EXISTS', unique) == 0 then return end
  for n, trait in ipairs(traits_of(ids)) do
    local till, key = claim_in(trait)
    local is_over = till == 'start' or why == 'void' or (till == 'done' and why == 'ended')
    if key and is_over and redis.pcall('HGET', unique, key) == ids[n] then
      redis.pcall('HDEL', unique, key)
      redis.pcall('ZREM', windows, key)
    end
  end
end

-- Forgets windows whose time is over, 100 at most.
local function shut_windows()
  if redis.call('EXISTS', windows) == 0 then return end
  local over = redis.pcall('ZRANGEBYSCORE', windows, '-inf', now, 'LIMIT', 0, 100)
  if not over.err and #over > 0 then
    redis.pcall('HDEL', unique, unpack(over))
    redis.pcall('ZREM', windows, unpack(over))
  end
end
