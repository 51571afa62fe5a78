#!lua flags=no-writes
-- Tell where a job is, for somebody who waits for it.
-- KEYS[1] payloads   KEYS[2] running   KEYS[3] ready   KEYS[4] scheduled   KEYS[5] retry   KEYS[6] dead   KEYS[7] done
-- KEYS[8] notes
-- ARGV[1] job id   ARGV[2] payload to bring: always | ended | never
-- Returns: {place or '', payload or false, note or false}, and the place `gone` for a job that there is not.
-- Cost: O(1)
local payloads, running, ready, scheduled, retry, dead, done, notes = unpack(KEYS)
local id, wanted = ARGV[1], ARGV[2]

local function place_of_job()
  if redis.call('HSTRLEN', payloads, id) == 0 then return 'gone' end
  if redis.call('HSTRLEN', running, id) > 0 then return 'running' end
  if redis.call('ZSCORE', ready, id) then return 'ready' end
  if redis.call('ZSCORE', done, id) then return 'done' end
  if redis.call('ZSCORE', dead, id) then return 'dead' end
  if redis.call('ZSCORE', retry, id) then return 'retry' end
  if redis.call('ZSCORE', scheduled, id) then return 'scheduled' end
  return ''
end

local place = place_of_job()
local has_ended = place == 'done' or place == 'dead'
local brings = wanted == 'always' or (wanted == 'ended' and has_ended)
return {place, brings and redis.call('HGET', payloads, id), redis.call('HGET', notes, id)}
