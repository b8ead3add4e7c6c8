local call = redis.call

-- The first write of a script stands before anything that it answers, and writes nothing if need be: a server
-- that takes no writes then answers with an error, not from what it has. One that is out of memory does so, too,
-- when that write could take memory, as SETRANGE of nothing could; what comes after it is let through.

-- The time by the server's clock, in milliseconds.
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Everything before this moment, for commands on sorted sets.
local before_now = string.format('(%.0f', now)

-- Lets a key live for at least so long from now.
local function extend(key, ms)
  if call('PTTL', key) < ms then call('PEXPIRE', key, ms) end
end

