-- The living sessions of an identity, by its index.
--
-- KEYS: the identity's index
call('ZREMRANGEBYSCORE', KEYS[1], '-inf', before_now)
return call('ZRANGE', KEYS[1], 0, -1)
