#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/text_set.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/handle.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// A URL to fetch.
struct target {
  hocket::url url;
  unsigned depth = 0;                  // links from a seed
  unsigned attempts = 0;               // made so far
  std::vector<std::string> claimed{};  // where earlier attempts were redirected to: seen, but nobody else's
};

/// How often a host may be asked.
struct host_limits {
  std::size_t connections = 8;
  duration delay{};  // between the beginnings of two requests
};

/// What is left to fetch, in memory: a queue for each host, the hosts in turn.
///
/// A host takes part when it has a URL, fewer requests under way than it may have, and its next slot has come. Slots are
/// reserved when a URL is handed out, so that a host is never asked more often than its limits say.
class frontier {
 public:
  /// `limits_of` tells the limits of a host ("host:port") when it is first met.
  /// `by_level`: no URL is handed out before all of lesser depth are finished, so that depths are the least possible.
  /// `seed`: see `text_set`.
  frontier(std::move_only_function<host_limits(const hocket::url&)> limits_of, bool by_level, std::uint64_t seed = 0)
      : limits_of_(std::move(limits_of)), seen_(seed), by_level_(by_level) {}
  ~frontier();
  frontier(const frontier&) = delete;

  /// Remembers `seen` for good. False if it was known.
  bool mark_seen(std::string_view href) { return seen_.insert(href).second; }
  [[nodiscard]] bool has_seen(std::string_view href) const noexcept { return seen_.contains(href); }

  /// Queues a URL at its host.
  void add(target next);

  /// Queues a URL again, ahead of the others, to be handed out no sooner than after `delay`; with `whole_host` no other URL of
  /// its host either. Call it before `finished`.
  void add_again(target next, duration delay, bool whole_host);

  /// Waits for a URL that may be fetched now; nothing when all are done. Whoever takes one calls `finished` for it.
  [[nodiscard]] coro<std::optional<target>> next();
  void finished(const hocket::url& done);

  /// For one more request to the host of `whose`, which is under way already or redirected to: reserves the host's next slot
  /// and waits for it.
  [[nodiscard]] coro<void> take_slot(const hocket::url& whose);

  /// Visits the URLs that nobody took, and drops them.
  void abandon(const std::function<void(const target&)>& visit);
  /// The same, without those that are to be tried again.
  void abandon_new(const std::function<void(const target&)>& visit);

  [[nodiscard]] std::size_t queued() const noexcept { return queued_ + deeper_.size(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::size_t seen() const noexcept { return seen_.size(); }

 private:
  struct host : list_link<> {
    std::string name;
    host_limits limits;
    std::deque<target> waiting;
    std::size_t in_flight = 0;
    time_point next_slot{};
    handle slot_timer;
  };

  host& host_of(const hocket::url& whose);
  void consider(host& which);
  void add_in_front(target next);
  void wait_for_postponed();
  void begin_next_level();
  void forget_if_idle(host& which);

  std::move_only_function<host_limits(const hocket::url&)> limits_of_;
  text_set seen_;
  std::unordered_map<std::string, std::unique_ptr<host>> hosts_;
  intrusive_list<host> ready_;                   // hosts that may be asked now, in turn
  std::multimap<time_point, target> postponed_;  // single URLs, until their time
  handle postponed_timer_;
  std::size_t queued_ = 0;
  std::size_t in_flight_ = 0;
  bool by_level_;
  unsigned level_ = 0;
  std::vector<target> deeper_;  // than `level_`
  event changed_;
};

}  // namespace hocket::crawl
