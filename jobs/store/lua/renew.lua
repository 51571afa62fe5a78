-- Renew the leases of workers known to live. A worker that was given up (deadline 0) or is unknown stays so.
-- KEYS[1] leases
-- ARGV[1] lease in ms, then workers
-- Returns: the number of leases renewed.  Cost: O(k log n) for k workers
local leases, lease = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local renewed = 0

for i = 2, #ARGV do
  local deadline = redis.call('ZSCORE', leases, ARGV[i])
  if deadline and deadline ~= '0' then
    redis.call('ZADD', leases, string.format('%.0f', now + lease), ARGV[i])
    renewed = renewed + 1
  end
end
return renewed
