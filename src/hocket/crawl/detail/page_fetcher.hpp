#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/detail/asker.hpp>
#include <hocket/crawl/detail/byte_budget.hpp>
#include <hocket/crawl/duplicates.hpp>
#include <hocket/crawl/earlier_pages.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/roles.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/crawl/scope.hpp>
#include <hocket/crawl/spider.hpp>
#include <hocket/crawl/target.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/range/validators.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl::detail {

/// What came of one attempt at a page.
struct fetched_page {
  /// It goes on where it was put back. `room` is for what is found on it, and outlives it.
  fetched_page(const target& next, byte_budget& room);

  /// It is left out, or where it was redirected to: robots.txt has it so.
  void disallow(const target& asked);

  hocket::url final_url;
  int status = 0;
  std::string content_type;
  std::vector<http::redirect_hop> redirects;  // that led to `final_url`
  std::uint64_t bytes = 0;
  std::string error;
  bool is_partial = false;  // its end did not come
  http::validators validators;
  std::optional<std::uint64_t> content_hash;  // if it was read to its end
  std::unique_ptr<earlier_page> recalled;     // if it was not sent, as it has not changed
  page_declarations declared;
  std::unique_ptr<page_reader> reader;  // of a page that was read
  findings* found = nullptr;            // in it, once it is finished
  std::vector<std::string> claimed;     // marked as seen on the way
  bool ends_at_known = false;           // `final_url` has been seen before: it is somebody else's
  bool leaves_final_url = false;        // the same, but it was claimed: it is to be released
  bool connection_failed = false;
  std::string_view skipped;                         // why, if it or where it leads was
  bool refused = false;                             // its address, or by robots.txt: it is no page
  std::optional<content_digest> body{};             // of a page that was read to its end
  bool is_duplicate = false;                        // of more pages than it may be
  bool left_alone = false;                          // its robots.txt cannot be had
  std::optional<duration> retry_after;              // 429, 503
  time_point slot_taken{};                          // when that for its next request was
  duration spent{};                                 // of the time that it has, before the latest request
  std::shared_ptr<const page_underway> underway{};  // if it did not come to its end: it is to be put back with this
  std::string note;                                 // what the user should know; empty: nothing
  byte_budget::share held;                          // what was found, and is not written down
};

/// Fetches pages, each with its redirects, and has the spider read them while they arrive. Belongs to one loop.
///
/// Redirects are followed here, not by the session, so that each hop is in scope and no page is fetched under two names.
class page_fetcher {
 public:
  /// What it works with; all of it outlives it.
  struct parts {
    const crawl_options& options;
    const crawl_hooks& hooks;
    const crawl_roles& roles;
    const scope& inside;
    asker& web;
    robots_cache& robots;
    scheduler& turns;
    counters& counts;
  };

  explicit page_fetcher(const parts& with);

  /// One attempt, whose slot was taken, or what is left of it. Whatever goes wrong stands in `result`; throws only `cancelled`. Waits for no
  /// turn: see `fetched_page::underway`.
  coro<void> fetch(const target& next, fetched_page& result);

  /// Once it is known that the page is not tried again: resolves what was found on it, if it was read. It holds room for that, and for the
  /// lines that it becomes.
  void finish(fetched_page& result);

  /// Takes the reader back, if there is one, for a page to come. What was found is forgotten. That of a large page goes, and its memory
  /// with it.
  void recycle(fetched_page& done);

 private:
  [[nodiscard]] http::headers condition_for(const url& where) const;
  coro<void> attempt(const target& next, fetched_page& result);
  void put_back(fetched_page& result, bool is_allowed) const;
  static void set_underway(fetched_page& result, bool is_allowed);
  coro<bool> may_fetch(const target& next, fetched_page& result);
  coro<bool> may_go_on(const target& next, fetched_page& result);
  coro<void> leave_out(const target& next, fetched_page& result, std::string_view reason);
  void refuse_downgrade(const target& next, const url& from, fetched_page& result);
  coro<bool> claim(const target& next, fetched_page& result);
  void take_head(const http::response& answer, fetched_page& result) const;
  coro<void> take_body(http::response& answer, fetched_page& result);
  coro<void> read_body(http::response& answer, fetched_page& result);
  coro<void> pass_over(http::response& answer);
  [[nodiscard]] bool was_not_sent(const http::response& answer, const fetched_page& result) const;
  coro<void> recall(fetched_page& result);
  [[nodiscard]] std::unique_ptr<page_reader> take_spare();

  const crawl_options& options_;
  const crawl_hooks& hooks_;
  const crawl_roles& roles_;
  const scope& scope_;
  asker& asker_;
  robots_cache& robots_;
  scheduler& scheduler_;
  duplicates duplicates_;
  std::vector<std::unique_ptr<page_reader>> spare_;
};

}  // namespace hocket::crawl::detail
