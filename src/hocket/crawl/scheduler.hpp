#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/base/text_hash.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/crawl_order.hpp>
#include <hocket/crawl/target_queue.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/handle.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// How often a host may be asked.
struct host_limits {
  std::size_t connections = 8;
  duration delay{};  // between the beginnings of two requests
  bool adaptive =
      false;  // a host that answers slowly gets twice the time of its answers, if that is more, up to a minute
};

/// A host that wants to be left alone.
struct resting_host {
  hocket::url host;  // by any URL there
  time_point until{};
};

struct scheduler_options {
  bool by_level = false;  // no URL is handed out before all of lesser depth are finished: depths are the least possible
  crawl_order order = crawl_order::breadth_first;
  std::uint64_t seed = 0;                    // see `text_hash`
  std::optional<std::size_t> per_address{};  // requests at once to all hosts at one address; nothing: any number
  /// For who keeps URLs elsewhere: hears of a host that is set aside, again if that lasts longer, and then of each URL that waits for it, also of
  /// those to come. New ones are dropped: they are to be added again after that time. Must not call the scheduler.
  std::function<void(const hocket::url& host, time_point until)> on_set_aside{};
  std::function<void(const target& waiting)> on_waiting{};
  /// The rest of a host that was set aside is over: what was dropped may be added again.
  std::function<void()> on_come_back{};
};

/// Says which URL may be fetched now: a queue for each host, the hosts in turn.
///
/// A host takes part when it has a URL, fewer requests under way than it may have, its next slot has come, and there is room at its address.
/// Slots and room are reserved when a URL is handed out or before, so that a host is never asked more often than its limits say.
class scheduler {
 public:
  /// `limits_of` tells the limits of a host ("host:port") when it is first met.
  explicit scheduler(std::move_only_function<host_limits(const hocket::url&)> limits_of, scheduler_options options = {})
      : options_(std::move(options)),
        limits_of_(std::move(limits_of)),
        hosts_(0, seeded_text_hash{options_.seed}),
        addresses_(0, seeded_text_hash{options_.seed}) {}
  ~scheduler();
  scheduler(const scheduler&) = delete;

  /// A host that wants to be left alone for longer than this is not waited for.
  static constexpr duration longest_rest = std::chrono::minutes(1);

  /// So many pages that were redirected wait for turns of other hosts at most, each with all that it has come to: see `may_wait_elsewhere`.
  static constexpr std::size_t most_redirected = 1000;

  /// Queues a URL at its host, behind those of its priority, or before them if the order is depth first.
  void add(target next);

  /// Queues a URL again, ahead of the others, to be handed out no sooner than after `delay`; with `whole_host` no other URL of
  /// its host either. Call it before `finished`.
  void add_again(target next, duration delay, bool whole_host);

  /// Queues a URL that was handed out, and to whose host nobody may turn yet, ahead of the others there. Call it before `finished`.
  void put_back(target next);
  /// Whether one more that was redirected may be put back.
  [[nodiscard]] bool may_wait_elsewhere() const noexcept { return redirected_ < most_redirected; }

  /// The host of `whose` wants to be left alone so long. If that is more than `longest_rest`, its URLs are set aside: they are handed out if
  /// the crawl still runs by then, and it does not wait for them. Gives how long it rests from now on, for it may have wanted more before.
  duration rest(const hocket::url& whose, duration how_long);

  /// The hosts that want to be left alone still.
  [[nodiscard]] std::vector<resting_host> resting() const;

  /// Waits for a URL that may be fetched now; nothing when all are done. Whoever takes one calls `answered_fully` when its host may be
  /// asked again, and then `finished` when all that it leads to was added; `finished` alone does for both. They get its `place`.
  [[nodiscard]] coro<std::optional<target>> next();
  void answered_fully(const hocket::url& done);
  void finished(const hocket::url& done, bool was_answered_fully = false);

  /// The host of `whose` has answered a request that was made at `asked_at`: see `host_limits::adaptive`.
  void answered(const hocket::url& whose, time_point asked_at);

