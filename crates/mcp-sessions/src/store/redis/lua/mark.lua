-- Notes to whom a new session belongs, for who looks it up without its owner.
--
-- KEYS: the session's holder
-- ARGV: the owner, for how long
if redis.call('HSETNX', KEYS[1], 'b', ARGV[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
