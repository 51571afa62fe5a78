-- Insert the new jobs of one queue, ready or scheduled, and ring its bell. What is already there stays as it is.
-- KEYS[1] payloads   KEYS[2] ready   KEYS[3] scheduled   KEYS[4] bell   KEYS[5] receipt
-- ARGV[1] receipt lifetime in ms, then for each job: id   payload   priority   due in ms (epoch, or "+N" from now)
-- Returns: the number of jobs inserted; -1 when this very push was done before.  Cost: O(k log n) for k jobs
local payloads, ready, scheduled, bell, receipt = unpack(KEYS)

-- A client that lost the answer sends the push again, perhaps after its jobs have run and gone.
if not redis.call('SET', receipt, 1, 'NX', 'PX', ARGV[1]) then
  return -1
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local head = redis.call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')
local earliest = tonumber(head[2]) or math.huge
local inserted, ring = 0, false

for i = 2, #ARGV, 4 do
  local id, due = ARGV[i], tonumber(ARGV[i + 3])
  if string.sub(ARGV[i + 3], 1, 1) == '+' then
    due = now + due
  end
  if redis.call('HSETNX', payloads, id, ARGV[i + 1]) == 1 then
    inserted = inserted + 1
    if due <= now then
      redis.call('ZADD', ready, string.format('%.0f', (100 - ARGV[i + 2]) * 2 ^ 44 + due), id)
      ring = true
    else
      redis.call('ZADD', scheduled, string.format('%.0f', due), id)
      -- Sleepers wait no longer than the next due time that they knew of.
      ring = ring or due < earliest
    end
  end
end

if ring and redis.call('LLEN', bell) == 0 then
  redis.call('RPUSH', bell, 1)
end
return inserted
