-- What is kept of some sessions of an identity, and the time.
--
-- KEYS: its epoch, the sessions
local current = call('GET', KEYS[1])
local all = {}
for number = 2, #KEYS do
  local found = call('HMGET', KEYS[number], 'c', 'u', 'd', 'e')
  local living = found[1] and current and found[4] == current
  all[number - 1] = living and {found[1], found[2], found[3]} or {}
end
return {now, all}
