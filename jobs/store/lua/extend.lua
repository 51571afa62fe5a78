#!lua flags=allow-oom
-- Extend the lease of one holder of a limit, unless it has run out.
-- KEYS[1] holders
-- ARGV[1] token   ARGV[2] lease in ms
-- Returns: 1 extended, 0 it ran out.  Cost: O(log n)
local holders, token, lease = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local deadline = redis.call('ZSCORE', holders, token)
if not deadline or tonumber(deadline) <= now then
  return 0
end
redis.call('ZADD', holders, string.format('%.0f', now + lease), token)
-- The key lives as long as the holder with the longest lease, which need not be this one.
redis.call('PEXPIREAT', holders, redis.call('ZRANGE', holders, -1, -1, 'WITHSCORES')[2])
return 1
