#!lua flags=allow-oom
-- Announce all entries that a boot knows. Those that the newest boot does not name rest.
-- KEYS[1] home
-- ARGV[1] boot in ms   ARGV[2] the job classes that people may schedule, parted by spaces
-- then for each entry: name   queue   the queue that it was closed in, '' if none   spec
-- Returns: 1 announced, 0 not: a newer boot was here, or an entry is at home in a queue where it was not closed.  Cost: O(n)
local home, boot = KEYS[1], tonumber(ARGV[1])
local newest = string.match(redis.call('HGET', home, 'boot') or '', '^%d+$') -- what is no time counts as not there
if tonumber(newest or 0) > boot then
  return 0
end
local names, known = {}, {}
for i = 3, #ARGV, 4 do
  local lives_in = redis.call('HGET', home, 'queue:' .. ARGV[i])
  if lives_in and lives_in ~= ARGV[i + 1] and lives_in ~= ARGV[i + 2] then
    return 0
  end
  names[#names + 1], known[ARGV[i]] = ARGV[i], true
end
-- What people have overridden ends with the code that it was said of.
for name in string.gmatch(redis.call('HGET', home, 'names') or '', '%S+') do
  if not known[name] then
    redis.call('HDEL', home, 'override:' .. name, 'spec:' .. name)
  end
end
for i = 3, #ARGV, 4 do
  local name, spec = ARGV[i], ARGV[i + 3]
  if redis.call('HGET', home, 'spec:' .. name) ~= spec then
    redis.call('HDEL', home, 'override:' .. name)
  end
  redis.call('HSET', home, 'queue:' .. name, ARGV[i + 1], 'spec:' .. name, spec)
end
redis.call('HSET', home, 'boot', ARGV[1], 'names', table.concat(names, ' '), 'classes', ARGV[2])
return 1
