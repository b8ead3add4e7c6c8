-- Forgets to whom a session belonged that ended with an epoch, unless it was claimed under another since.
--
-- KEYS: the session's holder
-- ARGV: the owner, the epoch
local found = call('HMGET', KEYS[1], 'b', 'e')
if found[1] == ARGV[1] and (not found[2] or found[2] == ARGV[2]) then call('UNLINK', KEYS[1]) end
return 1
