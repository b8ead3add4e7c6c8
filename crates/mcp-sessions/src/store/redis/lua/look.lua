-- Looks at an identity's session, and uses or ends it.
--
-- KEYS: the session, the identity's index, its epoch
-- ARGV: four times, how ('check', 'touch', 'claim' or 'end'), the session in the index, a fresh epoch
local session, index, epoch = KEYS[1], KEYS[2], KEYS[3]
local how, member = ARGV[5], ARGV[6]

if how == 'end' then redis.call('HDEL', session, '') else redis.call('SETRANGE', epoch, 0, '') end

local current = redis.call('GET', epoch)
local found = redis.call('HMGET', session, 'c', 'u', 'd', 'e')
if not found[1] or not current or found[4] ~= current then
  if found[1] then redis.call('UNLINK', session) end
  if how == 'claim' then
    if not current then
      current = ARGV[7]
      redis.call('SET', epoch, current)
    end
    extend(epoch, lifetime + 2 * grace)
  end
  return {'unknown', current}
end

local created, used = tonumber(found[1]), found[2] and tonumber(found[2])
local ended = past(created, used)
if ended or how == 'end' then
  redis.call('UNLINK', session)
  redis.call('ZREM', index, member)
  if ended then return {ended} end
elseif how ~= 'check' then
  used = now
  redis.call('HSET', session, 'u', whole(now))
  keep(session, created, used)
  redis.call('ZADD', index, 'XX', whole(alive_until(created, used)), member)
end
return {'valid', found[1], used and whole(used), found[3]}
