#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/client_options.hpp>

namespace hocket::crawl {

/// A crawl of that name is there already, with other settings: `what()` is those.
class other_settings : public error {
 public:
  using error::error;
};

/// How a worker takes part in a crawl that is kept in Redis.
struct redis_frontier_options {
  redis::client_options client{};
  /// Of the crawl: several may be in one database.
  std::string name = "crawl";
  /// Of this worker, and of no other that ever takes part: without ':' and blanks. Empty: one is made of the machine's name, the process and chance.
  std::string worker{};
  /// Into how many parts the hosts are divided, each of which one worker has at a time. What the crawl was begun with counts.
  unsigned partitions = 256;
  /// See `rocksdb_frontier_options::by_level`; across all workers.
  bool by_level = false;
  /// Pages of all workers together, after which all end. What the crawl was begun with counts.
  std::optional<std::uint64_t> max_pages{};
  /// Bytes of Redis' memory that URLs that wait may have, about; nothing: any number. What the crawl was begun with counts. Beyond three quarters of it, those that
  /// have the last turn, beyond it those without a turn of their own, beyond five quarters all that are found wait in files until there is room.
  std::optional<std::uint64_t> queue_memory{};
  /// The folder in which workers have `part-WORKER`, for these files; empty: there are none.
  std::string parts{};
  /// For so long the partitions of a worker that says nothing stay its own. It says something four times as often.
  duration lease = std::chrono::seconds(20);
  /// A partition that was given up, or whose lease ended, rests for so long: not less than the pause between two requests to one host.
  duration handover = std::chrono::seconds(1);
  /// URLs that this worker has of one host and in all; more wait in Redis.
  std::size_t of_host = 250;
  std::size_t in_all = 4000;
  /// How long it tries to reach Redis before the crawl fails.
  duration patience = std::chrono::minutes(10);
};

/// A frontier that many workers share, on as many machines: in Redis, by scripts.
///
/// Each host belongs to a partition, and a partition to one worker, by a lease with a fencing token that is checked with every write: who has lost the lease
/// changes nothing any more. A page is finished, and what it has led to is seen, at once or not at all, after its lines were flushed to the pipeline. A worker
/// judges the URLs of its own partitions, when it takes them. See docs/scale.md, docs/decisions/0048.
///
/// Between `supply` and `leave` two tasks of its own run on the loop.
class redis_frontier final : public frontier {
 public:
  /// Begins the crawl, or joins it. `settings`: what must be the same for all. Throws `hocket::error`, one line; `other_settings`.
  [[nodiscard]] static coro<std::shared_ptr<redis_frontier>> join(redis_frontier_options options, std::string settings);
  /// With which the crawl of that name was begun; empty if there is none. Throws `hocket::error`.
  [[nodiscard]] static coro<std::string> settings_of(redis_frontier_options options);
  ~redis_frontier() override;

  /// Where the lines of pages go: flushed before a page counts as finished. To be set before the crawl begins.
  void write_to(pipeline& out) noexcept;
  [[nodiscard]] const std::string& worker() const noexcept;
  /// Pages that were finished by this worker but did not count, for somebody else had them by then.
  [[nodiscard]] std::uint64_t stale() const noexcept;
  /// Whether nothing is left of the crawl, at any worker; as far as this one knows.
  [[nodiscard]] bool is_over() const noexcept;

  /// At the end: gives up what it has. If Redis cannot be reached, leases end by themselves.
  [[nodiscard]] coro<void> leave();

  void supply(crawl_intake to) override;
  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  [[nodiscard]] coro<bool> claim_for(const target& page, std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  [[nodiscard]] bool may_begin(const target& next) override;
  [[nodiscard]] std::uint64_t lease_of(const target& given) const override { return given.number; }
  void keep_attempts(const target& again) override;
  [[nodiscard]] bool takes_back() const noexcept override { return true; }
  void set_aside(const url& host, time_point until) override;
  void take_back(const target& waiting) override;
  void keep_rest(const host_rest& asked) override;
  void keep_delay(const url& host, duration delay) override;
  [[nodiscard]] std::optional<std::uint64_t> seed_of_counts() const noexcept override;
  void keep_count(std::uint64_t name, std::uint64_t count) override;
  [[nodiscard]] coro<std::vector<target>> more() override;
  [[nodiscard]] coro<void> sync() override;
  [[nodiscard]] std::size_t seen() const noexcept override { return 0; }
  [[nodiscard]] std::uint64_t kept() const noexcept override;

 private:
  struct parts;

  explicit redis_frontier(std::shared_ptr<parts> made) noexcept : parts_(std::move(made)) {}

  std::shared_ptr<parts> parts_;  // shared with its tasks
};

}  // namespace hocket::crawl
