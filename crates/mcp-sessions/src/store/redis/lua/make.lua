-- Makes an identity's session under its cap, resumes it, or takes over one that was nobody's.
--
-- KEYS: the session, the identity's index, its epoch
-- ARGV: four times, how ('create', 'adopt' or 'bind'), the session in the index, its state, a fresh epoch,
--       the cap, whether there is room among all ('1'); to bind: when it was made, the epoch it was claimed under
local session, index, epoch = KEYS[1], KEYS[2], KEYS[3]
local how, member, state = ARGV[5], ARGV[6], ARGV[7]

redis.call('SETRANGE', epoch, 0, '')
redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. whole(now))

local current = redis.call('GET', epoch)
if how == 'bind' and current ~= ARGV[12] then return {'revoked'} end

local replaced = 0
local found = redis.call('HMGET', session, 'c', 'u', 'd', 'e')
if found[1] and current and found[4] == current then
  if how == 'create' then return {'taken'} end
  local created = tonumber(found[1])
  if not past(created, found[2] and tonumber(found[2])) then
    redis.call('HSET', session, 'u', whole(now))
    keep(session, created, now)
    redis.call('ZADD', index, 'XX', whole(alive_until(created, now)), member)
    return {'resumed', found[1], whole(now), found[3]}
  end
  replaced = 1
end
if found[1] then
  redis.call('UNLINK', session)
  redis.call('ZREM', index, member)
end

if redis.call('ZCARD', index) >= tonumber(ARGV[9]) then return {'identity_full', replaced} end
if ARGV[10] ~= '1' then return {'full', replaced} end

if not current then
  current = ARGV[8]
  redis.call('SET', epoch, current)
end
local created, used = now, nil
if how == 'bind' then
  created, used = tonumber(ARGV[11]), now
  redis.call('HSET', session, 'u', whole(used))
end
redis.call('HSET', session, 'c', whole(created), 'd', state, 'e', current)
keep(session, created, used)
redis.call('ZADD', index, whole(alive_until(created, used)), member)
extend(index, lifetime + 2 * grace)
extend(epoch, lifetime + 2 * grace)
return {'created', whole(created), used and whole(used) or false, replaced}
