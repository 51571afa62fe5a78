-- Move jobs that wait in one set to another, or delete them: retry now, kill, reschedule, delete.
-- KEYS[1] payloads   KEYS[2] from   KEYS[3] ready   KEYS[4] scheduled or retry   KEYS[5] dead   KEYS[6] bell
-- ARGV[1] ready | scheduled | dead | delete   ARGV[2] due in ms (of scheduled)   then ids
-- Returns: the number of jobs moved; one that is no longer in `from` is left alone.  Cost: O(k log n) for k jobs
local payloads, from, ready, scheduled, dead, bell = unpack(KEYS)
local destination, due = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local moved = 0

for i = 3, #ARGV do
  local id = ARGV[i]
  if redis.call('ZREM', from, id) == 1 then
    moved = moved + 1
    if destination == 'delete' then
      redis.call('HDEL', payloads, id)
    elseif destination == 'dead' then
      redis.call('ZADD', dead, string.format('%.0f', now), id)
    elseif destination == 'scheduled' then
      redis.call('ZADD', scheduled, string.format('%.0f', due), id)
    else
      local payload = redis.call('HGET', payloads, id) or ''
      local priority = tonumber(string.match(payload, '^{"priority":(-?%d+)')) or 0
      redis.call('ZADD', ready, string.format('%.0f', (100 - priority) * 2 ^ 44 + now), id)
    end
  end
end

if moved > 0 and (destination == 'ready' or destination == 'scheduled') and redis.call('LLEN', bell) == 0 then
  redis.call('RPUSH', bell, 1)
end
return moved
