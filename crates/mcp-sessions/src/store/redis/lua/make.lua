-- Makes an identity's session under its cap, resumes it, or takes over one that was nobody's.
--
-- KEYS: the session, the identity's index, its epoch
-- ARGV: four times, how ('create', 'adopt' or 'bind'), the session in the index, its state, a fresh epoch,
--       the cap, whether there is room among all ('1'); to bind: when it was made, the epoch it was claimed under
local session, index, epoch = KEYS[1], KEYS[2], KEYS[3]
local how, member, state = ARGV[5], ARGV[6], ARGV[7]

call('SETRANGE', epoch, 0, '')
call('ZREMRANGEBYSCORE', index, '-inf', before_now)

local current = call('GET', epoch)
if how == 'bind' and current ~= ARGV[12] then return {'revoked'} end

local replaced = 0
local found = call('HMGET', session, 'c', 'u', 'd', 'e')
if found[1] and current and found[4] == current then
  if how == 'create' then return {'taken'} end
  local created = tonumber(found[1])
  if not past(created, found[2] and tonumber(found[2])) then
    call('HSET', session, 'u', now)
    keep(session, created, now)
    call('ZADD', index, 'XX', alive_until(created, now), member)
    return {'resumed', found[1], now, found[3]}
  end
  replaced = 1
end
if found[1] then
  call('UNLINK', session)
  call('ZREM', index, member)
end

if call('ZCARD', index) >= tonumber(ARGV[9]) then return {'identity_full', replaced} end
if ARGV[10] ~= '1' then return {'full', replaced} end

if not current then
  current = ARGV[8]
  call('SET', epoch, current)
end
local created, used = now, nil
if how == 'bind' then
  created, used = tonumber(ARGV[11]), now
  call('HSET', session, 'u', used)
end
call('HSET', session, 'c', created, 'd', state, 'e', current)
keep(session, created, used)
call('ZADD', index, alive_until(created, used), member)
extend(index, lifetime + 2 * grace)
extend(epoch, lifetime + 2 * grace)
return {'created', created, used or false, replaced}
