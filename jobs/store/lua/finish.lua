#!lua flags=allow-oom
-- Finish one running job and keep it, with its result, in the done set until it expires.
-- KEYS: those of a queue
-- ARGV[1] token   ARGV[2] job id   ARGV[3] new payload   ARGV[4] time to keep it in ms
-- ARGV[5] counter to raise (processed, or how a job ended of which only a record is kept)   ARGV[6] last note, or ''
-- Returns: 1 done, 0 no longer owned.  Cost: O(log n)
local token, id, payload, keep, counter, note = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]

if not owns(token, id) then
  return 0
end
-- A key that is broken ends the script, but undoes nothing: so the job leaves `running` last.
redis.call('HSET', payloads, id, payload)
redis.call('ZADD', done, whole(now + keep), id)
if note ~= '' then
  redis.pcall('HSET', notes, id, note) -- it is for people, and must break nothing
end
let_go({id}, 'ended')
left({id})
ring_for_room()
settled(counter, 1)
if counter == 'failed' then
  settled('processed', 1)
end
drop_expired()
return 1
