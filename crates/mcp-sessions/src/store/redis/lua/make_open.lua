-- Makes a session that belongs to no identity, or resumes it for an anonymous caller.
--
-- KEYS: the session's holder, a key that is never there
-- ARGV: four times, how ('create' or 'adopt'), the binding ('a' or 'u'), its state, whether there is room ('1')
local holder, how = KEYS[1], ARGV[5]

redis.call('SETRANGE', KEYS[2], 0, '')

local replaced = 0
local found = redis.call('HMGET', holder, 'b', 'c', 'u', 'd', 'r')
local binding = found[1]
if binding then
  if how == 'create' then return {'taken'} end
  if not found[2] then
    return {'marked', binding, found[5] and now - tonumber(found[5]) < 10000 and 1 or 0}
  end
  local created = tonumber(found[2])
  if not past(created, found[3] and tonumber(found[3])) then
    if binding ~= 'a' and binding ~= 'u' then return {'foreign', binding} end
    redis.call('HSET', holder, 'u', whole(now))
    keep(holder, created, now)
    return {'resumed', binding, found[2], whole(now), found[4]}
  end
  redis.call('UNLINK', holder)
  replaced = 1
end

if ARGV[8] ~= '1' then return {'full', replaced} end
redis.call('HSET', holder, 'b', ARGV[6], 'c', whole(now), 'd', ARGV[7])
keep(holder, now, nil)
return {'created', whole(now), false, replaced}
