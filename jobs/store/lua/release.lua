-- Give running jobs back to the ready set, each at the place it had, and ring the bell.
-- KEYS[1] running   KEYS[2] payloads   KEYS[3] ready   KEYS[4] bell
-- ARGV[1] worker, then for each job: id   new payload ('' keeps the old one)
-- Returns: the number of jobs given back; those no longer owned are left alone.  Cost: O(k log n) for k jobs
local running, payloads, ready, bell = unpack(KEYS)
local owner = ARGV[1] .. '|'
local released = 0

for i = 2, #ARGV, 2 do
  local id, payload = ARGV[i], ARGV[i + 1]
  local held_by = redis.call('HGET', running, id)
  if held_by and string.sub(held_by, 1, #owner) == owner then
    redis.call('HDEL', running, id)
    redis.call('ZADD', ready, string.sub(held_by, #owner + 1), id)
    if payload ~= '' then
      redis.call('HSET', payloads, id, payload)
    end
    released = released + 1
  end
end

if released > 0 and redis.call('LLEN', bell) == 0 then
  redis.call('RPUSH', bell, 1)
end
return released
