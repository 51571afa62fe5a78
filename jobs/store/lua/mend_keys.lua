#!lua flags=allow-oom
-- Look whether unique keys, and what is kept beside jobs, agree with the jobs, and make them agree where that is sure.
-- KEYS: those of a queue
-- ARGV[1] 1 to repair   ARGV[2] unique | traits | notes, then unique keys or ids of jobs
-- Returns: for each fault: the key or id, the job that has the key or '', and what is wrong: key | leftover | missing | two
-- Cost: O(k log n) for k keys or jobs
local repair, faults = ARGV[1] == '1', {}

local function add(name, id, what)
  local n = #faults
  faults[n + 1], faults[n + 2], faults[n + 3] = name, id, what
end

-- A key must not be kept for a job that does not wait or run. A window that is over will be dropped by a fetch.
local function look_at_key(key)
  local id, expired = holder_of(key)
  local kept_for, shuts_at = redis.call('HGET', unique, key), tonumber(redis.call('ZSCORE', windows, key) or nil)
  if kept_for and not (id or expired or (shuts_at and shuts_at <= now)) then
    add(key, kept_for, 'key')
    if repair then
      redis.call('HDEL', unique, key)
      redis.call('ZREM', windows, key)
    end
  end
end

-- What is kept beside a job must not outlive it.
local function look_beside(hash, id)
  if redis.call('HSTRLEN', payloads, id) == 0 then
    add(id, '', 'leftover')
    if repair then redis.call('HDEL', hash, id) end
  end
end

-- A job that is unique until it is done has its key as long as it lives.
local function look_at_trait(id)
  local till, key = claim_in(redis.call('HGET', traits, id))
  local lives = redis.call('HSTRLEN', payloads, id) > 0
  if lives and till == 'done' and not (redis.call('ZSCORE', dead, id) or redis.call('ZSCORE', done, id)) then
    local holder, expired = holder_of(key)
    if (holder or expired) ~= id then
      add(id, holder or expired or '', (holder or expired) and 'two' or 'missing')
      if repair then reclaim(id) end
    end
  end
end

for n = 3, #ARGV do
  if ARGV[2] == 'unique' then
    look_at_key(ARGV[n])
  else
    look_beside(({traits = traits, notes = notes})[ARGV[2]], ARGV[n])
    if ARGV[2] == 'traits' then look_at_trait(ARGV[n]) end
  end
end
return faults
