-- Notes until when some sessions live, in one of the sets of all sessions.
--
-- KEYS: the set
-- ARGV: for how long the set is kept; a time and a session, and so on
for number = 2, #ARGV, 2 do
  call('ZADD', KEYS[1], 'GT', ARGV[number], ARGV[number + 1])
end
extend(KEYS[1], tonumber(ARGV[1]))
return 1
