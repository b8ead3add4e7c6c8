-- Ends every session of an identity at once: those made under the epoch that goes are valid no more.
--
-- KEYS: the identity's index, its epoch
-- Returns the sessions that were alive.
redis.call('UNLINK', KEYS[2])
local living = redis.call('ZRANGEBYSCORE', KEYS[1], whole(now), '+inf')
redis.call('UNLINK', KEYS[1])
return living
