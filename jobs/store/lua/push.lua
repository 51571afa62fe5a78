-- Insert the new jobs of one queue, ready or scheduled, and ring its bell. What is already there stays as it is.
-- KEYS[1] payloads   KEYS[2] ready   KEYS[3] scheduled   KEYS[4] bell   KEYS[5] receipt
-- ARGV[1] receipt lifetime in ms, then for each of at most 1,000 jobs:
--         id   payload   priority   due in ms (epoch, or "+N" from now)
-- Returns: the number of jobs inserted; -1 when this very push was done before.  Cost: O(k log n) for k jobs
local payloads, ready, scheduled, bell, receipt = unpack(KEYS)

-- A client that lost the answer sends the push again, perhaps after its jobs have run and gone.
if not redis.call('SET', receipt, 1, 'NX', 'PX', ARGV[1]) then
  return -1
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids, seen = {}, {}
for i = 2, #ARGV, 4 do
  ids[#ids + 1] = ARGV[i]
end
local known, new, at_once, later = redis.call('HMGET', payloads, unpack(ids)), {}, {}, {}
local earliest = math.huge

for n, id in ipairs(ids) do
  if not (known[n] or seen[id]) then
    seen[id] = true
    local i = 4 * n - 2
    local due = tonumber(ARGV[i + 3])
    if string.byte(ARGV[i + 3]) == 43 then -- "+"
      due = now + due
    end
    new[#new + 1], new[#new + 2] = id, ARGV[i + 1]
    if due <= now then
      at_once[#at_once + 1], at_once[#at_once + 2] = string.format('%.0f', (100 - ARGV[i + 2]) * 2 ^ 44 + due), id
    else
      later[#later + 1], later[#later + 2] = string.format('%.0f', due), id
      earliest = math.min(earliest, due)
    end
  end
end

-- Sleepers wait no longer than the next due time that they knew of.
local ring = #at_once > 0
if #new > 0 then
  redis.call('HSET', payloads, unpack(new))
end
if #at_once > 0 then
  redis.call('ZADD', ready, unpack(at_once))
end
if #later > 0 then
  local head = redis.call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')
  ring = ring or not head[2] or earliest < tonumber(head[2])
  redis.call('ZADD', scheduled, unpack(later))
end
if ring and redis.call('LLEN', bell) == 0 then
  redis.call('RPUSH', bell, 1)
end
return #new / 2
