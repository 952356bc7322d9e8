// The scheduler says whose turn it is, as in a crawl; each link that it hands out becomes a task of a group. A link that is tried
// again is asked for by GET: what failed may have been HEAD.

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/crawl/detail/address_finder.hpp>
#include <hocket/crawl/detail/asker.hpp>
#include <hocket/crawl/downloader.hpp>
#include <hocket/crawl/limits_of_host.hpp>
#include <hocket/crawl/link_checker.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/status.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {

static constexpr auto first_retry_after = std::chrono::milliseconds(500);

/// What came of asking for a link once.
struct link_checker::attempt {
  link_verdict verdict{};
  bool may_pass = false;                  // it may be otherwise the next time
  std::optional<duration> retry_after{};  // the host asks for this rest
  time_point slot_taken{};                // for its first request
  detail::redirect_chain chain;
};

/// While it lives the scheduler has a link under way.
struct link_checker::turn {
  scheduler& of;
  const url& link;
  turn(scheduler& owner, const url& taken) noexcept : of(owner), link(taken) {}
  turn(const turn&) = delete;
  ~turn() { of.finished(link); }
};

// What a link leads to may be of any type.
static crawl_options with_any_type(crawl_options options) {
  if (!options.fields.contains("Accept")) options.fields.add("Accept", "*/*");
  return options;
}

link_checker::link_checker(crawl_options options, crawl_hooks hooks, checked_redirects followed)
    : options_(with_any_type(std::move(options))),
      inside_(options_.scope, options_.seeds),
      hooks_(std::move(hooks)),
      followed_(followed),
      web_(make_session_downloader(options_, [this](const url& where) { return inside_.names_host(where.host()); })),
      asker_(std::make_unique<detail::asker>(
          detail::asker::parts{options_, hooks_, *web_, scheduler_,
                               [this](const url& whose, duration how_long) { scheduler_.rest(whose, how_long); }})),
      addresses_(options_.per_address
                     ? std::make_unique<detail::address_finder>(options_, scheduler_, loop::running().random()())
                     : nullptr),
      robots_(*asker_, scheduler_, options_.user_agent, options_.timeout, loop::running().random()()),
      scheduler_([this](const url& whose) { return limits_of_host(whose, options_, robots_); },
                 {.seed = loop::running().random()(), .per_address = options_.per_address}),
      slots_(options_.concurrency) {}

link_checker::~link_checker() = default;

void link_checker::leave_alone(std::span<const resting_host> hosts) {
  const time_point now = loop::running().time();
  for (const resting_host& each : hosts)
    if (each.until > now) scheduler_.rest(each.host, each.until - now);
}

static std::vector<url> distinct(std::vector<url> links) {
  for (url& each : links) each = std::move(each).without_fragment();
  std::ranges::sort(links, {}, &url::href);
  const auto [first, last] = std::ranges::unique(links, {}, &url::href);
  links.erase(first, last);
  return links;
}

coro<void> link_checker::check(std::vector<url> links, teller tell) {
  tell_ = std::move(tell);
  for (url& each : distinct(std::move(links))) scheduler_.add({.url = std::move(each)});
  struct nothing_left {
    scheduler& of;
    ~nothing_left() {
      of.abandon([](const target&) {});
    }
  } const at_the_end{scheduler_};
  co_await with_task_group([this](task_group& group) -> coro<void> { co_await hand_out(group); });
  scheduler_.abandon([this](const target& left) { tell_(left.url, {.not_checked = "host_rests"}); });
}

coro<void> link_checker::hand_out(task_group& group) {
  for (;;) {
    auto held = co_await slots_.scoped_acquire();
    auto next = co_await scheduler_.next();
    if (!next) co_return;
    group.create_task(work_on(std::move(*next), std::move(held)), {.name = "link"});
  }
}

