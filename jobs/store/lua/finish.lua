-- Finish one running job and keep it, with its result, in the done set until it expires.
-- KEYS[1] running   KEYS[2] payloads   KEYS[3] done   KEYS[4] stats
-- ARGV[1] worker   ARGV[2] job id   ARGV[3] new payload   ARGV[4] time to keep it in ms
-- Returns: 1 done, 0 no longer owned.  Cost: O(log n)
local running, payloads, done, stats = unpack(KEYS)
local worker, id, payload, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner = worker .. '|'

local held_by = redis.call('HGET', running, id)
if not held_by or string.sub(held_by, 1, #owner) ~= owner then
  return 0
end
redis.call('HDEL', running, id)
redis.call('HSET', payloads, id, payload)
redis.call('ZADD', done, string.format('%.0f', now + keep), id)
redis.call('HINCRBY', stats, 'processed', 1)
redis.call('HINCRBY', stats, 'processed:' .. math.floor(time[1] / 86400), 1)

local old = redis.call('ZRANGEBYSCORE', done, '-inf', now, 'LIMIT', 0, 100)
if #old > 0 then
  redis.call('ZREM', done, unpack(old))
  redis.call('HDEL', payloads, unpack(old))
end
return 1
