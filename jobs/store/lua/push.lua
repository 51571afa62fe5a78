#!lua
-- Insert the new jobs of one queue, ready or scheduled, and ring its bell. What is already there stays as it is.
-- KEYS: those of a queue, and KEYS[19] receipt
-- ARGV[1] receipt lifetime in ms   ARGV[2] number of jobs k, at most 1,000, then for each of them:
--         id   payload
--         and behind these for each of them, or once for them all:
--         priority   due in ms (epoch, or "+N" from now)
--         and behind all this, for a queue with a bound: how many jobs that have not ended it may hold
-- Returns: the number of jobs inserted; -1 when this very push was done before; -2 - n when they do not all fit beside the n
--          that have not ended: then none is inserted.  Cost: O(k log n) for k jobs
local first, count = 3, tonumber(ARGV[2])
local last = first + 2 * count - 1 -- of the pairs
local ids = {}
for n = 1, count do
  ids[n] = ARGV[first + 2 * (n - 1)]
end
-- All keys are read before anything is written: one of a wrong type must not leave half a push, or a receipt of none.
local known = redis.call('HMGET', payloads, unpack(ids))
local head = redis.call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')
redis.call('ZCARD', ready)

local function due_of(text)
  return string.byte(text) == 43 and now + tonumber(text) or tonumber(text) -- 43: "+"
end

local most = #ARGV % 2 == 1 and tonumber(ARGV[#ARGV]) -- all that stands before it comes in pairs
local step = #ARGV > last + 3 and 2 or 0 -- from the priority of one job to that of the next
local due = due_of(ARGV[last + 2])
local place = place_of(ARGV[last + 1], due)
local is_seen, new, at_once, later, earliest = {}, {}, {}, {}, math.huge
local a, l = 0, 0 -- lengths of `at_once` and `later`: `#` would search for them each time
for n, id in ipairs(ids) do
  if not (known[n] or is_seen[id]) then
    is_seen[id] = true
    new[#new + 1] = n
    if step > 0 then
      local i = last + 1 + step * (n - 1)
      due = due_of(ARGV[i + 1])
      place = place_of(ARGV[i], due)
    end
    if due <= now then
      at_once[a + 1], at_once[a + 2], a = place, id, a + 2
    else
      later[l + 1], later[l + 2], l = whole(due), id, l + 2
      earliest = math.min(earliest, due)
    end
  end
end

if most and #new > 0 and unfinished() + #new > most and redis.call('EXISTS', KEYS[19]) == 0 then
  return -2 - unfinished()
end
-- A client that lost the answer sends the push again, perhaps after its jobs have run and gone.
if not redis.call('SET', KEYS[19], 1, 'NX', 'PX', ARGV[1]) then
  return -1
end

-- Sleepers wait no longer than the next due time that they knew of.
local must_ring = a > 0
if #new == count then
  redis.call('HSET', payloads, unpack(ARGV, first, last))
else
  for _, n in ipairs(new) do
    redis.call('HSET', payloads, ids[n], ARGV[first + 2 * n - 1])
  end
end
if a > 0 then
  redis.call('ZADD', ready, unpack(at_once))
end
if l > 0 then
  must_ring = must_ring or not head[2] or earliest < tonumber(head[2])
  redis.call('ZADD', scheduled, unpack(later))
end
if must_ring then
  ring()
end
return #new
