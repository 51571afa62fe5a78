-- List a portion of what runs under one worker's name.
-- KEYS[1] running   KEYS[2] payloads
-- ARGV[1] worker   ARGV[2] cursor ('0' at first)
-- Returns: {next cursor ('0' at the end), {id, payload or false, ...}}.  Cost: O(1) per call, O(running jobs) in all
local running, payloads = KEYS[1], KEYS[2]
local owner = ARGV[1] .. '|'

local scanned = redis.call('HSCAN', running, ARGV[2], 'COUNT', 500)
local listed = {}
for i = 1, #scanned[2], 2 do
  local id, held_by = scanned[2][i], scanned[2][i + 1]
  if string.sub(held_by, 1, #owner) == owner then
    listed[#listed + 1], listed[#listed + 2] = id, redis.call('HGET', payloads, id)
  end
end
return {scanned[1], listed}
