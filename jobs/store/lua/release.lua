#!lua flags=allow-oom
-- Give running jobs back to the ready set, each at the place it had, and ring the bell.
-- KEYS: those of a queue
-- ARGV for each job: token   id   new payload ('' keeps the old one)
-- Returns: the number of jobs given back; those no longer owned are left alone.  Cost: O(k log n) for k jobs
local released = 0

for i = 1, #ARGV, 3 do
  local token, id, payload = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local score_it_had = owns(token, id)
  if score_it_had then
    -- A key that is broken ends the script, but undoes nothing: so the job leaves `running` last.
    if payload ~= '' then
      redis.call('HSET', payloads, id, payload)
      change_trait(id, 'unique=start/', 'unique=begun/')
    end
    local is_score = string.match(score_it_had, '^%d+$') and #score_it_had < 20 -- Lua knows more numbers than Redis
    redis.call('ZADD', ready, is_score and score_it_had or score(payload, now), id)
    left({id})
    -- One that had not begun is as if it had never been taken.
    if payload == '' and redis.call('EXISTS', traits) > 0 and claim_in(traits_of({id})[1]) == 'start' then
      reclaim(id)
    end
    released = released + 1
  end
end

if released > 0 then
  ring()
end
return released
