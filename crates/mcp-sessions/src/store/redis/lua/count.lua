-- Counts one of the sets of all sessions, after removing what is past its time if that is asked for.
--
-- KEYS: the set
-- ARGV: 'trim' or 'count'
call('ZREM', KEYS[1], '')
local removed = 0
if ARGV[1] == 'trim' then removed = call('ZREMRANGEBYSCORE', KEYS[1], '-inf', before_now) end
return {removed, call('ZCARD', KEYS[1])}
