#!lua flags=allow-oom
-- Give up a worker: from now on it can take nothing, so what runs under its name can only become less.
-- KEYS: those of a queue
-- ARGV[1] worker   ARGV[2] the score of its lease that has stood still, or '' when the worker is known to be dead
-- Returns: 1 given up (also when it was before), 0 it lives.  Cost: O(log n)
local worker, stood_at = ARGV[1], ARGV[2]

local deadline = redis.call('ZSCORE', leases, worker)
if stood_at ~= '' and deadline ~= stood_at then
  return 0
end
if deadline then
  redis.call('ZADD', leases, 0, worker)
else
  -- Its first fetch may still be on the way.
  redis.call('ZADD', ended, whole(now), worker)
end
return 1
