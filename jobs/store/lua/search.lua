-- Look through a portion of a set for jobs whose payload contains every one of some texts, in small letters.
-- KEYS[1] payloads   KEYS[2] set
-- ARGV[1] first rank   ARGV[2] last rank   ARGV[3] 1 when rank 0 is the high end   ARGV[4] 1 to walk from last to first
-- ARGV[5] bytes of payload after which to stop   ARGV[6] most jobs to find   ARGV[7] 1 to look at payloads   then texts
-- Returns: {ranks looked at, ids looked at, {rank, id, score, payload or false, ...}}.  Cost: O(log n + ranks + bytes)
local payloads, set = KEYS[1], KEYS[2]
local first, most_bytes, most, reads = tonumber(ARGV[1]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local order = ARGV[3] == '1' and {'REV', 'WITHSCORES'} or {'WITHSCORES'}

local entries = redis.call('ZRANGE', set, ARGV[1], ARGV[2], unpack(order))
local size = #entries / 2
local found, looked_at, bytes = {}, 0, 0

local function contains_all(payload)
  local small = #ARGV > 7 and string.lower(payload)
  for i = 8, #ARGV do
    if not string.find(small, ARGV[i], 1, true) then
      return false
    end
  end
  return true
end

while looked_at < size and bytes < most_bytes and #found < 4 * most do
  local at = ARGV[4] == '1' and size - 1 - looked_at or looked_at
  local id, score = entries[2 * at + 1], entries[2 * at + 2]
  local payload = reads and redis.call('HGET', payloads, id)
  looked_at = looked_at + 1
  bytes = bytes + (payload and #payload or 0)
  if not reads or (payload and contains_all(payload)) then
    local n = #found
    found[n + 1], found[n + 2], found[n + 3], found[n + 4] = first + at, id, score, payload
  end
end
return {looked_at, size, found}
