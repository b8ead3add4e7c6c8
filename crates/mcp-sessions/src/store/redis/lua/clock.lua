-- A script begins with a write, of nothing if need be: a server that takes no writes then answers with an
-- error, not from what it has. One that is out of memory does so, too, when the write could take memory, as
-- SETRANGE of nothing could; later in a script it would be let through.

-- The time by the server's clock, in milliseconds.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- Numbers as commands take them: without an exponent.
local function whole(number) return string.format('%.0f', number) end

-- Lets a key live for at least so long from now.
local function extend(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, whole(ms)) end
end

