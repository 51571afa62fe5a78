#!lua flags=no-writes
-- Tell which job holds each of these unique keys.
-- KEYS: those of a queue
-- ARGV: unique keys
-- Returns: for each key the id of its job, or ''.  Cost: O(k log n) for k keys
local ids = {}
for n, key in ipairs(ARGV) do
  ids[n] = holder_of(key) or ''
end
return ids
