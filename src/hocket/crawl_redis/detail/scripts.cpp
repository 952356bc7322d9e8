// A set of at most 512 numbers is a sorted array in Redis (intset), 8 bytes a number; larger ones take eight times as much. So a partition's digests
// are spread over as many sets as hold 200 on average, and when there are more, one set is split in two (linear hashing): by the last nine
// decimal digits of the digest, since Lua has no numbers of 64 bits.

#include <hocket/crawl_redis/detail/scripts.hpp>

namespace hocket::crawl::detail {

const std::string_view scripts::common = R"lua(
local K = KEYS[1]
local call = redis.call
local function number(text) return tonumber(text or '0') end
local function now()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local by_level = call('HGET', K .. 'state', 'by_level') == '1'
local function level_of(depth) return by_level and depth or '0' end
local function holds(p, holder) return call('HGET', K .. 'owner', p) == holder end

local function top_of(buckets)
  local top = 1
  while top * 2 <= buckets do top = top * 2 end
  return top
end
local function bucket_of(digest, buckets)
  local top, h = top_of(buckets), tonumber(string.sub(digest, -9))
  local at = h % (2 * top)
  if at >= buckets then at = h % top end
  return at
end
local function add_all(set, members)
  for first = 1, #members, 1000 do
    call('SADD', set, unpack(members, first, math.min(first + 999, #members)))
  end
end
local function add_to(sets, counts, bucket_counts, p, digest)
  local buckets = math.max(1, number(call('HGET', K .. bucket_counts, p)))
  if call('SADD', sets .. p .. ':' .. bucket_of(digest, buckets), digest) == 0 then return false end
  if call('HINCRBY', K .. counts, p, 1) <= buckets * 200 then return true end
  local old = sets .. p .. ':' .. (buckets - top_of(buckets))
  local stay, go = {}, {}
  for _, each in ipairs(call('SMEMBERS', old)) do
    local to = bucket_of(each, buckets + 1) == buckets and go or stay
    to[#to + 1] = each
  end
  call('DEL', old)
  add_all(old, stay)
  add_all(sets .. p .. ':' .. buckets, go)
  call('HSET', K .. bucket_counts, p, buckets + 1)
  return true
end
local function see(p, digest) return add_to(K .. 'seen:', 'seen', 'buckets', p, digest) end
local function is_seen(p, digest)
  local buckets = math.max(1, number(call('HGET', K .. 'buckets', p)))
  return call('SISMEMBER', K .. 'seen:' .. p .. ':' .. bucket_of(digest, buckets), digest) == 1
end

local function queued(by) call('HINCRBY', K .. 'state', 'queued', by) end
local function line_up(p, level, host, text, command)
  queued(#text)
  if call(command, K .. 'line:' .. p .. ':' .. level .. ':' .. host, text) == 1 then
    call('RPUSH', K .. 'hosts:' .. p .. ':' .. level, host)
  end
end
local function open(p, level, by)
  call('HINCRBY', K .. 'open', p, by)
  call('HINCRBY', K .. 'levels', level, by)
  call('HINCRBY', K .. 'state', 'open', by)
end
local function line_up_new(p, host, depth, flags, href)
  line_up(p, level_of(depth), host, depth .. ' ' .. flags .. ' 0 ' .. href, 'RPUSH')
end
local function eighths()
  local state = call('HMGET', K .. 'state', 'memory', 'queued')
  return state[1] and math.floor(number(state[2]) * 8 / tonumber(state[1])) or 0
end
local function spill(by, p, digest, depth)
  add_to(K .. 'spill:', 'spilled', 'spillbuckets', by, digest)
  call('HINCRBY', K .. 'spillof:' .. by, p .. ' ' .. level_of(depth), 1)
end
local function from_spill(by, p, digest, depth)
  local buckets = math.max(1, number(call('HGET', K .. 'spillbuckets', by)))
  if call('SREM', K .. 'spill:' .. by .. ':' .. bucket_of(digest, buckets), digest) == 0 then return false end
  call('HINCRBY', K .. 'spilled', by, -1)
  local of = K .. 'spillof:' .. by
  if call('HINCRBY', of, p .. ' ' .. level_of(depth), -1) <= 0 then call('HDEL', of, p .. ' ' .. level_of(depth)) end
  return true
end
local full_at = {['-1'] = 6, ['0'] = 8, ['1'] = 10}
local function found(p, digest, host, depth, flags, href, priority, by)
  local claim = call('HGET', K .. 'claims', href)
  if not claim then
    if not see(p, digest) then return end
    open(p, level_of(depth), 1)
    if full_at[priority] and eighths() >= full_at[priority] then return spill(by, p, digest, depth) end
    return line_up_new(p, host, depth, flags, href)
  end
  local before, linked = string.match(claim, '^(.+) (%S+)$')
  if linked == '-' or tonumber(depth) < tonumber(linked) then
    call('HSET', K .. 'claims', href, before .. ' ' .. depth)
  end
end

local function line_up_again(p, href, what)
  local host, rest = string.match(what, '^(%S+) (.+)$')
  line_up(p, level_of(string.match(rest, '^%d+')), host, rest .. ' ' .. href, 'LPUSH')
end
local function count_taken(by) call('HINCRBY', K .. 'state', 'taken', by) end
local function give_back(p)
  local all = call('HGETALL', K .. 'taken:' .. p)
  count_taken(0 - #all / 2)
  for n = 1, #all, 2 do line_up_again(p, all[n], all[n + 1]) end
  call('DEL', K .. 'taken:' .. p, K .. 'given:' .. p)
end
local function take_off(p, href)
  local what = call('HGET', K .. 'taken:' .. p, href)
  if not what then return nil end
  call('HDEL', K .. 'taken:' .. p, href)
  count_taken(-1)
  local host, depth = string.match(what, '^(%S+) (%d+)')
  if call('HINCRBY', K .. 'given:' .. p, host, -1) <= 0 then call('HDEL', K .. 'given:' .. p, host) end
  open(p, level_of(depth), -1)
  return what
end
local function back_from_aside(p, href)
  local what = call('HGET', K .. 'aside:' .. p, href)
  if not what then return end
  call('HDEL', K .. 'aside:' .. p, href)
  line_up_again(p, href, what)
  local level = level_of(string.match(what, '^%S+ (%d+)'))
  open(p, level, 1)
  if tonumber(level) < number(call('HGET', K .. 'state', 'level')) then call('HSET', K .. 'state', 'level', level) end
end
local function room()
  local state = call('HMGET', K .. 'state', 'max_pages', 'pages', 'taken')
  return state[1] and tonumber(state[1]) - number(state[2]) - number(state[3]) or math.huge, number(state[3])
end
local function forget_spill(by)
  for n = 0, math.max(1, number(call('HGET', K .. 'spillbuckets', by))) - 1 do call('DEL', K .. 'spill:' .. by .. ':' .. n) end
  call('DEL', K .. 'spillof:' .. by)
  for _, each in ipairs({'spilled', 'spillbuckets', 'adopter'}) do call('HDEL', K .. each, by) end
end
local function has_file(by)
  if call('ZSCORE', K .. 'workers', by) then return true end
  local adopter = call('HGET', K .. 'adopter', by)
  return adopter and call('ZSCORE', K .. 'workers', adopter)
end
local function give_up_spill(by)
  local count, all = 0, call('HGETALL', K .. 'spillof:' .. by)
  for n = 1, #all, 2 do
    local p, level = string.match(all[n], '^(%S+) (%S+)$')
    count = count + tonumber(all[n + 1])
    open(p, level, -tonumber(all[n + 1]))
  end
  if count > 0 then call('HINCRBY', K .. 'state', 'skipped:spilled', count) end
  forget_spill(by)
  return count
end
local function left()
  local free, taken = room()
  return free <= 0 and taken <= 0 and '0' or call('HGET', K .. 'state', 'open')
end
local function let_in_next_level()
  if not by_level or number(call('HGET', K .. 'state', 'open')) <= 0 then return end
  local level = number(call('HGET', K .. 'state', 'level'))
  while number(call('HGET', K .. 'levels', level)) <= 0 do level = level + 1 end
  call('HSET', K .. 'state', 'level', level)
end
)lua";

const std::string_view scripts::join = R"lua(
local worker, lease = ARGV[1], tonumber(ARGV[2])
local state = K .. 'state'
if call('HSETNX', state, 'settings', ARGV[3]) == 1 then
  call('HSET', state, 'partitions', ARGV[4], 'seed', ARGV[5], 'by_level', ARGV[6], 'level', 0, 'open', 0)
  if ARGV[7] ~= '' then call('HSET', state, 'max_pages', ARGV[7]) end
  if ARGV[8] ~= '' then call('HSET', state, 'memory', ARGV[8]) end
end
local kept = call('HGET', state, 'settings')
if kept ~= ARGV[3] then return {kept} end
by_level = call('HGET', state, 'by_level') == '1'
local time = now()
call('ZREMRANGEBYSCORE', K .. 'workers', '-inf', time - lease)
if call('ZCARD', K .. 'workers') == 0 then
  call('DEL', K .. 'drain')
  for p = 0, number(call('HGET', state, 'partitions')) - 1 do
    for _, href in ipairs(call('HKEYS', K .. 'aside:' .. p)) do back_from_aside(p, href) end
  end
end
return {kept, call('HGET', state, 'partitions'), call('HGET', state, 'seed')}
)lua";

const std::string_view scripts::seeds = R"lua(
for n = 1, #ARGV, 4 do found(ARGV[n], ARGV[n + 1], ARGV[n + 2], 0, 's', ARGV[n + 3]) end
return #ARGV / 4
)lua";

// A lease whose end has passed is still its owner's until another worker takes it. Of the partitions that have URLs each living worker may have `least`, and
// `more` of them one more: of those who have one more already the first by name.
const std::string_view scripts::tick = R"lua(
local worker, lease, pause, about = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local time = now()
call('ZADD', K .. 'workers', time, worker)
call('HSET', K .. 'worker:' .. worker, 'about', about)
for n = 5, #ARGV do call('HSET', K .. 'adopter', ARGV[n], worker) end
for _, dead in ipairs(call('ZRANGEBYSCORE', K .. 'workers', '-inf', time - lease)) do
  call('ZREM', K .. 'workers', dead)
  call('DEL', K .. 'worker:' .. dead)
end
local live, held = 0, {}
for _, each in ipairs(call('ZRANGE', K .. 'workers', 0, -1)) do
  if call('HEXISTS', K .. 'drain', each) == 0 then
    live = live + 1
    held[each] = 0
  end
end
local drains = call('HEXISTS', K .. 'drain', worker)
let_in_next_level()
local mine, busy_mine, owners, until_when = {}, 0, {}, {}
local owner, ends, opens = call('HGETALL', K .. 'owner'), call('HGETALL', K .. 'until'), call('HGETALL', K .. 'open')
local is_busy, busy = {}, 0
for n = 1, #opens, 2 do
  if tonumber(opens[n + 1]) > 0 then
    is_busy[opens[n]] = true
    busy = busy + 1
  end
end
for n = 1, #ends, 2 do until_when[ends[n]] = tonumber(ends[n + 1]) end
for n = 1, #owner, 2 do
  local p, holder = owner[n], owner[n + 1]
  owners[p] = holder
  local id, token = string.match(holder, '^(.+):(%d+)$')
  if is_busy[p] and held[id] then held[id] = held[id] + 1 end
  if id == worker then
    call('HSET', K .. 'until', p, time + lease)
    mine[#mine + 1], mine[#mine + 2] = p, token
    if is_busy[p] then busy_mine = busy_mine + 1 end
  end
end
local share = 0
if drains == 0 then
  local least, more = math.floor(busy / live), busy % live
  local before_me = 0
  for id, count in pairs(held) do
    if count > least and id ~= worker and (busy_mine <= least or id < worker) then before_me = before_me + 1 end
  end
  share = before_me < more and least + 1 or least
end
for n = 1, #opens, 2 do
  if busy_mine >= share then break end
  local p = opens[n]
  local is_free = not owners[p] or (until_when[p] or 0) < time
  local id = owners[p] and string.match(owners[p], '^(.+):%d+$')
  local freed = owners[p] and (until_when[p] or 0) or number(call('HGET', K .. 'freed', p))
  if is_busy[p] and is_free and id ~= worker and freed + pause <= time then
    give_back(p)
    local token = call('HINCRBY', K .. 'token', p, 1)
    call('HSET', K .. 'owner', p, worker .. ':' .. token)
    call('HSET', K .. 'until', p, time + lease)
    mine[#mine + 1], mine[#mine + 2] = p, tostring(token)
    busy_mine = busy_mine + 1
  end
end
local gone, spilled = {}, call('HGETALL', K .. 'spilled')
for n = 1, #spilled, 2 do
  if tonumber(spilled[n + 1]) > 0 and not has_file(spilled[n]) then
    gone[#gone + 1], gone[#gone + 2] = spilled[n], spilled[n + 1]
  end
end
local idle = {}
for n = 1, #mine, 2 do if not is_busy[mine[n]] then idle[#idle + 1] = mine[n] end end
return {left(), call('HGET', K .. 'state', 'paused') or '0', drains, busy_mine - share, mine, idle, eighths(), gone}
)lua";

const std::string_view scripts::rests = R"lua(
local found, time = {}, now()
for _, p in ipairs(ARGV) do
  local wanted = {}
  local paces, rests = call('HGETALL', K .. 'paces:' .. p), call('HGETALL', K .. 'rests:' .. p)
  for n = 1, #paces, 2 do wanted[paces[n]] = tonumber(paces[n + 1]) end
  for n = 1, #rests, 2 do
    local host, left = rests[n], tonumber(rests[n + 1]) - time
    if left <= 0 then call('HDEL', K .. 'rests:' .. p, host) end
    if left > (wanted[host] or 0) then wanted[host] = left end
  end
  for host, left in pairs(wanted) do
    found[#found + 1] = host
    found[#found + 1] = left
  end
end
return found
)lua";

const std::string_view scripts::counts = R"lua(
local found = {}
for _, p in ipairs(ARGV) do found[#found + 1] = call('HGETALL', K .. 'counts:' .. p) end
return found
)lua";

const std::string_view scripts::take = R"lua(
local worker, of_host = ARGV[1], tonumber(ARGV[3])
local want = math.min(tonumber(ARGV[2]), math.ceil(room() / math.max(1, call('ZCARD', K .. 'workers'))))
let_in_next_level()
local level = call('HGET', K .. 'state', 'level')
local given = {}
local function take_of(p, host)
  local room = math.min(of_host - number(call('HGET', K .. 'given:' .. p, host)), want - #given / 3)
  if room <= 0 then return true end
  local line = K .. 'line:' .. p .. ':' .. level .. ':' .. host
  local items = call('LPOP', line, room)
  if not items then return false end
  for _, each in ipairs(items) do
    queued(-#each)
    local what, href = string.match(each, '^(%d+ %S+ %d+) (.+)$')
    call('HSET', K .. 'taken:' .. p, href, host .. ' ' .. what)
    given[#given + 1], given[#given + 2], given[#given + 3] = p, what, href
  end
  call('HINCRBY', K .. 'given:' .. p, host, #items)
  count_taken(#items)
  return call('EXISTS', line) == 1
end
if call('HGET', K .. 'state', 'paused') ~= '1' then
  for n = 4, #ARGV, 2 do
    local p = ARGV[n]
    if holds(p, worker .. ':' .. ARGV[n + 1]) then
      local hosts = K .. 'hosts:' .. p .. ':' .. level
      for _ = 1, math.min(64, call('LLEN', hosts)) do
        if #given >= want * 3 then break end
        local host = call('LPOP', hosts)
        if take_of(p, host) then call('RPUSH', hosts, host) end
      end
    end
  end
end
return {left(), given}
)lua";

const std::string_view scripts::report = R"lua(
local worker, at = ARGV[1], 2
local function word()
  at = at + 1
  return ARGV[at - 1]
end
local function release(href)
  local p, digest, host, linked = string.match(call('HGET', K .. 'claims', href) or '', '^(%S+) (%S+) (%S+) (%S+)$')
  call('HDEL', K .. 'claims', href)
  if p and linked ~= '-' then found(p, digest, host, linked, '-', href) end
end
local function keep(href)
  local p, digest = string.match(call('HGET', K .. 'claims', href) or '', '^(%S+) (%S+)')
  call('HDEL', K .. 'claims', href)
  if p then see(p, digest) end
end
local function count(kind, links, bytes)
  if kind == '-' then return end
  call('HINCRBY', K .. 'state', 'pages', 1)
  call('HINCRBY', K .. 'state', kind, 1)
  call('HINCRBY', K .. 'state', 'links', links)
  call('HINCRBY', K .. 'state', 'bytes', bytes)
end
local results = {}
local function page(p, is_mine, href)
  local kind, links, bytes, reason = word(), word(), word(), word()
  local is_known = is_mine and (href == '' or take_off(p, href) ~= nil)
  for _ = 1, tonumber(word()) do
    local to, digest, host, depth, priority, url = word(), word(), word(), word(), word(), word()
    if is_known then found(to, digest, host, depth, '-', url, priority, worker) end
  end
  local kept = {}
  for _ = 1, tonumber(word()) do kept[word()] = true end
  results[#results + 1] = is_known and 1 or 0
  if not is_known or href == '' then return end
  count(kind, links, bytes)
  if reason ~= '' then call('HINCRBY', K .. 'state', 'skipped:' .. reason, 1) end
  local claimed = call('HGET', K .. 'claimedby', p .. ' ' .. href)
  if not claimed then return end
  call('HDEL', K .. 'claimedby', p .. ' ' .. href)
  for each in string.gmatch(claimed, '[^\n]+') do
    if kept[each] then keep(each) else release(each) end
  end
end
while at <= #ARGV do
  local what, p, token, href = word(), word(), word(), word()
  local is_mine = holds(p, worker .. ':' .. token)
  if what == 'page' then
    page(p, is_mine, href)
  elseif what == 'again' then
    local attempts = word()
    local known = is_mine and call('HGET', K .. 'taken:' .. p, href)
    if known then call('HSET', K .. 'taken:' .. p, href, string.match(known, '^(.+ )%d+$') .. attempts) end
  elseif what == 'aside' then
    local known = is_mine and take_off(p, href)
    if known then call('HSET', K .. 'aside:' .. p, href, known) end
  elseif what == 'back' then
    if is_mine then back_from_aside(p, href) end
  elseif what == 'judged' then
    local known = is_mine and call('HGET', K .. 'taken:' .. p, href)
    if known then call('HSET', K .. 'taken:' .. p, href, (string.gsub(known, '^(%S+ %d+ )%S+', '%1j'))) end
    for _ = 1, tonumber(word()) do
      local name, number_of_it = word(), word()
      if known then call('HSET', K .. 'counts:' .. p, name, number_of_it) end
    end
  elseif what == 'rest' then
    call('HSET', K .. 'rests:' .. p, href, word())
  elseif what == 'pace' then
    call('HSET', K .. 'paces:' .. p, href, word())
  elseif what == 'spilled' then
    local by, digest, host, depth = word(), word(), word(), word()
    if from_spill(by, p, digest, depth) then line_up_new(p, host, depth, '-', href) end
  elseif what == 'unspilled' then
    give_up_spill(href)
  end
end
return {results, eighths()}
)lua";

const std::string_view scripts::claim = R"lua(
local worker, p, token, href, to, digest, host, target = unpack(ARGV)
if not holds(p, worker .. ':' .. token) then return 0 end
local by = p .. ' ' .. href
local mine = call('HGET', K .. 'claimedby', by)
if mine and string.find('\n' .. mine .. '\n', '\n' .. target .. '\n', 1, true) then return 1 end
if call('HEXISTS', K .. 'claims', target) == 1 or is_seen(to, digest) then return 0 end
call('HSET', K .. 'claims', target, to .. ' ' .. digest .. ' ' .. host .. ' -')
call('HSET', K .. 'claimedby', by, mine and mine .. '\n' .. target or target)
return 1
)lua";

const std::string_view scripts::release = R"lua(
local worker, ends = ARGV[1], ARGV[2]
for n = 3, #ARGV, 2 do
  local p = ARGV[n]
  if holds(p, worker .. ':' .. ARGV[n + 1]) then
    give_back(p)
    call('HDEL', K .. 'owner', p)
    call('HDEL', K .. 'until', p)
    call('HSET', K .. 'freed', p, now())
  end
end
if ends == '1' then
  call('ZREM', K .. 'workers', worker)
  call('DEL', K .. 'worker:' .. worker)
  call('HDEL', K .. 'drain', worker)
end
return 1
)lua";

const std::string_view scripts::pass = R"lua(
local results = {}
for n = 1, #ARGV, 2 do
  local p, digest = ARGV[n], ARGV[n + 1]
  local is_new = not is_seen(p, digest) and add_to(K .. 'over:', 'overs', 'overbuckets', p, digest)
  results[#results + 1] = is_new and 1 or 0
end
return results
)lua";

const std::string_view scripts::drop = R"lua(
return has_file(ARGV[1]) and -1 or give_up_spill(ARGV[1])
)lua";

const std::string_view scripts::status = R"lua(
local workers = {}
local time = now()
local seen = call('ZRANGE', K .. 'workers', 0, -1, 'WITHSCORES')
for n = 1, #seen, 2 do
  local id = seen[n]
  workers[#workers + 1] = {id, tostring(time - seen[n + 1]), call('HGET', K .. 'worker:' .. id, 'about') or '',
                           call('HEXISTS', K .. 'drain', id)}
end
local partitions = {}
local open = call('HGETALL', K .. 'open')
for n = 1, #open, 2 do
  local p = open[n]
  partitions[#partitions + 1] = {p, open[n + 1], call('HLEN', K .. 'taken:' .. p), call('HLEN', K .. 'aside:' .. p),
                                 call('HGET', K .. 'seen', p) or '0', call('HGET', K .. 'owner', p) or '',
                                 tostring(number(call('HGET', K .. 'until', p)) - time)}
end
table.sort(partitions, function(a, b) return tonumber(a[2]) > tonumber(b[2]) end)
local hosts = {}
local level = call('HGET', K .. 'state', 'level') or '0'
for n = 1, math.min(8, #partitions) do
  local p = partitions[n][1]
  for _, host in ipairs(call('LRANGE', K .. 'hosts:' .. p .. ':' .. level, 0, 49)) do
    hosts[#hosts + 1] = {host, call('LLEN', K .. 'line:' .. p .. ':' .. level .. ':' .. host)}
  end
end
return {call('HGETALL', K .. 'state'), workers, partitions, hosts, call('HGETALL', K .. 'spilled')}
)lua";

}  // namespace hocket::crawl::detail
