-- Counts one of the sets of all sessions, after removing what is past its time if that is asked for.
--
-- KEYS: the set
-- ARGV: 'trim' or 'count'
-- A write that changes nothing: a server that takes no writes answers with an error, not from what it has.
redis.call('ZREM', KEYS[1], '')
local removed = 0
if ARGV[1] == 'trim' then removed = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. whole(now)) end
return {removed, redis.call('ZCARD', KEYS[1])}
