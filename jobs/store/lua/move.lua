#!lua flags=allow-oom
-- Move jobs that wait in one set to another, or delete them: retry now, kill, reschedule, delete.
-- KEYS: those of a queue
-- ARGV[1] ready | scheduled | retry | dead | done   ARGV[2] ready | scheduled | dead | delete
-- ARGV[3] due in ms (of scheduled)   then ids
-- Returns: {number of jobs moved, {ids of those that stay, as another job holds their unique key}}; one that is no longer
--          where it was is left alone.  Cost: O(k log n) for k jobs
local sets = {ready = ready, scheduled = scheduled, retry = retry, dead = dead, done = done}
local from, destination, due = sets[ARGV[1]], ARGV[2], tonumber(ARGV[3])
local waiting = ARGV[1] == 'retry' and retry or scheduled
local to = ({ready = ready, scheduled = waiting, dead = dead})[destination]
local moved, barred = 0, {}
-- From here a job comes back to life.
local revives = (from == dead or from == done) and (to == ready or to == scheduled)

for i = 4, #ARGV do
  local id = ARGV[i]
  local is_there = redis.call('ZSCORE', from, id)
  if is_there and revives and not reclaim(id) then
    barred[#barred + 1] = id
  elseif is_there then
    moved = moved + 1
    -- First where a broken key may refuse it: then the job still is where it was.
    if destination == 'delete' then
      let_go({id}, 'void')
      gone({id})
    elseif to == dead then
      died(id)
    elseif to == waiting then
      redis.call('ZADD', waiting, whole(due), id)
    else
      redis.call('ZADD', ready, score(redis.call('HGET', payloads, id), now), id)
    end
    if to ~= from then
      redis.call('ZREM', from, id)
    end
  end
end

if moved > 0 and (destination == 'ready' or destination == 'scheduled') then
  ring()
end
return {moved, barred}
