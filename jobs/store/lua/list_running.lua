#!lua flags=no-writes
-- List a portion of what runs under one worker's name.
-- KEYS: those of a queue
-- ARGV[1] worker   ARGV[2] cursor ('0' at first)
-- Returns: {next cursor ('0' at the end), {id, token, ...}}; an id may come twice.  Cost: O(1) a call, O(running) in all
local name = ARGV[1]

local scanned = redis.call('HSCAN', running, ARGV[2], 'COUNT', 500)
local listed = {}
for i = 1, #scanned[2], 2 do
  local id, held_by = scanned[2][i], scanned[2][i + 1]
  local token = string.match(held_by, '^(.*)|[^|]*$') or ''
  -- A token without a number was written by a version that fenced by name only.
  if token == name or string.sub(token, 1, #name + 1) == name .. '#' then
    listed[#listed + 1], listed[#listed + 2] = id, token
  end
end
return {scanned[1], listed}
