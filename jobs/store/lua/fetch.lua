#!lua flags=allow-oom
-- One round trip of a worker: hand in finished jobs, renew the lease, promote what is due, take jobs.
-- KEYS: those of a queue
-- ARGV[1] worker   ARGV[2] lease in ms   ARGV[3] terms (see `renew`)   ARGV[4] most jobs   ARGV[5] bytes of payload
-- after which to stop   ARGV[6] number of the first job taken, 0 to take nothing and void nothing
-- ARGV[7] 0, or for a fetch that waits behind a bell: until when it may take, in ms; it renews no lease
-- then for each finished job: id   number
-- Returns: {0 given up | 1 good | 2 good, and new here | 3 void, ms to the next due job or -1, jobs left, ms of the clock,
--           {finished ids not owned}, {id, payload or false, ...}}.  Cost: O((finished + promoted + taken) log n)
local worker, lease, owner = ARGV[1], tonumber(ARGV[2]), ARGV[1] .. '#'
local most, most_bytes, first, latest = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local paused, format, most_running = unpack(redis.call('HMGET', meta, 'paused', 'format', 'most_running'))
if (tonumber(format) or 2) > 2 then
  return redis.error_reply('JOBSFORMAT a newer version serves this queue; update this worker')
end
check_hashes()
local ids, mine, lost = {}, {}, {}
for i = 8, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
for i, held_by in ipairs(#ids > 0 and redis.call('HMGET', running, unpack(ids)) or {}) do
  local is_mine = held_by and string.find(held_by, owner .. ARGV[2 * i + 7] .. '|', 1, true) == 1
  local into = is_mine and mine or lost
  into[#into + 1] = ids[i]
end
if #mine > 0 then
  gone(mine)
  left(mine)
  settled('processed', #mine)
end

-- A deadline of 0 marks a worker that was given up, and the ended never come back: they finish, and never take.
local deadline = redis.call('ZSCORE', leases, worker)
if deadline == '0' or (not deadline and redis.call('ZSCORE', ended, worker)) then
  ring_for_room()
  return {0, -1, 0, now, lost, {}}
end
if latest == 0 then
  -- It must change each time, whatever the clock does: by a lease that stands still others see that a worker died.
  redis.call('ZADD', leases, whole(math.max(now + lease, (tonumber(deadline) or 0) + 1)), worker)
  if not deadline then
    redis.call('HSET', terms, worker, ARGV[3])
    redis.call('HSETNX', meta, 'format', 2)
  end
end
-- A fetch that Redis executes after a later one of the same worker takes nothing: nobody waits for its answer.
local is_void = latest > 0 and (now > latest or not deadline)
if first > 0 and not is_void then
  local highest = tonumber(redis.call('HGET', seen, worker)) or 0
  is_void = first <= highest
  redis.call('HSET', seen, worker, whole(math.max(first, highest)))
end

local next_due = math.min(drop_expired() == 100 and 0 or math.huge, promote(scheduled, most_bytes), promote(retry, most_bytes))

local fetched, bytes, number = {}, 0, first
most = math.min(most, room(most_running))
while most > 0 and bytes < most_bytes and not (paused == '1' or is_void) do
  -- In portions, so that what large payloads bring beyond the limit stays small.
  local popped, entries, portion = redis.call('ZPOPMIN', ready, math.min(most, 32)), {}, {}
  most = #popped == 64 and most - 32 or 0
  for i = 1, #popped, 2 do
    portion[#portion + 1] = popped[i]
  end
  for i, payload in ipairs(#portion > 0 and redis.call('HMGET', payloads, unpack(portion)) or {}) do
    fetched[#fetched + 1], fetched[#fetched + 2] = portion[i], payload
    if payload then
      entries[#entries + 1], entries[#entries + 2] = portion[i], owner .. number .. '|' .. popped[2 * i]
      bytes = bytes + #payload
    else
      gone({portion[i]})
    end
    number = number + 1
  end
  if #entries > 0 then taken(entries) end
end
-- Who leaves work behind wakes the next worker, which does the same. What may not run now is none.
local ready_left = (paused == '1' or room(most_running) == 0) and 0 or redis.call('ZCARD', ready)
if ready_left > 0 then ring() end
return {is_void and 3 or deadline and 1 or 2, next_due < math.huge and next_due or -1, ready_left, now, lost, fetched}
