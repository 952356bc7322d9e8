#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/crawl_redis/detail/lua_script.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/client_options.hpp>

namespace hocket::crawl::detail {

using partition = unsigned;
using fencing_token = std::uint64_t;
using held_partitions = std::map<partition, fencing_token>;

/// What a crawl in Redis was begun with.
struct kept_settings {
  std::string settings;
  unsigned partitions = 0;  // 0: the settings are others
  std::uint64_t seed = 0;   // of digests, and of the partitions of hosts
};

/// What a worker is told when it has said that it lives.
struct lease_state {
  std::uint64_t open = 0;  // URLs of the crawl that are not finished
  bool is_paused = false;
  bool is_draining = false;
  std::int64_t too_many = 0;      // partitions with URLs that it has beyond its share
  held_partitions mine{};         // all that it has
  std::vector<partition> idle{};  // of these, without URLs
  unsigned queue_eighths = 0;     // of the memory that waiting URLs may have: what they have
  std::map<std::string, std::uint64_t>
      gone{};  // workers that are not there any more, and how many URLs are in their files alone
};

/// What becomes of a report.
struct report_answer {
  std::vector<bool> counts{};  // of each page
  unsigned queue_eighths = 0;
};

/// A URL from Redis.
struct taken_url {
  partition from = 0;
  unsigned depth = 0;
  unsigned attempts = 0;
  bool is_seed = false;
  bool is_judged = false;  // before, and what was counted for it was reported
  std::string href{};
};

struct taken_urls {
  std::uint64_t open = 0;
  std::vector<taken_url> urls{};
};

/// The scripts of one worker as functions. What fails because Redis is not there is sent again, until `patience` has passed: each may be run twice.
/// All throw `hocket::error`, one line, after that.
class crawl_store {
 public:
  crawl_store(redis::client_options options, std::string name, std::string worker, duration patience);

  [[nodiscard]] coro<kept_settings> join(duration lease, std::string settings, unsigned partitions, std::uint64_t seed,
                                         bool by_level, std::optional<std::uint64_t> max_pages,
                                         std::optional<std::uint64_t> memory);
  /// `words`: partition, digest, host and href of each.
  [[nodiscard]] coro<void> see_seeds(std::vector<std::string> words);
  /// `adopted`: workers that are gone, whose files this one has. Not sent again: whoever calls it does so regularly. Throws what a `redis::call` throws.
  [[nodiscard]] coro<lease_state> tick(duration lease, duration handover, std::string about,
                                       std::vector<std::string> adopted = {});
  [[nodiscard]] coro<taken_urls> take(std::size_t most, std::size_t of_host, held_partitions from);
  /// For how long hosts of these, by name and port, want to be left alone by who has just got them.
  [[nodiscard]] coro<std::map<std::string, duration>> rests(held_partitions of);
  /// What was reported as counted for URLs of these: names and counts.
  [[nodiscard]] coro<std::vector<std::pair<std::uint64_t, std::uint64_t>>> counts(held_partitions of);
  /// `words`: as `scripts::report` reads them.
  [[nodiscard]] coro<report_answer> report(std::vector<std::string> words);
  [[nodiscard]] coro<bool> claim(std::vector<std::string> words);
  [[nodiscard]] coro<void> release(held_partitions what);
  /// The same of all, and the worker goes; not sent again.
  [[nodiscard]] coro<void> leave(held_partitions what);
  /// `words`: partition and digest of each. Which of them count as passed over.
  [[nodiscard]] coro<std::vector<bool>> pass(std::vector<std::string> words);
  /// What `scripts::take` has given to this worker and it has not heard of, perhaps.
  [[nodiscard]] coro<taken_urls> taken(held_partitions from);

  /// Calls `handler` when something is to be sent again: Redis may have done it, and nobody heard of it.
  void on_doubt(std::function<void()> handler) { on_doubt_ = std::move(handler); }

  [[nodiscard]] redis::client& client() noexcept { return client_; }

 private:
  [[nodiscard]] coro<redis::reply> run(lua_script& which, std::vector<std::string> args);
  [[nodiscard]] coro<redis::reply> ask(redis::request what);
  [[nodiscard]] bool is_out_of_patience(time_point& failing_since) const;

  redis::client client_;
  std::string prefix_;
  std::string worker_;
  duration patience_;
  std::function<void()> on_doubt_;
  lua_script join_, seeds_, tick_, rests_, counts_, take_, report_, claim_, release_, pass_;
};

/// What all keys of the crawl of this name begin with. In braces, so that a cluster keeps them together.
[[nodiscard]] std::string key_prefix(std::string_view name);

}  // namespace hocket::crawl::detail
