#!lua
-- Insert new jobs of one queue of which some are unique or marked, one after the other, and ring its bell.
-- KEYS: those of a queue, and KEYS[19] receipt   KEYS[20] marks
-- ARGV[1] receipt lifetime in ms   ARGV[2] number of jobs, at most 1,000, then for each of them:
--         id   payload   priority   due in ms (epoch, or "+N" from now)   trait, or ''   when it expires, in ms after it is due, or ''
--         on a conflict: return | raise | replace | debounce   longest wait of a debounced job in ms, or ''   mark, or ''
--         and behind all this, for a queue with a bound: how many jobs that have not ended it may hold
-- Returns: for each job "+id" if it was inserted, "=id of the job that holds its place" if not, parted by spaces. Sent again
--          after a lost answer, it returns the same. Where they do not all fit, -2 - n as in `push`.  Cost: O(k log n) for k jobs
-- All keys are read before anything is written: one of a wrong type must not leave half a push.
local marks, last, is_over = KEYS[20], 2 + 9 * ARGV[2], {} -- what was pushed under a mark is never pushed again
for at = 11, last, 9 do is_over[ARGV[at]] = ARGV[at] ~= '' and redis.call('ZSCORE', marks, ARGV[at]) end
check_hashes()
for _, hash in ipairs({traits, unique}) do redis.call('HLEN', hash) end
for _, set in ipairs({ready, retry, dead, done, windows}) do redis.call('ZCARD', set) end
local head = redis.call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')
local answered = redis.call('GET', KEYS[19])
if answered then return answered end

-- Returns a job that another may replace. What has begun or ended has the key as its class once had it, and lets go of it for good.
local function replaceable(id)
  if waits(id) then return id end
  local trait = redis.call('HGET', traits, id)
  if trait then redis.call('HSET', traits, id, (string.gsub(trait, '^unique=[^/ ]+', 'unique=start'))) end
end

-- Who is a duplicate, or takes the place of another, needs no room.
local most, more, is_asked = tonumber(ARGV[last + 1]), 0, {}
for at = 3, most and last or 0, 9 do
  local id, holder, expired, _, key = ARGV[at], nil, nil, claim_in(ARGV[at + 4])
  if key then holder, expired = holder_of(key) end
  if holder and (ARGV[at + 6] == 'replace' or ARGV[at + 6] == 'debounce') then holder = waits(holder) end
  local is_known = is_over[ARGV[at + 8]] or redis.call('HSTRLEN', payloads, id) > 0
  local is_there = is_known or holder or expired or is_asked[id] or is_asked[key or id]
  if not is_there then is_asked[id], is_asked[key or id], more = true, true, more + 1 end
end
if most and more > 0 and unfinished() + more > most then return -2 - unfinished() end

-- A job that waits makes room for another. Returns its place, if it was ready.
local function make_room(id)
  local place = redis.call('ZSCORE', ready, id)
  for _, set in ipairs({ready, scheduled, retry}) do redis.call('ZREM', set, id) end
  gone({id})
  return place
end

local is_new, answers, must_ring = {}, {}, false
for at = 3, last, 9 do
  local id, payload, priority, due, trait, expires, conflict, longest, mark = unpack(ARGV, at, at + 8)
  local till, key, holder, expired = claim_in(trait)
  if mark ~= '' and not is_over[mark] then redis.call('ZADD', marks, whole(now), mark) end
  if key then holder, expired = holder_of(key) end
  if is_over[mark] or is_new[id] or redis.call('HSTRLEN', payloads, id) > 0 then
    answers[#answers + 1] = ((is_over[mark] or is_new[id]) and '+' or '=') .. id
  elseif holder and (conflict == 'return' or conflict == 'raise') then
    answers[#answers + 1] = '=' .. holder
  else
    holder = holder and replaceable(holder)
    due = string.byte(due) == 43 and now + tonumber(due) or tonumber(due) -- 43: "+"
    if conflict == 'debounce' then
      local first = holder and string.match(redis.call('HGET', traits, holder) or '', 'first=(%d+)') or whole(now)
      trait, due = trait .. ' first=' .. first, math.min(due, first + longest)
    end
    -- Who was ready before gives its place to the new one, unless that is to run later.
    local place = (holder or expired) and make_room(holder or expired)
    place = holder and (conflict == 'debounce' or due <= now) and place
    redis.call('HSET', payloads, id, payload)
    trait = trait .. (trait ~= '' and expires ~= '' and ' expires=' .. whole(due + expires) or '')
    if trait ~= '' then redis.call('HSET', traits, id, trait) end
    if key then hold(key, till, id) end
    if not place and due <= now then place = place_of(priority, due) end
    redis.call('ZADD', place and ready or scheduled, place or whole(due), id)
    must_ring = must_ring or place or not head[2] or due < tonumber(head[2])
    is_new[id], answers[#answers + 1] = true, '+' .. id
  end
end
if must_ring then ring() end
local answer = table.concat(answers, ' ')
redis.call('SET', KEYS[19], answer, 'PX', ARGV[1])
return answer
