#!lua flags=allow-oom
-- Say where entries of the database live, each unless it has changed since it was opened there.
-- KEYS[1] home
-- ARGV: for each entry: name   revision in ms   queue   the queue that it was closed in, '' if none
-- Returns: for each 1 settled, 0 not: another revision, or it is at home in a queue where it was not closed.  Cost: O(n)
local home, answers = KEYS[1], {}
for i = 1, #ARGV, 4 do
  local name, queue = ARGV[i], ARGV[i + 2]
  local kept, lives_in = unpack(redis.call('HMGET', home, 'kept:' .. name, 'queue:' .. name))
  local is_same = tonumber(kept and string.match(kept, '^%d+')) == tonumber(ARGV[i + 1])
  if is_same and (not lives_in or lives_in == queue or lives_in == ARGV[i + 3]) then
    redis.call('HSET', home, 'queue:' .. name, queue)
    answers[#answers + 1] = 1
  else
    answers[#answers + 1] = 0
  end
end
return answers
