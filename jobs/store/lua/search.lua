#!lua flags=no-writes
-- Look through a portion of a set, for all jobs or those of one class.
-- KEYS[1] payloads   KEYS[2] set
-- ARGV[1] first rank   ARGV[2] last rank   ARGV[3] 1 when rank 0 is the high end   ARGV[4] 1 to walk from last to first
-- ARGV[5] bytes of payload after which to stop   ARGV[6] 1 to look at payloads   ARGV[7] bytes of the longest payload to
-- read   ARGV[8] job class, or nothing
-- Returns: {ranks looked at, ids in these ranks, ids without a payload, {rank, id, score, what is known, ...}}
-- Known of a job is its payload. It is the number of bytes when there are too many, and false when it was not looked at.
-- Cost: O(log n + ranks + bytes)
local payloads, set = KEYS[1], KEYS[2]
local first, most_bytes, reads = tonumber(ARGV[1]), tonumber(ARGV[5]), ARGV[6] == '1'
local longest, wanted = tonumber(ARGV[7]), ARGV[8]
local order = ARGV[3] == '1' and {'REV', 'WITHSCORES'} or {'WITHSCORES'}
-- Nothing behind the class is looked at, so no search can tell what an argument is: neither by its hits nor by its time.
local head = '^{"priority":[-%d]+,"enqueued_at":[-+.%deE]+,"id":"[^"\\]*","job_class":"([^"\\]*)"'

local entries = redis.call('ZRANGE', set, ARGV[1], ARGV[2], unpack(order))
local size = #entries / 2
local found, looked_at, bytes, bare = {}, 0, 0, 0

-- The payload, its length when that is too much, or nothing when there is none.
local function look(id)
  local length = redis.call('HSTRLEN', payloads, id)
  if length > longest then
    return length
  end
  bytes = bytes + length
  return redis.call('HGET', payloads, id)
end

-- A head that is written in another way may be of any class: the caller knows how to read it.
local function may_match(known)
  if wanted == '' or type(known) == 'number' then
    return true
  end
  local class = string.match(known, head)
  return not class or class == wanted
end

while looked_at < size and bytes < most_bytes do
  local at = ARGV[4] == '1' and size - 1 - looked_at or looked_at
  local id, score = entries[2 * at + 1], entries[2 * at + 2]
  local known = reads and look(id)
  looked_at = looked_at + 1
  if reads and not known then
    bare = bare + 1
  elseif not reads or may_match(known) then
    local n = #found
    found[n + 1], found[n + 2], found[n + 3], found[n + 4] = first + at, id, score, known
  end
end
return {looked_at, size, bare, found}
