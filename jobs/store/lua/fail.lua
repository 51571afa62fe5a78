-- Take a running job out for good or for a while: to the retry set, to the dead set, or away.
-- KEYS[1] running   KEYS[2] payloads   KEYS[3] retry   KEYS[4] dead   KEYS[5] bell   KEYS[6] stats
-- ARGV[1] worker   ARGV[2] job id   ARGV[3] new payload   ARGV[4] retry | dead | discard   ARGV[5] delay of a retry in ms
-- ARGV[6] most dead jobs to keep   ARGV[7] longest time to keep them in ms   ARGV[8] counter to raise (failed, crashed, ...)
-- Returns: 1 done, 0 no longer owned.  Cost: O(log n)
local running, payloads, retry, dead, bell, stats = unpack(KEYS)
local worker, id, payload, outcome, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local most, longest, counter = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner = worker .. '|'

local held_by = redis.call('HGET', running, id)
if not held_by or string.sub(held_by, 1, #owner) ~= owner then
  return 0
end
redis.call('HDEL', running, id)
for _, name in ipairs(counter == 'failed' and {'failed', 'processed'} or {counter}) do
  redis.call('HINCRBY', stats, name, 1)
  redis.call('HINCRBY', stats, name .. ':' .. math.floor(time[1] / 86400), 1)
end

if outcome == 'discard' then
  redis.call('HDEL', payloads, id)
elseif outcome == 'retry' then
  local head = redis.call('ZRANGE', retry, 0, 0, 'WITHSCORES')
  redis.call('HSET', payloads, id, payload)
  redis.call('ZADD', retry, string.format('%.0f', now + delay), id)
  if (not head[2] or now + delay < tonumber(head[2])) and redis.call('LLEN', bell) == 0 then
    redis.call('RPUSH', bell, 1)
  end
else
  redis.call('HSET', payloads, id, payload)
  redis.call('ZADD', dead, string.format('%.0f', now), id)
  local old = redis.call('ZRANGEBYSCORE', dead, '-inf', now - longest, 'LIMIT', 0, 100)
  local over = math.min(100, redis.call('ZCARD', dead) - #old - most)
  if over > 0 then
    old = redis.call('ZRANGE', dead, 0, #old + over - 1)
  end
  if #old > 0 then
    redis.call('ZREM', dead, unpack(old))
    redis.call('HDEL', payloads, unpack(old))
  end
end
return 1
