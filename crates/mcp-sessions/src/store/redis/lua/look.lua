-- Looks at an identity's session, and uses or ends it.
--
-- KEYS: the session, the identity's index, its epoch
-- ARGV: four times, how ('check', 'touch', 'claim' or 'end'), the session in the index, a fresh epoch
local session, index, epoch = KEYS[1], KEYS[2], KEYS[3]
local how, member = ARGV[5], ARGV[6]

local current = call('GET', epoch)
local found = call('HMGET', session, 'c', 'u', 'd', 'e')
if not found[1] or not current or found[4] ~= current then
  if how == 'end' then call('HDEL', session, '') else call('SETRANGE', epoch, 0, '') end
  if found[1] then call('UNLINK', session) end
  if how == 'claim' then
    if not current then
      current = ARGV[7]
      call('SET', epoch, current)
    end
    extend(epoch, lifetime + 2 * grace)
  end
  return {'unknown', current}
end

local created, used = tonumber(found[1]), found[2] and tonumber(found[2])
local ended = past(created, used)
if ended or how == 'end' then
  call('UNLINK', session)
  call('ZREM', index, member)
  if ended then return {ended} end
elseif how == 'check' then
  call('SETRANGE', epoch, 0, '')
else
  used = now
  call('HSET', session, 'u', now)
  keep(session, created, used)
  call('ZADD', index, 'XX', alive_until(created, used), member)
end
return {'valid', found[1], used, found[3]}
