-- Give up a worker: from now on it can take nothing, so what runs under its name can only become less.
-- KEYS[1] leases
-- ARGV[1] worker   ARGV[2] 1 when it is known to be dead, 0 to give it up only if its lease ran out
-- Returns: 1 given up (also when it was before), 0 it lives or is unknown.  Cost: O(log n)
local leases, worker, dead = KEYS[1], ARGV[1], ARGV[2] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local deadline = redis.call('ZSCORE', leases, worker)
if not deadline or not (dead or tonumber(deadline) < now) then
  return 0
end
redis.call('ZADD', leases, 0, worker)
return 1
