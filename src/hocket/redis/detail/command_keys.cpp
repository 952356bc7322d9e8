// Commands of modules, and those that came later, are not in the table: a server is asked about them.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/redis/detail/command_keys.hpp>
#include <hocket/redis/detail/numbers.hpp>
#include <hocket/redis/detail/word_reader.hpp>
#include <hocket/redis/key_slot.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {
namespace {

// Source: https://redis.io/docs/latest/develop/reference/key-specs/ and the pages of the commands.
constexpr std::array rules = {
    command_rule{.name = "APPEND"},
    command_rule{.name = "ASKING", .goes = spread::refused},
    command_rule{.name = "AUTH", .goes = spread::refused},
    command_rule{.name = "BITCOUNT", .reads = true},
    command_rule{.name = "BITFIELD"},
    command_rule{.name = "BITFIELD_RO", .reads = true},
    command_rule{.name = "BITOP", .first = 2, .last = -1},
    command_rule{.name = "BITPOS", .reads = true},
    command_rule{.name = "BLMOVE", .last = 2},
    command_rule{.name = "BLMPOP", .places = key_places::counted, .first = 2, .last = 0},
    command_rule{.name = "BLPOP", .last = -2},
    command_rule{.name = "BRPOP", .last = -2},
    command_rule{.name = "BRPOPLPUSH", .last = 2},
    command_rule{.name = "BZMPOP", .places = key_places::counted, .first = 2, .last = 0},
    command_rule{.name = "BZPOPMAX", .last = -2},
    command_rule{.name = "BZPOPMIN", .last = -2},
    command_rule{.name = "CLUSTER", .goes = spread::any},
    command_rule{.name = "COMMAND", .goes = spread::any},
    command_rule{.name = "CONFIG", .goes = spread::all},
    command_rule{.name = "COPY", .last = 2},
    command_rule{.name = "DBSIZE", .goes = spread::sum},
    command_rule{.name = "DECR"},
    command_rule{.name = "DECRBY"},
    command_rule{.name = "DEL", .last = -1},
    command_rule{.name = "DISCARD", .goes = spread::refused},
    command_rule{.name = "DUMP", .reads = true},
    command_rule{.name = "ECHO", .goes = spread::any},
    command_rule{.name = "EVAL", .places = key_places::counted, .first = 2, .last = 0},
    command_rule{.name = "EVALSHA", .places = key_places::counted, .first = 2, .last = 0},
    command_rule{.name = "EVALSHA_RO", .places = key_places::counted, .first = 2, .last = 0, .reads = true},
    command_rule{.name = "EVAL_RO", .places = key_places::counted, .first = 2, .last = 0, .reads = true},
    command_rule{.name = "EXEC", .goes = spread::refused},
    command_rule{.name = "EXISTS", .last = -1, .reads = true},
    command_rule{.name = "EXPIRE"},
    command_rule{.name = "EXPIREAT"},
    command_rule{.name = "EXPIRETIME", .reads = true},
    command_rule{.name = "FCALL", .places = key_places::counted, .first = 2, .last = 0},
    command_rule{.name = "FCALL_RO", .places = key_places::counted, .first = 2, .last = 0, .reads = true},
    command_rule{.name = "FLUSHALL", .goes = spread::all},
    command_rule{.name = "FLUSHDB", .goes = spread::all},
    command_rule{.name = "FUNCTION", .goes = spread::all},
    command_rule{.name = "GEOADD"},
    command_rule{.name = "GEODIST", .reads = true},
    command_rule{.name = "GEOHASH", .reads = true},
    command_rule{.name = "GEOPOS", .reads = true},
    command_rule{.name = "GEOSEARCH", .reads = true},
    command_rule{.name = "GEOSEARCHSTORE", .last = 2},
    command_rule{.name = "GET", .reads = true},
    command_rule{.name = "GETBIT", .reads = true},
    command_rule{.name = "GETDEL"},
    command_rule{.name = "GETEX"},
    command_rule{.name = "GETRANGE", .reads = true},
    command_rule{.name = "GETSET"},
    command_rule{.name = "HDEL"},
    command_rule{.name = "HELLO", .goes = spread::refused},
    command_rule{.name = "HEXISTS", .reads = true},
    command_rule{.name = "HGET", .reads = true},
    command_rule{.name = "HGETALL", .reads = true},
    command_rule{.name = "HINCRBY"},
    command_rule{.name = "HINCRBYFLOAT"},
    command_rule{.name = "HKEYS", .reads = true},
    command_rule{.name = "HLEN", .reads = true},
    command_rule{.name = "HMGET", .reads = true},
    command_rule{.name = "HMSET"},
    command_rule{.name = "HRANDFIELD", .reads = true},
    command_rule{.name = "HSCAN", .reads = true},
    command_rule{.name = "HSET"},
    command_rule{.name = "HSETNX"},
    command_rule{.name = "HSTRLEN", .reads = true},
    command_rule{.name = "HVALS", .reads = true},
    command_rule{.name = "INCR"},
    command_rule{.name = "INCRBY"},
    command_rule{.name = "INCRBYFLOAT"},
    command_rule{.name = "INFO", .goes = spread::any},
    command_rule{.name = "KEYS", .goes = spread::join},
    command_rule{.name = "LASTSAVE", .goes = spread::any},
    command_rule{.name = "LCS", .last = 2, .reads = true},
    command_rule{.name = "LINDEX", .reads = true},
    command_rule{.name = "LINSERT"},
    command_rule{.name = "LLEN", .reads = true},
    command_rule{.name = "LMOVE", .last = 2},
    command_rule{.name = "LMPOP", .places = key_places::counted, .first = 1, .last = 0},
    command_rule{.name = "LOLWUT", .goes = spread::any},
    command_rule{.name = "LPOP"},
    command_rule{.name = "LPOS", .reads = true},
    command_rule{.name = "LPUSH"},
    command_rule{.name = "LPUSHX"},
    command_rule{.name = "LRANGE", .reads = true},
    command_rule{.name = "LREM"},
    command_rule{.name = "LSET"},
    command_rule{.name = "LTRIM"},
    command_rule{.name = "MEMORY", .first = 2, .last = 2, .reads = true},
    command_rule{.name = "MGET", .last = -1, .reads = true},
    command_rule{.name = "MONITOR", .goes = spread::refused},
    command_rule{.name = "MOVE"},
    command_rule{.name = "MSET", .last = -1, .step = 2},
    command_rule{.name = "MSETNX", .last = -1, .step = 2},
    command_rule{.name = "MULTI", .goes = spread::refused},
    command_rule{.name = "OBJECT", .first = 2, .last = 2, .reads = true},
    command_rule{.name = "PERSIST"},
    command_rule{.name = "PEXPIRE"},
    command_rule{.name = "PEXPIREAT"},
    command_rule{.name = "PEXPIRETIME", .reads = true},
    command_rule{.name = "PFADD"},
    command_rule{.name = "PFCOUNT", .last = -1, .reads = true},
    command_rule{.name = "PFMERGE", .last = -1},
    command_rule{.name = "PING", .goes = spread::any},
    command_rule{.name = "PSETEX"},
    command_rule{.name = "PSUBSCRIBE", .goes = spread::refused},
    command_rule{.name = "PSYNC", .goes = spread::refused},
    command_rule{.name = "PTTL", .reads = true},
    command_rule{.name = "PUBLISH", .goes = spread::any},
    command_rule{.name = "PUBSUB", .goes = spread::any},
    command_rule{.name = "PUNSUBSCRIBE", .goes = spread::refused},
    command_rule{.name = "QUIT", .goes = spread::refused},
    command_rule{.name = "RANDOMKEY", .goes = spread::any},
    command_rule{.name = "READONLY", .goes = spread::refused},
    command_rule{.name = "READWRITE", .goes = spread::refused},
    command_rule{.name = "RENAME", .last = 2},
    command_rule{.name = "RENAMENX", .last = 2},
    command_rule{.name = "RESET", .goes = spread::refused},
    command_rule{.name = "RESTORE"},
    command_rule{.name = "ROLE", .goes = spread::any},
    command_rule{.name = "RPOP"},
    command_rule{.name = "RPOPLPUSH", .last = 2},
    command_rule{.name = "RPUSH"},
    command_rule{.name = "RPUSHX"},
    command_rule{.name = "SADD"},
    command_rule{.name = "SCAN", .goes = spread::refused},
    command_rule{.name = "SCARD", .reads = true},
    command_rule{.name = "SCRIPT", .goes = spread::all},
    command_rule{.name = "SDIFF", .last = -1, .reads = true},
    command_rule{.name = "SDIFFSTORE", .last = -1},
    command_rule{.name = "SELECT", .goes = spread::refused},
    command_rule{.name = "SET"},
    command_rule{.name = "SETBIT"},
    command_rule{.name = "SETEX"},
    command_rule{.name = "SETNX"},
    command_rule{.name = "SETRANGE"},
    command_rule{.name = "SINTER", .last = -1, .reads = true},
    command_rule{.name = "SINTERCARD", .places = key_places::counted, .first = 1, .last = 0, .reads = true},
    command_rule{.name = "SINTERSTORE", .last = -1},
    command_rule{.name = "SISMEMBER", .reads = true},
    command_rule{.name = "SMEMBERS", .reads = true},
    command_rule{.name = "SMISMEMBER", .reads = true},
    command_rule{.name = "SMOVE", .last = 2},
    command_rule{.name = "SORT"},
    command_rule{.name = "SORT_RO", .reads = true},
    command_rule{.name = "SPOP"},
    command_rule{.name = "SPUBLISH"},
    command_rule{.name = "SRANDMEMBER", .reads = true},
    command_rule{.name = "SREM"},
    command_rule{.name = "SSCAN", .reads = true},
    command_rule{.name = "SSUBSCRIBE", .goes = spread::refused},
    command_rule{.name = "STRLEN", .reads = true},
    command_rule{.name = "SUBSCRIBE", .goes = spread::refused},
    command_rule{.name = "SUBSTR", .reads = true},
    command_rule{.name = "SUNION", .last = -1, .reads = true},
    command_rule{.name = "SUNIONSTORE", .last = -1},
    command_rule{.name = "SUNSUBSCRIBE", .goes = spread::refused},
    command_rule{.name = "SYNC", .goes = spread::refused},
    command_rule{.name = "TIME", .goes = spread::any},
    command_rule{.name = "TOUCH", .last = -1},
    command_rule{.name = "TTL", .reads = true},
    command_rule{.name = "TYPE", .reads = true},
    command_rule{.name = "UNLINK", .last = -1},
    command_rule{.name = "UNSUBSCRIBE", .goes = spread::refused},
    command_rule{.name = "UNWATCH", .goes = spread::refused},
    command_rule{.name = "WAIT", .goes = spread::refused},
    command_rule{.name = "WAITAOF", .goes = spread::refused},
    command_rule{.name = "WATCH", .goes = spread::refused},
    command_rule{.name = "XACK"},
    command_rule{.name = "XADD"},
    command_rule{.name = "XAUTOCLAIM"},
    command_rule{.name = "XCLAIM"},
    command_rule{.name = "XDEL"},
    command_rule{.name = "XGROUP", .first = 2, .last = 2},
    command_rule{.name = "XINFO", .first = 2, .last = 2, .reads = true},
    command_rule{.name = "XLEN", .reads = true},
    command_rule{.name = "XPENDING", .reads = true},
    command_rule{.name = "XRANGE", .reads = true},
    command_rule{.name = "XREAD", .places = key_places::streams, .reads = true},
    command_rule{.name = "XREADGROUP", .places = key_places::streams},
    command_rule{.name = "XREVRANGE", .reads = true},
    command_rule{.name = "XSETID"},
    command_rule{.name = "XTRIM"},
    command_rule{.name = "ZADD"},
    command_rule{.name = "ZCARD", .reads = true},
    command_rule{.name = "ZCOUNT", .reads = true},
    command_rule{.name = "ZDIFF", .places = key_places::counted, .first = 1, .last = 0, .reads = true},
    command_rule{.name = "ZDIFFSTORE", .places = key_places::counted, .first = 2, .last = 1},
    command_rule{.name = "ZINCRBY"},
    command_rule{.name = "ZINTER", .places = key_places::counted, .first = 1, .last = 0, .reads = true},
    command_rule{.name = "ZINTERCARD", .places = key_places::counted, .first = 1, .last = 0, .reads = true},
    command_rule{.name = "ZINTERSTORE", .places = key_places::counted, .first = 2, .last = 1},
    command_rule{.name = "ZLEXCOUNT", .reads = true},
    command_rule{.name = "ZMPOP", .places = key_places::counted, .first = 1, .last = 0},
    command_rule{.name = "ZMSCORE", .reads = true},
    command_rule{.name = "ZPOPMAX"},
    command_rule{.name = "ZPOPMIN"},
    command_rule{.name = "ZRANDMEMBER", .reads = true},
    command_rule{.name = "ZRANGE", .reads = true},
    command_rule{.name = "ZRANGEBYLEX", .reads = true},
    command_rule{.name = "ZRANGEBYSCORE", .reads = true},
    command_rule{.name = "ZRANGESTORE", .last = 2},
    command_rule{.name = "ZRANK", .reads = true},
    command_rule{.name = "ZREM"},
    command_rule{.name = "ZREMRANGEBYLEX"},
    command_rule{.name = "ZREMRANGEBYRANK"},
    command_rule{.name = "ZREMRANGEBYSCORE"},
    command_rule{.name = "ZREVRANGE", .reads = true},
    command_rule{.name = "ZREVRANGEBYLEX", .reads = true},
    command_rule{.name = "ZREVRANGEBYSCORE", .reads = true},
    command_rule{.name = "ZREVRANK", .reads = true},
    command_rule{.name = "ZSCAN", .reads = true},
    command_rule{.name = "ZSCORE", .reads = true},
    command_rule{.name = "ZUNION", .places = key_places::counted, .first = 1, .last = 0, .reads = true},
    command_rule{.name = "ZUNIONSTORE", .places = key_places::counted, .first = 2, .last = 1},
};
static_assert(std::ranges::is_sorted(rules, {}, &command_rule::name));

bool equals_in_capitals(std::string_view word, std::string_view capitals) noexcept {
  return std::ranges::equal(word, capitals, {},
                            [](char each) { return std::toupper(static_cast<unsigned char>(each)); });
}

std::vector<std::string_view> words_of(const request& what) {
  std::vector<std::string_view> words;
  words.reserve(what.words());
  word_reader reader(what);
  while (const auto word = reader.next()) words.push_back(*word);
  return words;
}

}  // namespace

