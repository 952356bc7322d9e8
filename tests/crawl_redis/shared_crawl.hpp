#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <peers/peer_test.hpp>
#include <redis/redis_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/crawl_redis/detail/crawl_store.hpp>

namespace hocket::testing {

using texts = std::vector<std::string>;

/// Partition, number, partition, number, ...: for g++ 12 takes no braced ones where something is awaited.
template <class... Numbers>
[[nodiscard]] std::vector<std::pair<unsigned, unsigned>> links(Numbers... numbers) {
  const std::vector<unsigned> all{static_cast<unsigned>(numbers)...};
  std::vector<std::pair<unsigned, unsigned>> made;
  for (std::size_t n = 0; n + 1 < all.size(); n += 2) made.emplace_back(all[n], all[n + 1]);
  return made;
}

/// A worker that does what it is told: the scripts, one by one. All hosts are in partition 0, or in that which their name ends with.
class scripted_worker {
 public:
  scripted_worker(const redis_server& server, std::string name, duration lease = std::chrono::hours(1))
      : store_(server.options(), "crawl", std::move(name), std::chrono::seconds(20)), lease_(lease) {}

  [[nodiscard]] crawl::detail::crawl_store& store() noexcept { return store_; }
  [[nodiscard]] const crawl::detail::lease_state& state() const noexcept { return state_; }
  [[nodiscard]] const crawl::detail::held_partitions& mine() const noexcept { return state_.mine; }

  coro<bool> join(std::string settings = "same", bool by_level = false,
                  std::optional<std::uint64_t> max_pages = std::nullopt,
                  std::optional<std::uint64_t> memory = std::nullopt) {
    const auto kept = co_await store_.join(lease_, std::move(settings), 16, 1, by_level, max_pages, memory);
    co_return kept.partitions > 0;
  }
  coro<void> tick() { state_ = co_await store_.tick(lease_, duration::zero(), "{}"); }

  /// Sees "http://PARTITION/NUMBER" for numbers below `count`, as seeds.
  coro<void> see(unsigned partition, unsigned count) {
    texts all;
    for (unsigned n = 0; n < count; ++n) {
      all.push_back(std::to_string(partition));
      all.push_back(digest_of(partition, n));
      all.push_back(host_of(partition));
      all.push_back(href_of(partition, n));
    }
    co_await store_.see_seeds(std::move(all));
  }
  coro<texts> take(std::size_t most = 100, std::size_t of_host = 100) {
    const auto taken = co_await store_.take(most, of_host, state_.mine);
    texts hrefs;
    for (const auto& each : taken.urls) hrefs.push_back(each.href);
    co_return hrefs;
  }
  /// A page without links, or with those of `found`: partition and number. Whether it counts.
  coro<bool> report(unsigned partition, std::string href, std::vector<std::pair<unsigned, unsigned>> found = {},
                    unsigned depth = 1, texts claimed = {}) {
    texts all;
    all.emplace_back("page");
    all.push_back(std::to_string(partition));
    all.push_back(std::to_string(token_of(partition)));
    all.push_back(std::move(href));
    all.emplace_back("ok");
    all.push_back(std::to_string(found.size()));
    all.emplace_back("1");
    all.emplace_back();
    all.push_back(std::to_string(found.size()));
    for (const auto& [where, number] : found) {
      all.push_back(std::to_string(where));
      all.push_back(digest_of(where, number));
      all.push_back(host_of(where));
      all.push_back(std::to_string(depth));
      all.push_back(spill_);
      all.push_back(href_of(where, number));
    }
    all.push_back(std::to_string(claimed.size()));
    for (std::string& each : claimed) all.push_back(std::move(each));
    const auto answer = co_await store_.report(std::move(all));
    eighths_ = answer.queue_eighths;
    co_return answer.counts.at(0);
  }
  /// How reports from now on say what becomes of what is found when Redis is full: "-1", "0", "1"; "-": it has to be lined up.
  void spill_as(std::string priority) { spill_ = std::move(priority); }
  [[nodiscard]] unsigned queue_eighths() const noexcept { return eighths_; }
  /// What is in the file of `by`.
  coro<void> offer(std::string by, unsigned partition, std::vector<unsigned> numbers, unsigned depth = 1) {
    texts all;
    for (const unsigned number : numbers) {
      all.emplace_back("spilled");
      all.push_back(std::to_string(partition));
      all.emplace_back("0");
      all.push_back(href_of(partition, number));
      all.push_back(by);
      all.push_back(digest_of(partition, number));
      all.push_back(host_of(partition));
      all.push_back(std::to_string(depth));
    }
    static_cast<void>(co_await store_.report(std::move(all)));
  }
  coro<bool> claim(unsigned partition, std::string href, unsigned to, unsigned number) {
    texts all;
    all.push_back(std::to_string(partition));
    all.push_back(std::to_string(token_of(partition)));
    all.push_back(std::move(href));
    all.push_back(std::to_string(to));
    all.push_back(digest_of(to, number));
    all.push_back(host_of(to));
    all.push_back(href_of(to, number));
    co_return co_await store_.claim(std::move(all));
  }

  /// Puts a URL of partition 0 aside, or takes it back: "aside", "back".
  coro<void> move(const char* where, std::string href) {
    texts all;
    all.emplace_back(where);
    all.emplace_back("0");
    all.push_back(std::to_string(token_of(0)));
    all.push_back(std::move(href));
    static_cast<void>(co_await store_.report(std::move(all)));
  }

  /// Of a URL of partition 0; `counted`: how many, and of each name and count.
  coro<void> judged(std::string href, texts counted) {
    texts all;
    all.emplace_back("judged");
    all.emplace_back("0");
    all.push_back(std::to_string(token_of(0)));
    all.push_back(std::move(href));
    for (std::string& each : counted) all.push_back(std::move(each));
    static_cast<void>(co_await store_.report(std::move(all)));
  }
  /// Of a host: "rest", until a moment of the day's time; "pace". In milliseconds.
  coro<void> say(std::string what, unsigned partition, std::string host, std::int64_t milliseconds) {
    texts all;
    all.push_back(std::move(what));
    all.push_back(std::to_string(partition));
    all.emplace_back("0");
    all.push_back(std::move(host));
    all.push_back(std::to_string(milliseconds));
    static_cast<void>(co_await store_.report(std::move(all)));
  }

  static std::string host_of(unsigned partition) { return "host" + std::to_string(partition); }
  static std::string href_of(unsigned partition, unsigned number) {
    return "http://" + host_of(partition) + "/" + std::to_string(number);
  }
  static std::string digest_of(unsigned partition, unsigned number) {
    return std::to_string((std::uint64_t{partition} * 1'000'003 + number) * 0x9e3779b97f4a7c15 >> 1);
  }

 private:
  [[nodiscard]] std::uint64_t token_of(unsigned partition) const {
    const auto found = state_.mine.find(partition);
    return found == state_.mine.end() ? 0 : found->second;
  }

  crawl::detail::crawl_store store_;
  std::string spill_ = "-";
  unsigned eighths_ = 0;
  duration lease_;
  crawl::detail::lease_state state_{};
};

/// Starts the server, and a crawl there: its first worker has joined, has seen so many URLs of partition 0, and holds that.
inline coro<std::unique_ptr<scripted_worker>> begin_crawl(redis_server& server, unsigned urls, bool by_level = false) {
  co_await server.start();
  auto first = std::make_unique<scripted_worker>(server, "one");
  EXPECT_TRUE(co_await first->join("same", by_level));
  co_await first->see(0, urls);
  co_await first->tick();
  co_return first;
}

}  // namespace hocket::testing
