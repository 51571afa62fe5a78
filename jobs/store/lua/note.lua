#!lua
-- Write down what a running job tells of itself.
-- KEYS: those of a queue
-- ARGV[1] token   ARGV[2] job id   ARGV[3] note
-- Returns: 1 written, 0 no longer owned, or its worker was given up.  Cost: O(1)
local token, id, note = ARGV[1], ARGV[2], ARGV[3]
local worker = string.match(token, '^(.*)#')

if not owns(token, id) or redis.call('ZSCORE', leases, worker) == '0' then
  return 0
end
redis.call('HSET', notes, id, note)
return 1
