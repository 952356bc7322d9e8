// So many in any stretch of time, for any number of programs: a sliding window in a sorted set of Redis, looked at and written to by one script, between whose steps nobody comes.
// Run: redis_rate_limiter --limit 3 --per 1000 ada ada bob ada ada
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <hocket/redis.hpp>

#include "program.hpp"

namespace redis = hocket::redis;

/// What became of a request.
struct verdict {
  bool is_allowed;
  std::int64_t left;      // in this window
  std::int64_t again_ms;  // when to try again
};

class rate_limiter {
 public:
  rate_limiter(redis::client& store, int limit, int per_ms) : store_(store), limit_(limit), per_ms_(per_ms) {}

  hocket::coro<verdict> ask(std::string who) {
    const std::vector<std::string> keys(1, "requests:" + who);
    const auto said = co_await window_.run<std::tuple<bool, std::int64_t, std::int64_t>>(store_, keys, limit_, per_ms_);
    co_return verdict{std::get<0>(said), std::get<1>(said), std::get<2>(said)};
  }

 private:
  redis::client& store_;
  int limit_;
  int per_ms_;
  // By the server's clock, for programs do not agree about the time.
  redis::script window_{R"(
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local limit, length = tonumber(ARGV[1]), ARGV[2] * 1000
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - length)
    local count = redis.call('ZCARD', KEYS[1])
    if count >= limit then
      local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
      return {0, 0, math.ceil((oldest + length - now) / 1000)}
    end
    redis.call('ZADD', KEYS[1], now, string.format('%d:%d', now, count))
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, limit - count - 1, 0}
  )"};
};

hocket::coro<void> ask_all(std::string url, int limit, int per_ms, std::vector<std::string> requests) {
  redis::client store(url);
  rate_limiter limiter(store, limit, per_ms);
  for (const std::string& who : requests) {
    const verdict found = co_await limiter.ask(who);
    if (found.is_allowed)
      fmt::print("{}: allowed, {} left\n", who, found.left);
    else
      fmt::print("{}: refused, again in {} ms\n", who, found.again_ms);
  }
  co_await store.close();
}

int main(int argc, char** argv) {
  std::string url = "redis://localhost:6379";
  int limit = 10;
  int per_ms = 1000;
  std::vector<std::string> requests;
  CLI::App options("Says of each request whether it is within its sender's rate.", "redis_rate_limiter");
  options.add_option("--redis", url, "the server")->capture_default_str();
  options.add_option("--limit", limit, "requests")->capture_default_str()->check(CLI::PositiveNumber);
  options.add_option("--per", per_ms, "in so many milliseconds")->capture_default_str()->check(CLI::PositiveNumber);
  options.add_option("requests", requests, "who asks, in this order")->required();
  read_command_line(options, argc, argv);
  return run_program(options, ask_all(url, limit, per_ms, std::move(requests)));
}
