-- One round trip of a worker: finish jobs, renew the lease, promote what is due, take up to `count` in queue order.
-- KEYS[1] payloads   KEYS[2] ready   KEYS[3] scheduled   KEYS[4] retry   KEYS[5] running
-- KEYS[6] leases   KEYS[7] bell   KEYS[8] meta   KEYS[9] stats
-- ARGV[1] worker   ARGV[2] lease in ms   ARGV[3] 1 on the first call under this name   ARGV[4] count   then ids to finish
-- Returns: {lease good 1|0, ms to the next due job or -1, a worker whose lease ran out or '',
--           {finished ids not owned}, {id, payload or false, ...}}.  Cost: O((finished + promoted + count) log n)
local payloads, ready, scheduled, retry, running, leases, bell, meta, stats = unpack(KEYS)
local worker, lease, joins, count = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner = worker .. '|'

local lost = {}
if #ARGV > 4 then
  local mine, owners = {}, redis.call('HMGET', running, unpack(ARGV, 5))
  for i, held_by in ipairs(owners) do
    local into = held_by and string.sub(held_by, 1, #owner) == owner and mine or lost
    into[#into + 1] = ARGV[i + 4]
  end
  if #mine > 0 then
    redis.call('HDEL', running, unpack(mine))
    redis.call('HDEL', payloads, unpack(mine))
    redis.call('HINCRBY', stats, 'processed', #mine)
    redis.call('HINCRBY', stats, 'processed:' .. math.floor(time[1] / 86400), #mine)
  end
end

-- A deadline of 0 marks a worker that was given up: it can finish what it still owns, never take.
local deadline = redis.call('ZSCORE', leases, worker)
if deadline == '0' or not (deadline or joins) then
  return {0, -1, '', lost, {}}
end
redis.call('ZADD', leases, string.format('%.0f', now + lease), worker)
local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')
local expired = tonumber(first[2]) < now and first[1] or ''

local next_due = -1
for _, set in ipairs({scheduled, retry}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, 100)) do
    local payload = redis.call('HGET', payloads, id) or ''
    local priority = tonumber(string.match(payload, '^{"priority":(-?%d+)')) or 0
    local due = redis.call('ZSCORE', set, id)
    redis.call('ZREM', set, id)
    redis.call('ZADD', ready, string.format('%.0f', (100 - priority) * 2 ^ 44 + due), id)
  end
  local head = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if head[2] and (next_due < 0 or head[2] - now < next_due) then
    next_due = math.max(0, head[2] - now)
  end
end

local taken = {}
if count > 0 and redis.call('HGET', meta, 'paused') ~= '1' then
  local popped = redis.call('ZPOPMIN', ready, count)
  if #popped > 0 then
    local ids, entries = {}, {}
    for i = 1, #popped, 2 do
      ids[#ids + 1] = popped[i]
    end
    for i, payload in ipairs(redis.call('HMGET', payloads, unpack(ids))) do
      taken[#taken + 1], taken[#taken + 2] = ids[i], payload
      if payload then
        entries[#entries + 1], entries[#entries + 2] = ids[i], owner .. popped[2 * i]
      end
    end
    if #entries > 0 then
      redis.call('HSET', running, unpack(entries))
    end
  end
  -- Who leaves work behind wakes the next worker, which does the same.
  if redis.call('ZCARD', ready) > 0 and redis.call('LLEN', bell) == 0 then
    redis.call('RPUSH', bell, 1)
  end
end
return {1, next_due, expired, lost, taken}
