#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/crawl/scope.hpp>
#include <hocket/sync/semaphore.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

namespace detail {
class address_finder;
}
class downloader;

/// What came of a link that was asked for.
struct link_verdict {
  int status = 0;       // of the last answer; 0: there was none
  std::string error{};  // empty: it leads somewhere
  /// Why nobody knows where it leads: "robots" (it or where it is redirected to is disallowed, or its server cannot say), "excluded" (where
  /// it is redirected to is), "external" (where it is redirected to is out of scope, and such redirects are left), "host_rests" (the host wants
  /// to be left alone for longer than anybody waits); empty: it was asked for.
  std::string_view not_checked{};
};

/// Which redirects of a link are followed.
enum class checked_redirects {
  all,
  in_scope,  // of the seeds
};

/// Asks whether links lead somewhere, without reading what is there: for what the pages of a crawl refer to and the crawl does not fetch.
///
/// Each is asked for by HEAD and, where that is refused, breaks off or is not answered in time, by GET, of which the head is read and at most
/// 64 KiB of the rest. Hosts are asked as in a crawl with these options: robots.txt, connections, delays,
/// Retry-After, retries, private addresses (those of hosts that seeds name are meant). Belongs to one loop.
class link_checker {
 public:
  /// Is told what came of each link, on the loop; must not throw.
  using teller = std::function<void(const url& link, const link_verdict& verdict)>;

  /// Made where a loop runs. Of the options those about asking are used, and the seeds; of the hooks `before_request` and `on_response`,
  /// which see each request, those for robots.txt too.
  explicit link_checker(crawl_options options, crawl_hooks hooks = {},
                        checked_redirects followed = checked_redirects::all);
  ~link_checker();
  link_checker(const link_checker&) = delete;

  /// Hosts that have asked somebody else for rest, a crawl on this loop, have it here, too. Before `check`.
  void leave_alone(std::span<const resting_host> hosts);

  /// Asks for each of the links once, in no particular order; fragments count for nothing. One call at a time. Cancelled, it
  /// gives up what is under way and throws `cancelled`; whatever was told stays told.
  [[nodiscard]] coro<void> check(std::vector<url> links, teller tell);

 private:
  using permit = std::optional<semaphore::permit>;
  struct attempt;
  struct turn;

  coro<void> hand_out(task_group& group);
  coro<void> work_on(target next, permit held);
  coro<void> follow(const target& next, attempt& made, permit& held);
  [[nodiscard]] std::string_view reason_against(const url& redirected_to) const;
  coro<bool> may_go_on(const url& where, attempt& made, permit& held);
  coro<bool> may_ask(const url& where, bool has_slot, attempt& made, permit& held);
  coro<bool> take_slot(const url& whose, attempt& made, permit& held);
  [[nodiscard]] bool postpone(const target& next, const attempt& made);

  crawl_options options_;
  scope inside_;
  crawl_hooks hooks_;
  checked_redirects followed_;
  std::unique_ptr<downloader> web_;
  std::unique_ptr<detail::asker> asker_;
  std::unique_ptr<detail::address_finder> addresses_;  // null: requests at one address are not counted
  robots_cache robots_;
  scheduler scheduler_;
  semaphore slots_;
  teller tell_;
};

}  // namespace hocket::crawl
