-- Gives a session to one identity: the first of two steps, before it is made in, or moved to, its slot.
--
-- KEYS: the session's holder, a key that is never there
-- ARGV: four times, the identity, its epoch
local holder, owner, epoch = KEYS[1], ARGV[5], ARGV[6]

call('SETRANGE', KEYS[2], 0, '')

local replaced = 0
local found = call('HMGET', holder, 'b', 'c', 'u', 'd', 'e', 'r')
local binding, created = found[1], found[2]
if created then
  local ended = past(tonumber(created), found[3] and tonumber(found[3]))
  if ended or binding == owner and found[5] ~= epoch then
    call('UNLINK', holder)
    replaced = ended and 1 or 0
    binding, created = false, false
  end
end

if binding and binding ~= 'u' and binding ~= owner then
  if created then return {'foreign', binding} end
  return {'marked', binding, on_its_way(found[6]) and 1 or 0}
end

call('HSET', holder, 'b', owner, 'e', epoch, 'r', now)
call('PEXPIRE', holder, lifetime + 2 * grace)
if created then return {'moving', created, found[4]} end
return {'free', replaced}
