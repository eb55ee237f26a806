package resilredis

import "github.com/redis/go-redis/v9"

// leaseScript grants tokens from a bucket. A clock that was set back mints nothing, and one
// that was set forward no more than a bucket.
//
//	KEYS bucket, asking
//	ARGV tokens a second, depth, tokens wanted, process, µs in which a process counts as asking
//	→ tokens granted, processes asking, µs until there is another token
var leaseScript = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local rate, depth, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local recent = tonumber(ARGV[5])

local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1] or depth), tonumber(bucket[2] or now)
tokens = math.min(depth, tokens + math.max(0, now - at) * rate / 1000000)
local granted = math.min(want, math.floor(tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(math.min(depth / rate * 1000 + 1000, 1e12)))

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - recent)
redis.call('ZREMRANGEBYSCORE', KEYS[2], now + 1, '+inf')
redis.call('ZADD', KEYS[2], now, ARGV[4])
redis.call('PEXPIRE', KEYS[2], math.ceil(recent / 1000))

return {granted, redis.call('ZCARD', KEYS[2]), math.ceil(math.min(math.max(0, 1 - tokens) * 1000000 / rate, 1e15))}
`)

// readScript has a process be seen, and returns how the fleet of a client stands. Processes
// that were not seen for a time, or seem to be seen in the future, are gone. What they have
// reported does not count until they come back: one that fails and restarts again and again
// is still one. So the suspects are read anew when a process goes or comes.
//
//	KEYS members, about, orders, suspects, version
//	ARGV process or nothing, what it says of itself, µs for which it counts as seen, version known
//	→ time in µs, processes, version; and if that is another, orders and suspects
var readScript = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local keep = tonumber(ARGV[3])
local moved = false

local function drop(from, to)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], from, to)) do
    redis.call('ZREM', KEYS[1], gone)
    redis.call('HDEL', KEYS[2], gone)
    moved = true
  end
end
drop('-inf', now - keep)
drop(now + keep, '+inf')
if ARGV[1] ~= '' then
  moved = redis.call('ZADD', KEYS[1], now, ARGV[1]) == 1 or moved
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], math.ceil(keep / 500))
  redis.call('PEXPIRE', KEYS[2], math.ceil(keep / 500))
end

if moved and redis.call('EXISTS', KEYS[4]) == 1 then
  redis.call('SET', KEYS[5], string.format('%.0f', now))
end
local version = redis.call('GET', KEYS[5]) or ''
local processes = redis.call('ZCARD', KEYS[1])
if version == ARGV[4] and version ~= '' then
  return {now, processes, version}
end
local is = {}
local function reports(field)
  local member = string.match(field, '^.*%z(.*)$')
  if not member then return false end
  if is[member] == nil then is[member] = redis.call('ZSCORE', KEYS[1], member) and true or false end
  return is[member]
end
local function live(key)
  local all, kept = redis.call('HGETALL', key), {}
  for i = 1, #all, 2 do
    local till = tonumber(string.match(all[i + 1], '^%d+') or '')
    if till and till > 0 and till <= now then
      redis.call('HDEL', key, all[i])
    elseif till and (key ~= KEYS[4] or reports(all[i])) then
      kept[#kept + 1], kept[#kept + 2] = all[i], all[i + 1]
    end
  end
  return kept
end
return {now, processes, version, live(KEYS[3]), live(KEYS[4])}
`)

// writeScript sets or removes fields of a hash that the processes of a client watch. A
// field holds until when it is good in µs, 0 for ever, when it was set, and a text. It is not
// replaced by one that was set before it. What is set now comes after what is there, also
// where the clock was ahead then. What cannot be read is replaced.
//
//	KEYS hash, version
//	ARGV channel, µs after which an idle hash is gone or 0, then for each field: name, µs for
//	     which it is good (0 for ever, -1 to remove it), when it was set (0 for now, -1 for now
//	     whatever is there), text
var writeScript = redis.NewScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local function whole(n) return string.format('%.0f', n) end

local changed = false
for i = 3, #ARGV, 4 do
  local name, good, at = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  if good < 0 then
    changed = redis.call('HDEL', KEYS[1], name) > 0 or changed
  else
    local was = redis.call('HGET', KEYS[1], name)
    was = was and tonumber(string.match(was, '^%d+ (%d+) ') or '')
    if not was or was > 2 ^ 53 or at < 0 then was = 0 end
    if at <= 0 then at = math.max(now, was + 1) end
    if was <= at then
      local till = 0
      if good > 0 then till = at + good end
      redis.call('HSET', KEYS[1], name, whole(till) .. ' ' .. whole(at) .. ' ' .. ARGV[i + 3])
      changed = true
    end
  end
end
if changed then
  if ARGV[2] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  redis.call('SET', KEYS[2], whole(now))
  redis.call('PUBLISH', ARGV[1], whole(now))
end
return changed and 1 or 0
`)

// seenScript notes that clients are there, and forgets those that were not seen for long.
//
//	KEYS clients
//	ARGV seconds after which a client is gone, names of clients
var seenScript = redis.NewScript(`
local now, listed = tonumber(redis.call('TIME')[1]), tonumber(ARGV[1])
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], now, ARGV[i])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - listed)
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + listed, '+inf')
redis.call('EXPIRE', KEYS[1], listed)
return 1
`)
