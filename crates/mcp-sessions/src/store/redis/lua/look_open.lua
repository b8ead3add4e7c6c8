-- Looks at a session that belongs to no identity, or at what says to whom it went; uses or ends it.
--
-- KEYS: the session's holder, a key that is never there
-- ARGV: four times, how ('check', 'touch' or 'end'), the caller ('' when anonymous), the caller's epoch
local holder, how, caller = KEYS[1], ARGV[5], ARGV[6]

if how == 'end' then call('HDEL', holder, '') else call('SETRANGE', KEYS[2], 0, '') end

local found = call('HMGET', holder, 'b', 'c', 'u', 'd', 'e', 'r')
local binding = found[1]
if not binding then return {'unknown'} end
if not found[2] then
  if binding == caller then return {'unknown'} end
  return {'marked', binding, on_its_way(found[6]) and 1 or 0}
end

local created, used = tonumber(found[2]), found[3] and tonumber(found[3])
local ended = past(created, used)
if ended then
  call('UNLINK', holder)
  return {ended}
end
if binding == 'a' and caller ~= '' or binding ~= 'a' and binding ~= 'u' and binding ~= caller then
  return {'foreign', binding}
end
if binding == caller and found[5] ~= ARGV[7] then
  call('UNLINK', holder)
  return {'unknown'}
end
if how == 'end' then
  call('UNLINK', holder)
elseif how == 'touch' then
  used = now
  call('HSET', holder, 'u', now)
  keep(holder, created, used)
end
return {'valid', binding, found[2], used, found[4]}
