-- Take one of the slots of a limit, if one is free.
-- KEYS[1] holders   KEYS[2] fence
-- ARGV[1] token   ARGV[2] slots   ARGV[3] lease in ms
-- Returns: the fence, a number that grows with every holder; 0 when all slots are taken.  Cost: O(log n)
local holders, fence = KEYS[1], KEYS[2]
local token, slots, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', holders, '-inf', now)
if not redis.call('ZSCORE', holders, token) and redis.call('ZCARD', holders) >= slots then
  return 0
end
redis.call('ZADD', holders, string.format('%.0f', now + lease), token)
-- The fence outlives its holders by far, so that it never starts again while somebody may remember it.
redis.call('PEXPIRE', holders, lease)
local number = redis.call('INCR', fence)
redis.call('PEXPIRE', fence, 30 * 24 * 3600 * 1000)
return number
