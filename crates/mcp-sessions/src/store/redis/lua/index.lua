-- The living sessions of an identity, by its index.
--
-- KEYS: the identity's index
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. whole(now))
return redis.call('ZRANGE', KEYS[1], 0, -1)
