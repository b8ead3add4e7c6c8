-- Ends every session of an identity at once: those made under the epoch that goes are valid no more.
--
-- KEYS: the identity's index, its epoch
-- Returns the epoch and the sessions that were alive.
local epoch = call('GET', KEYS[2])
call('UNLINK', KEYS[2])
local living = call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
call('UNLINK', KEYS[1])
return {epoch, living}
