#!lua flags=allow-oom
-- Look whether each of these jobs is in exactly one place, and put it back where it is not.
-- KEYS: those of a queue
-- ARGV[1] 1 to repair, then ids
-- Returns: for each job that is not as it should be: id, and the places it was found in.  Cost: O(k log n) for k jobs
local repair = ARGV[1] == '1'
local names, sets = {'ready', 'scheduled', 'retry', 'dead', 'done'}, {ready, scheduled, retry, dead, done}
local broken = {}

for i = 2, #ARGV do
  local id, places, keys = ARGV[i], {}, {}
  local payload = redis.call('HGET', payloads, id)
  local held_by = redis.call('HGET', running, id)
  local token = held_by and string.match(held_by, '^(.*)|[^|]*$') or ''
  local owner = held_by and redis.call('ZSCORE', leases, string.match(token, '^(.*)#%d+$') or token)
  if held_by then
    places[1] = owner and 'running' or 'running without a worker'
  end
  for n, name in ipairs(names) do
    if redis.call('ZSCORE', sets[n], id) then
      places[#places + 1], keys[#keys + 1] = name, sets[n]
    end
  end
  -- One that is nowhere at all was finished since its id was read.
  if (payload or #places > 0) and not (payload and #places == 1 and (owner or not held_by)) then
    broken[#broken + 1] = id
    broken[#broken + 1] = (payload and '' or 'no payload; ') .. (#places > 0 and table.concat(places, ', ') or 'nowhere')
    if repair then
      -- A worker keeps its job, else the first of the sets does; a job that has neither is ready again, before all others
      -- of its priority.
      if held_by and not (owner and payload) then
        left({id})
        ring_for_room()
      end
      for n = (payload and not owner) and 2 or 1, #keys do
        redis.call('ZREM', keys[n], id)
      end
      if payload and not owner and #keys == 0 then
        redis.call('ZADD', ready, score(payload, 0), id)
        ring()
      end
    end
  end
end
return broken
