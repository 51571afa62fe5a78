#!lua flags=allow-oom
-- Take one of the slots of a limit, if one is free.
-- KEYS[1] holders   KEYS[2] fence
-- ARGV[1] token, which ends in its lease in ms   ARGV[2] slots   ARGV[3] lease in ms
-- Returns: the fence, a number that grows with every holder; 0 when all slots are taken.  Cost: O(log n)
local holders, fence = KEYS[1], KEYS[2]
local token, slots, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- It works while the memory is full: a job that is refused its lock fails, and its retry takes more
-- memory than a slot.
redis.call('ZREMRANGEBYSCORE', holders, '-inf', now)
if not redis.call('ZSCORE', holders, token) and redis.call('ZCARD', holders) >= slots then
  -- A holder has at most its own lease left, unless the clock was set back. Then one that died
  -- would keep its slot for as long as the jump: give it one lease from now. 100 are enough.
  local last = redis.call('ZRANGE', holders, -100, -1, 'WITHSCORES')
  for i = 1, #last, 2 do
    local its_lease = tonumber(string.match(last[i], ':(%d+)$'))
    if its_lease and tonumber(last[i + 1]) > now + its_lease then
      redis.call('ZADD', holders, string.format('%.0f', now + its_lease), last[i])
    end
  end
  return 0
end
redis.call('ZADD', holders, string.format('%.0f', now + lease), token)
-- The key lives as long as the holder with the longest lease, which need not be this one.
redis.call('PEXPIREAT', holders, redis.call('ZRANGE', holders, -1, -1, 'WITHSCORES')[2])
-- Sent again after a lost answer, the same token keeps its slot and gets a new fence. That is
-- harmless: fences need to grow, not to be without gaps. The fence outlives its holders by far, so
-- that it never starts again while somebody may remember it.
local number = redis.call('INCR', fence)
redis.call('PEXPIRE', fence, 30 * 24 * 3600 * 1000)
return number