std::string name_of(const request& what) {
  std::string name(word_reader(what).next().value_or(""));
  for (char& each : name) each = static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
  return name;
}

const command_rule* rule_of(std::string_view name) noexcept {
  const auto found = std::ranges::lower_bound(rules, name, {}, &command_rule::name);
  return found != rules.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string_view> keys_of(const request& what, const command_rule& rule) {
  const std::vector<std::string_view> words = words_of(what);
  const auto count = static_cast<std::ptrdiff_t>(words.size());
  std::vector<std::string_view> keys;
  switch (rule.places) {
    case key_places::fixed: {
      const std::ptrdiff_t last = rule.last < 0 ? count + rule.last : std::min<std::ptrdiff_t>(rule.last, count - 1);
      for (std::ptrdiff_t at = rule.first; at <= last; at += rule.step)
        keys.push_back(words[static_cast<std::size_t>(at)]);
      break;
    }
    case key_places::counted: {
      if (rule.first >= count) break;
      const auto named = parse_integer<std::size_t>(words[static_cast<std::size_t>(rule.first)]).value_or(0);
      const auto behind = static_cast<std::size_t>(rule.first) + 1;
      if (named > words.size() - behind) break;
      if (rule.last > 0) keys.push_back(words[static_cast<std::size_t>(rule.last)]);
      for (std::size_t nth = 0; nth < named; ++nth) keys.push_back(words[behind + nth]);
      break;
    }
    case key_places::streams: {
      std::size_t at = 1;
      while (at < words.size() && !equals_in_capitals(words[at], "STREAMS")) ++at;
      if (at == words.size()) break;
      const std::size_t streams = (words.size() - at - 1) / 2;
      for (std::size_t nth = 1; nth <= streams; ++nth) keys.push_back(words[at + nth]);
      break;
    }
  }
  return keys;
}

std::optional<std::uint16_t> slot_of(const request& what, const command_rule& rule) {
  const bool has_one_key = rule.places == key_places::fixed && rule.first == rule.last;
  if (has_one_key) {
    const auto key = word_reader(what).skip(static_cast<std::size_t>(rule.first));
    return key ? std::optional(key_slot(*key)) : std::nullopt;
  }
  const auto keys = keys_of(what, rule);
  if (keys.empty()) return std::nullopt;
  const std::uint16_t slot = key_slot(keys.front());
  for (const std::string_view each : keys) {
    if (key_slot(each) == slot) continue;
    throw cross_slot_error(
        fmt::format("{} names keys of several slots of the cluster, '{}' of {} and '{}' of {}: give them a common hash "
                    "tag, as in {{user}}.name, or ask for each by itself",
                    rule.name, printable(keys.front()), slot, printable(each), key_slot(each)));
  }
  return slot;
}

}  // namespace hocket::redis::detail
