-- Ends a claim of an identity, unless it is that identity's no more.
--
-- KEYS: the session's holder
-- ARGV: four times, how, the identity
--   'settle'   the session is in its slot; here remains to whom it went, and under which epoch
--   'release'  there was no room for it: it is nobody's again
--   'forget'   it is no longer in its slot; what remains here goes, unless it is on its way there
--   'drop'     it was ended; whatever is here goes
local holder, how, owner = KEYS[1], ARGV[5], ARGV[6]

call('HDEL', holder, '')
local found = call('HMGET', holder, 'b', 'c', 'u', 'r')
if found[1] ~= owner then return 0 end
local created = found[2]
if how == 'settle' then
  call('HDEL', holder, 'c', 'u', 'd', 'r')
  call('PEXPIRE', holder, lifetime + 2 * grace)
elseif how == 'release' and created then
  call('HSET', holder, 'b', 'u')
  call('HDEL', holder, 'e', 'r')
  keep(holder, tonumber(created), found[3] and tonumber(found[3]))
elseif how == 'forget' and (created or on_its_way(found[4])) then
  return 0
else
  call('UNLINK', holder)
end
return 1
