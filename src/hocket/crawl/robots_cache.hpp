#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/base/text_hash.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/robots.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

namespace detail {
class asker;
}
class scheduler;

/// Nobody knows what a robots.txt says, so the host is to be left alone for now. RFC 9309, 2.3.1.4.
class robots_unreachable : public error {
 public:
  robots_unreachable(const std::string& why, int status, bool may_pass)
      : error(why), status_(status), may_pass_(may_pass) {}

  /// Of the server's answer, 500 or above; 0 if there was none.
  [[nodiscard]] int status() const noexcept { return status_; }
  /// It may be otherwise the next time.
  [[nodiscard]] bool may_pass() const noexcept { return may_pass_; }

 private:
  int status_;
  bool may_pass_;
};

/// The robots.txt of each origin, fetched when it is first asked for, and again after a day.
///
/// Redirects are followed five times, to other hosts too, whatever the scope of the crawl; each takes a slot of its host. A file that is not
/// there (400 to 499, more redirects) allows everything; an error of the server, none at all, or a redirect that is not followed (from https
/// to http, to what is no http(s) URL, to a host whose turn is more than a minute away) allows nothing, and is forgotten after half a second,
/// then one, two, ... up to ten minutes; what was known before holds meanwhile, if anything was. Of the body 500 KiB are read. Belongs to one
/// loop.
/// Source: RFC 9309, 2.3 and 2.4.
class robots_cache {
 public:
  /// How many origins are remembered, and how many bytes their files had: beyond, the half that was used longest ago is forgotten, and asked
  /// for again when it is needed.
  static constexpr std::size_t most_origins = 10'000;
  static constexpr std::size_t most_bytes = std::size_t{64} * 1024 * 1024;

  /// `web` and `turns` must outlive it. `timeout`: for the answers to one call; turns that are waited for do not count. `seed`: see
  /// `text_hash`.
  robots_cache(detail::asker& web, scheduler& turns, std::string user_agent, duration timeout, std::uint64_t seed = 0)
      : web_(web),
        turns_(turns),
        user_agent_(std::move(user_agent)),
        timeout_(timeout),
        entries_(0, seeded_text_hash{seed}) {}
  robots_cache(const robots_cache&) = delete;

  /// What is known and still good; null: ask. Allocates nothing. Valid until something is awaited.
  [[nodiscard]] const robots* known(const url& where) const;

  /// The rules of the origin of `where`, fetched if need be, by a slot of its host that the caller has taken; of those that ask for the same
  /// one, one fetches. Valid until something is awaited. Throws `robots_unreachable`, `cancelled`.
  [[nodiscard]] coro<const robots*> ask(url where);

  /// How many were asked for: each has spent a request of its host.
  [[nodiscard]] std::size_t fetched() const noexcept { return fetched_; }

 private:
  struct entry {
    std::optional<robots> rules;
    time_point good_until{};
    std::size_t bytes = 0;           // of the file
    std::size_t asking = 0;          // calls that hold on to it
    mutable std::uint64_t used = 0;  // counts up; the greatest was used last
    std::optional<robots_unreachable> failure;
    unsigned failures = 0;
    lock fetching;
  };
  struct user;

  entry& entry_of(const url& where);
  void forget_some();
  coro<robots> fetch(url place, std::size_t& bytes);
  void fail(entry& where, robots_unreachable why);

  detail::asker& web_;
  scheduler& turns_;
  std::string user_agent_;
  duration timeout_;
  std::size_t fetched_ = 0;
  std::size_t bytes_ = 0;  // of all files
  mutable std::uint64_t uses_ = 0;
  std::unordered_map<std::string, std::unique_ptr<entry>, seeded_text_hash, std::equal_to<>> entries_;  // by origin
};

}  // namespace hocket::crawl
