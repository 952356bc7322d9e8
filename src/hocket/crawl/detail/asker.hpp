#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/downloader.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl::detail {

/// How long a host is left alone at most because it says so.
inline constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(24);

/// A URL that is asked for, and how far it was redirected.
struct redirect_chain {
  url place;             // to be asked for next, or that has answered
  duration time_left{};  // for answers: what waits for a turn is not charged for it
  unsigned most = 0;     // redirects that are followed
  unsigned followed = 0;
  int status = 0;  // of the latest answer; 0: there was none
};

/// Asks servers, one hop at a time. Pages, their robots.txt, sitemaps and links that are checked are all asked for here, so that hooks see
/// each request, and what may be followed and which host is to rest is the same for all. Belongs to one loop.
class asker {
 public:
  enum class method { get, head };

  /// What it works with; all of it outlives it.
  struct parts {
    const crawl_options& options;
    const crawl_hooks& hooks;
    downloader& web;
    scheduler& turns;
    /// Is told that the host of a URL wants to be left alone for so long, as soon as it says so.
    std::function<void(const url& whose, duration how_long)> rest;
  };

  explicit asker(parts with) : with_(std::move(with)) {}

  /// One request, whose slot was taken, and the head of its answer. Borrows `where` until it returns. Throws what `downloader::get` throws.
  [[nodiscard]] coro<http::response> ask(const url& where, duration time_left, http::headers fields = {},
                                         method how = method::get);

  /// How long an answer asks for rest, a day at most; zero if it does not say how long. Nothing: it does not (429 and 503 do).
  [[nodiscard]] static std::optional<duration> retry_after(const http::response& answer);
  /// How long to wait before another attempt, after so many: longer each time, and as long as the answer wants it.
  [[nodiscard]] static duration wait_before_again(unsigned attempts, std::optional<duration> retry_after);
  /// Whether an answer leads elsewhere, as browsers understand it.
  [[nodiscard]] static bool is_redirect(const http::response& answer);
  /// The place that such a one leads to, without fragment and credentials. Throws `http::client_error` if that is no http(s) URL.
  [[nodiscard]] static url next_place(const http::response& answer, const url& from);
  /// From https to http, and the options do not have it.
  [[nodiscard]] bool is_refused_downgrade(const url& from, const url& to) const;

  /// Says of a place that is redirected to whether it is asked, and has taken its slot then.
  using entrance = function<coro<bool>(const url& place)>;

  /// Asks until an answer leads nowhere else, for one who waits for turns where they are due. The first slot was taken. Nothing if `enter`
  /// refuses. Throws what `ask` and `next_place` throw, `http::downgrade_refused`, `http::too_many_redirects`.
  [[nodiscard]] coro<std::optional<http::response>> follow(redirect_chain& chain, entrance& enter,
                                                           method how = method::get);

 private:
  parts with_;
};

}  // namespace hocket::crawl::detail
