-- What time does to a session: `Policy::age` and `Policy::alive_until_ms`.
local unused, idle, lifetime = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- For how long a session past its time is kept, to be told from one that never was.
local grace = tonumber(ARGV[4])

local function past(created, used)
  if now - created > lifetime then return 'expired' end
  if now - (used or created) > (used and idle or unused) then return 'stale' end
end

local function alive_until(created, used)
  return math.min((used or created) + (used and idle or unused), created + lifetime)
end

-- Whether who claimed a session then may still be about to make it.
local function on_its_way(claimed) return claimed and now - tonumber(claimed) < 10000 end

-- Until when its key lives if nobody uses the session again.
local function keep(key, created, used)
  call('PEXPIRE', key, math.max(alive_until(created, used) - now, 0) + grace)
end