  /// For one more request to the host of `whose`, which is under way already or redirected to: takes the host's next slot if that has
  /// come.
  [[nodiscard]] bool try_take_slot(const hocket::url& whose);
  /// The same, but reserves the slot and waits for it. False if there is none: the host is set aside, its slot is further away than
  /// `patience`, or `end_waits` comes first.
  [[nodiscard]] coro<bool> take_slot(const hocket::url& whose, duration patience = duration::max());
  /// Nobody is to wait for a slot any more.
  void end_waits() noexcept { waits_are_over_.set(); }

  /// The slot of the host of `whose` that was taken at `taken_at`, or just before, was for no request: it is free again, unless a later one was
  /// taken since.
  void give_slot_back(const hocket::url& whose, time_point taken_at);

  /// Whether requests at one address are counted, and nobody has said yet where the host of `whose` is.
  [[nodiscard]] bool wants_address(const hocket::url& whose);
  /// The host of `whose`, which has a request under way, is at this address.
  void found_at(const hocket::url& whose, const std::string& address);
  /// Whether more requests are under way at the address of the host of `whose` than may be, for one more host was found there: a URL for which
  /// nothing was asked yet is to be put back.
  [[nodiscard]] bool is_crowded(const hocket::url& whose);

  /// The limits of the host of `whose` may have changed: asks for them anew.
  void renew_limits(const hocket::url& whose);

  /// Drops those that wait for which that is true.
  void drop(const std::function<bool(const target&)>& unwanted);

  /// Visits the URLs that nobody took, and drops them.
  void abandon(const std::function<void(const target&)>& visit);
  /// The same, without those that have begun or are to be tried again.
  void abandon_new(const std::function<void(const target&)>& visit);

  /// Without those that are set aside.
  [[nodiscard]] std::size_t queued() const noexcept { return queued_ + deeper_.size(); }
  /// Those that are.
  [[nodiscard]] std::size_t aside() const noexcept { return aside_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  /// The depth whose URLs are handed out, where that goes by level.
  [[nodiscard]] unsigned level() const noexcept { return level_; }
  /// That are known at the moment: a host without URLs is forgotten when its rest is over.
  [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }

 private:
  struct host;

  struct address {
    std::size_t hosts = 0;           // that are known at the moment
    std::size_t taken = 0;           // by requests under way, and by hosts in `ready_`
    intrusive_list<host> waiting{};  // hosts that might be asked, were there room
  };

  struct host : list_link<> {
    explicit host(crawl_order order) noexcept : waiting(order) {}

    std::string name;
    host_limits limits;
    target_queue waiting;
    std::size_t in_flight = 0;
    time_point next_slot{};
    duration latency{};         // of its answers, of late
    std::string address_name;   // empty: not known
    address* at = nullptr;      // the same
    bool is_ready = false;      // it stands in `ready_`
    bool is_set_aside = false;  // it rests so long that its URLs do not count as queued
    handle slot_timer;          // until it may be asked, or forgotten
    handle rest_timer;          // until it is set aside no more

    [[nodiscard]] duration delay() const noexcept;
  };
  host& host_of(const hocket::url& whose);
  [[nodiscard]] host* find(const hocket::url& whose);
  void consider(host& which);
  void line_up(host& which);
  void withdraw(host& which);
  void make_room(host& which);
  void set_aside(host& which, const hocket::url& whose);
  void come_back(host& which);
  void come_back_if_rested(host& which);
  void come_back_in_time(host& which);
  [[nodiscard]] target take_from(host& which);
  void add_in_front(target next);
  void wait_for_postponed();
  void begin_next_level();
  void forget_if_idle(host& which);
  [[nodiscard]] time_point reserve_slot(const hocket::url& whose);

  scheduler_options options_;
  std::move_only_function<host_limits(const hocket::url&)> limits_of_;
  std::unordered_map<std::string, std::unique_ptr<host>, seeded_text_hash, std::equal_to<>> hosts_;
  std::unordered_map<std::string, address, seeded_text_hash, std::equal_to<>> addresses_;  // of these
  intrusive_list<host> ready_;                   // hosts that may be asked now, in turn
  std::multimap<time_point, target> postponed_;  // single URLs, until their time
  handle postponed_timer_;
  std::size_t queued_ = 0;
  std::size_t aside_ = 0;
  std::size_t redirected_ = 0;  // of both
  std::size_t in_flight_ = 0;
  unsigned level_ = 0;
  target_queue deeper_;  // than `level_`
  event changed_;
  event waits_are_over_;
};

}  // namespace hocket::crawl
