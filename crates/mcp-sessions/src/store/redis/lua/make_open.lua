-- Makes a session that belongs to no identity, or resumes it for an anonymous caller.
--
-- KEYS: the session's holder, a key that is never there
-- ARGV: four times, how ('create' or 'adopt'), the binding ('a' or 'u'), its state, whether there is room ('1')
local holder, how = KEYS[1], ARGV[5]

call('SETRANGE', KEYS[2], 0, '')

local replaced = 0
local found = call('HMGET', holder, 'b', 'c', 'u', 'd', 'r')
local binding = found[1]
if binding then
  if how == 'create' then return {'taken'} end
  if not found[2] then
    return {'marked', binding, on_its_way(found[5]) and 1 or 0}
  end
  local created = tonumber(found[2])
  if not past(created, found[3] and tonumber(found[3])) then
    if binding ~= 'a' and binding ~= 'u' then return {'foreign', binding} end
    call('HSET', holder, 'u', now)
    keep(holder, created, now)
    return {'resumed', binding, found[2], now, found[4]}
  end
  call('UNLINK', holder)
  replaced = 1
end

if ARGV[8] ~= '1' then return {'full', replaced} end
call('HSET', holder, 'b', ARGV[6], 'c', now, 'd', ARGV[7])
keep(holder, now, nil)
return {'created', now, false, replaced}
