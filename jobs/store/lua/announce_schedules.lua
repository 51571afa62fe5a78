#!lua flags=allow-oom
-- Announce all entries that a boot knows. Those that the newest boot does not name rest.
-- KEYS[1] home
-- ARGV[1] boot in ms   then for each entry: name   queue   the queue that it was closed in, '' if none
-- Returns: 1 announced, 0 not: a newer boot was here, or an entry is at home in a queue where it was not closed.  Cost: O(n)
local home, boot = KEYS[1], tonumber(ARGV[1])
if tonumber(redis.call('HGET', home, 'boot') or 0) > boot then
  return 0
end
local names = {}
for i = 2, #ARGV, 3 do
  local lives_in = redis.call('HGET', home, 'queue:' .. ARGV[i])
  if lives_in and lives_in ~= ARGV[i + 1] and lives_in ~= ARGV[i + 2] then
    return 0
  end
  names[#names + 1] = ARGV[i]
end
for i = 2, #ARGV, 3 do
  redis.call('HSET', home, 'queue:' .. ARGV[i], ARGV[i + 1])
end
redis.call('HSET', home, 'boot', ARGV[1], 'names', table.concat(names, ' '))
return 1
