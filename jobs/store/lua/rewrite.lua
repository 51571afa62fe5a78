#!lua flags=allow-oom
-- Write payloads anew, each only where it still is as it was read.
-- KEYS: those of a queue
-- ARGV for each job: id   payload that was read   new payload
-- Returns: the number of jobs written.  Cost: O(k) for k jobs
local written = 0

for i = 1, #ARGV, 3 do
  local id, read, new = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HGET', payloads, id) == read then
    redis.call('HSET', payloads, id, new)
    written = written + 1
  end
end

return written
