-- Look whether each of these jobs is in exactly one place, and put it back where it is not.
-- KEYS[1] payloads   KEYS[2] ready   KEYS[3] scheduled   KEYS[4] retry   KEYS[5] dead   KEYS[6] done
-- KEYS[7] running   KEYS[8] leases   KEYS[9] bell
-- ARGV[1] 1 to repair, then ids
-- Returns: for each job that is not as it should be: id, and the places it was found in.  Cost: O(k log n) for k jobs
local repair = ARGV[1] == '1'
local names = {'ready', 'scheduled', 'retry', 'dead', 'done'}
local broken = {}

for i = 2, #ARGV do
  local id, places, keys = ARGV[i], {}, {}
  local payload = redis.call('HGET', KEYS[1], id)
  local held_by = redis.call('HGET', KEYS[7], id)
  local owned = held_by and redis.call('ZSCORE', KEYS[8], string.match(held_by, '^(.*)|[^|]*$') or '')
  if held_by then
    places[1] = owned and 'running' or 'running without a worker'
  end
  for n, name in ipairs(names) do
    if redis.call('ZSCORE', KEYS[n + 1], id) then
      places[#places + 1], keys[#keys + 1] = name, KEYS[n + 1]
    end
  end
  -- One that is nowhere at all was finished since its id was read.
  if (payload or #places > 0) and not (payload and #places == 1 and (owned or not held_by)) then
    broken[#broken + 1] = id
    broken[#broken + 1] = (payload and '' or 'no payload; ') .. (#places > 0 and table.concat(places, ', ') or 'nowhere')
    if repair then
      -- A worker keeps its job, else the first of the sets does; a job that has neither is ready again, before all others
      -- of its priority.
      if held_by and not (owned and payload) then
        redis.call('HDEL', KEYS[7], id)
      end
      for n = (payload and not owned) and 2 or 1, #keys do
        redis.call('ZREM', keys[n], id)
      end
      if payload and not owned and #keys == 0 then
        local priority = tonumber(string.match(payload, '^{"priority":(-?%d+)')) or 0
        redis.call('ZADD', KEYS[2], string.format('%.0f', (100 - priority) * 2 ^ 44), id)
        redis.call('RPUSH', KEYS[9], 1)
      end
    end
  end
end
return broken