coro<void> link_checker::work_on(target next, permit held) {
  const time_point slot_taken = loop::running().time();
  const turn mine(scheduler_, next.url);
  if (addresses_ && !co_await addresses_->has_room(next.url)) {
    scheduler_.give_slot_back(next.url, slot_taken);
    co_return scheduler_.put_back(next);
  }
  attempt made{.slot_taken = slot_taken,
               .chain = {.place = next.url, .time_left = options_.timeout, .most = options_.max_redirects}};
  const bool is_first = next.attempts == 0;  // by HEAD
  try {
    co_await follow(next, made, held);
  } catch (const robots_unreachable& failed) {
    if (failed.status() != 0)
      made.verdict.not_checked = "robots";
    else
      made.verdict.error = failed.what();
    made.may_pass = failed.may_pass();
  } catch (const std::system_error& failed) {
    made.verdict.error = failed.what();
    made.may_pass = http::detail::is_passing(failed.code());
  } catch (const protocol_error& failed) {
    made.verdict.error = failed.what();
    made.may_pass = is_first || dynamic_cast<const http::server_disconnected*>(&failed) != nullptr;
  } catch (const timeout_error& failed) {
    made.verdict.error = failed.what();
    made.may_pass = is_first;
  } catch (const std::exception& failed) {
    made.verdict.error = failed.what();
  }
  made.verdict.status = made.chain.status;
  if (!postpone(next, made)) tell_(next.url, made.verdict);
}

// True if the link will be asked for again. Once it always is, for that is by GET. A host that asks for rest gets it in any case.
bool link_checker::postpone(const target& next, const attempt& made) {
  if (!made.may_pass && !made.retry_after) return false;
  const duration backoff = first_retry_after * (1U << std::min(next.attempts, 6U));
  const duration delay = std::max(backoff, made.retry_after.value_or(backoff));
  if (made.retry_after) scheduler_.rest(made.chain.place, delay);
  if (next.attempts >= std::max(1U, options_.retries) || delay > scheduler::longest_rest) return false;
  target again = next;
  ++again.attempts;
  const bool is_at_home = made.chain.place.host_with_port() == next.url.host_with_port();
  scheduler_.add_again(std::move(again), delay, made.retry_after && is_at_home);
  return true;
}

// How long the host wants to be left alone, if it says so.
static std::optional<duration> rest_after(const http::response& answer) {
  if (answer.status() == 503 && !answer.retry_after()) return std::nullopt;
  return detail::asker::retry_after(answer);
}

coro<void> link_checker::follow(const target& next, attempt& made, permit& held) {
  using method = detail::asker::method;
  detail::asker::entrance enter = [this, &made, &held](const url& place) -> coro<bool> {
    co_return co_await may_go_on(place, made, held);
  };
  if (!co_await may_ask(next.url, true, made, held)) co_return;
  for (method how = next.attempts == 0 ? method::head : method::get;; how = method::get) {
    auto answer = co_await asker_->follow(made.chain, enter, how);
    if (!answer) co_return;
    made.retry_after = rest_after(*answer);
    co_await answer->drain();
    if (answer->ok()) co_return;
    if (how == method::get || made.retry_after) {
      made.verdict.error = fmt::format("{} {}", answer->status(), http::reason_phrase(answer->status()));
      co_return;
    }
    if (!co_await take_slot(made.chain.place, made, held)) co_return;
  }
}

// Who waits keeps nobody else from asking. How many connections there are is the session's.
coro<bool> link_checker::take_slot(const url& whose, attempt& made, permit& held) {
  if (scheduler_.try_take_slot(whose)) co_return true;
  held.reset();
  if (co_await scheduler_.take_slot(whose)) co_return true;
  made.verdict.not_checked = "host_rests";
  co_return false;
}

std::string_view link_checker::reason_against(const url& redirected_to) const {
  if (matches_any(options_.exclude, redirected_to)) return "excluded";
  return followed_ == checked_redirects::in_scope && !inside_.contains(redirected_to) ? "external" : "";
}

coro<bool> link_checker::may_go_on(const url& where, attempt& made, permit& held) {
  made.verdict.not_checked = reason_against(where);
  if (!made.verdict.not_checked.empty()) co_return false;
  co_return co_await may_ask(where, false, made, held);
}

// Asks for the robots.txt of a place, if it is not known, which spends a slot of the host; and sees to it that there is one in the end.
coro<bool> link_checker::may_ask(const url& where, bool has_slot, attempt& made, permit& held) {
  if (options_.obey_robots) {
    const robots* rules = robots_.known(where);
    if (rules == nullptr) {
      if (!has_slot && !co_await take_slot(where, made, held)) co_return false;
      rules = co_await robots_.ask(where);
      scheduler_.renew_limits(where);
      has_slot = false;
    }
    if (!rules->allows(where)) {
      if (has_slot) scheduler_.give_slot_back(where, made.slot_taken);
      made.verdict.not_checked = "robots";
      co_return false;
    }
  }
  co_return has_slot || co_await take_slot(where, made, held);
}

}  // namespace hocket::crawl
