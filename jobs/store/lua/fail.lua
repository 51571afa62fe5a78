#!lua flags=allow-oom
-- Take a running job out for good or for a while: to the retry set, to the dead set, or away.
-- KEYS: those of a queue
-- ARGV[1] token   ARGV[2] job id   ARGV[3] new payload   ARGV[4] retry | dead | discard   ARGV[5] delay of a retry in ms
-- ARGV[6] most dead jobs to keep   ARGV[7] longest time to keep them in ms   ARGV[8] counter to raise (failed, crashed, ...)
-- ARGV[9] last note, or ''
-- Returns: 1 done, 0 no longer owned.  Cost: O(log n)
local token, id, payload, ending, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local most, longest, counter, note = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]

if not owns(token, id) then
  return 0
end
-- It stops running when it stands elsewhere: what a broken key refuses must leave the job where it was.
if ending == 'discard' then
  gone({id})
  left({id})
elseif ending == 'retry' then
  local head = redis.call('ZRANGE', retry, 0, 0, 'WITHSCORES')
  redis.call('HSET', payloads, id, payload)
  redis.call('ZADD', retry, whole(now + delay), id)
  change_trait(id, 'unique=start/', 'unique=begun/')
  left({id})
  if not head[2] or now + delay < tonumber(head[2]) then
    ring()
  end
else
  redis.call('HSET', payloads, id, payload)
  died(id)
  left({id})
  local old = redis.call('ZRANGEBYSCORE', dead, '-inf', now - longest, 'LIMIT', 0, 100)
  local over = math.min(100, redis.call('ZCARD', dead) - #old - most)
  if over > 0 then
    old = redis.call('ZRANGE', dead, 0, #old + over - 1)
  end
  if #old > 0 then
    redis.call('ZREM', dead, unpack(old))
    gone(old)
  end
end
if note ~= '' and ending ~= 'discard' then
  redis.pcall('HSET', notes, id, note) -- it is for people, and must break nothing
end
ring_for_room()
settled(counter, 1)
if counter == 'failed' then
  settled('processed', 1)
end
return 1
