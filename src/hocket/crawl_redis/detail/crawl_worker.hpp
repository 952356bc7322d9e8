#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl_redis/detail/crawl_store.hpp>
#include <hocket/crawl_redis/detail/holdings.hpp>
#include <hocket/crawl_redis/detail/host_latencies.hpp>
#include <hocket/crawl_redis/detail/recent_urls.hpp>
#include <hocket/crawl_redis/detail/spill_files.hpp>
#include <hocket/crawl_redis/redis_frontier.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl::detail {

/// A page that has ended and waits to be reported; borrowed while it does.
struct ended_page {
  std::string href{};  // empty: no page, only what was found
  partition from = 0;
  fencing_token token = 0;
  std::vector<std::string> words{};      // for `crawl_store::report`
  std::vector<std::uint64_t> digests{};  // of what it has led to
  std::uint64_t spilled_up_to = 0;       // see `spill_files::added_bytes`
  bool is_reported = false;
};

/// What a `redis_frontier` does besides answering: it says that it lives, takes URLs, gives partitions up, reports pages. Shared with its tasks.
class crawl_worker {
 public:
  crawl_worker(redis_frontier_options options, std::string id);

  static void start(const std::shared_ptr<crawl_worker>& mine);
  /// Ends its tasks, and gives up what it has.
  [[nodiscard]] coro<void> stop();

  /// Waits until that page was reported. Not to be cancelled meanwhile. Throws `hocket::error`.
  [[nodiscard]] coro<void> report(ended_page& page);
  /// For the next report, or `report_rest`.
  void add_words(std::vector<std::string> words);
  [[nodiscard]] coro<void> report_rest();

  /// Waits for URLs while nothing is under way here: none, and it is over for this worker.
  [[nodiscard]] coro<std::vector<target>> wait_for_more();
  [[nodiscard]] bool may_begin(const target& next);
  void set_aside(const std::string& host, time_point until) { aside_[host].until = until; }
  void take_back(const target& waiting);
  void keep_rest(const std::string& host, std::chrono::sys_seconds until);
  void keep_delay(const std::string& host, duration delay);
  /// Of the URL that is being judged.
  void keep_count(std::uint64_t name, std::uint64_t count);

  [[nodiscard]] partition partition_of(std::string_view host) const noexcept;
  [[nodiscard]] std::uint64_t digest_of(std::string_view href) const noexcept;
  /// That URL is about to be reported as found. When Redis is nearly full, it goes into the file, too; gives how a report says so.
  [[nodiscard]] std::string spill_if_full(const url& found, unsigned depth);
  /// Waiting or under way elsewhere.
  [[nodiscard]] std::uint64_t kept() const noexcept;
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }

  redis_frontier_options options;
  crawl_store store;
  kept_settings settings{};
  holdings held{};
  recent_urls recent;
  host_latencies latencies;
  spill_files spilled;
  crawl_intake intake{};
  pipeline* out = nullptr;
  std::uint64_t pages = 0;
  std::uint64_t stale = 0;

 private:
  struct aside_host {
    time_point until{};
    std::vector<target> waiting{};
  };

  static coro<void> keep(std::shared_ptr<crawl_worker> mine);
  static coro<void> pull(std::shared_ptr<crawl_worker> mine);
  coro<void> live();
  coro<void> take_some();
  coro<void> offer_some();
  coro<void> learn_what_was_given();
  coro<void> learn_of(held_partitions of);
  [[nodiscard]] verdict judge(const taken_url& given, const url& where, fencing_token token);
  coro<bool> hear(time_point asked);
  void apply(const lease_state& state, time_point asked);
  void tell_of_gone();
  coro<void> adopt_files();
  void forget_unwanted();
  void give_again();
  void bring_back_rested();
  coro<void> release_ready();
  void adopt(const taken_urls& taken, const held_partitions& asked);
  void deliver(std::vector<target> fresh);
  void see_open(std::uint64_t open);
  void fail(std::exception_ptr why);
  coro<void> commit();
  coro<void> send_report();
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] std::string about() const;
  void lost_connection();

  std::string id_;
  std::optional<task<void>> keeping_;
  std::optional<task<void>> pulling_;
  event wake_keeper_;
  event wake_puller_;
  event changed_;
  lock one_at_a_time_;
  std::deque<ended_page*> ended_;
  std::vector<std::string> rest_;  // words of what is no page
  std::size_t judged_ = 0;         // "page" among them
  std::vector<target> bounced_;    // asked for while it was not certain that they are this worker's
  std::vector<target> arrived_;    // while somebody waits for more
  std::map<std::string, aside_host> aside_;
  held_partitions known_;                   // of whose hosts it has heard what others knew
  std::map<std::string, duration> delays_;  // longer than a partition rests in any case
  std::vector<std::string> told_;           // names and counts, of the URL that is being judged
  std::uint64_t open_ = 1;
  unsigned queue_eighths_ = 0;                 // see `lease_state`
  bool has_nothing_ = false;                   // Redis had no URLs for this worker
  std::map<std::string, std::uint64_t> gone_;  // see `lease_state`
  std::map<std::string, std::uint64_t> gone_before_;
  std::set<std::string> told_of_;  // workers
  time_point sure_until_{};
  time_point heard_{};
  bool is_waiting_ = false;
  bool is_paused_ = false;
  bool is_draining_ = false;
  bool is_over_ = false;
  bool may_have_missed_ = false;  // URLs that Redis has given
  std::exception_ptr broken_;
};

}  // namespace hocket::crawl::detail
