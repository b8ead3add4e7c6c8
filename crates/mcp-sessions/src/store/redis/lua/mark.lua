-- Notes to whom a session belongs, for who looks it up without its owner, and for how long that is worth knowing.
--
-- KEYS: the session's holder
-- ARGV: the owner, for how long, whether the session is new ('1'): the note of one that has ended does not come back
if ARGV[3] == '1' then call('HSETNX', KEYS[1], 'b', ARGV[1]) end
if call('HGET', KEYS[1], 'b') == ARGV[1] then extend(KEYS[1], tonumber(ARGV[2])) end
return 1
