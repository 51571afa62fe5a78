#!lua flags=allow-oom
-- Renew the leases of workers known to live, and show all. One that was given up (0) or is unknown stays so.
-- KEYS: those of a queue
-- ARGV[1] lease in ms, then workers
-- Returns: {number renewed, {worker, score, terms or '', ...}}.  Cost: O(w log w) for w workers of this queue
-- Terms are what a worker wrote when it joined: "lease in ms, most threads, most coroutines", parted by spaces.
local lease = tonumber(ARGV[1])
local renewed, shown = 0, {}

for i = 2, #ARGV do
  local deadline = redis.call('ZSCORE', leases, ARGV[i])
  if deadline and deadline ~= '0' then
    redis.call('ZADD', leases, whole(math.max(now + lease, deadline + 1)), ARGV[i])
    renewed = renewed + 1
  end
end

local all = redis.call('ZRANGE', leases, 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  shown[#shown + 1], shown[#shown + 2] = all[i], all[i + 1]
  shown[#shown + 1] = redis.call('HGET', terms, all[i]) or ''
end
return {renewed, shown}
