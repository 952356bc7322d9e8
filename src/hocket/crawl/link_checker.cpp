// The scheduler says whose turn it is, as in a crawl; each link that it hands out becomes a task of a group. A link that is tried
// again is asked for by GET: what failed may have been HEAD.

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/attributes.hpp>
#include <hocket/crawl/downloader.hpp>
#include <hocket/crawl/limits_of_host.hpp>
#include <hocket/crawl/link_checker.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/status.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl {

static constexpr auto first_retry_after = std::chrono::milliseconds(500);

/// Sends the requests, those for robots.txt too.
class link_checker::asker final : public downloader {
 public:
  explicit asker(http::session_options options) : web_(std::move(options)) {}

  HOCKET_CORO_WRAPPER coro<http::response> get(const url& where, http::request_options options) override {
    return web_.get(where, std::move(options));
  }
  HOCKET_CORO_WRAPPER coro<http::response> request(const char* method, const url& where, duration time_left) {
    return web_.request(method, url(where), {.timeout = time_left, .max_redirects = 0});
  }

 private:
  http::session web_;
};

/// What came of asking for a link once.
struct link_checker::attempt {
  link_verdict verdict{};
  bool may_pass = false;                  // it may be otherwise the next time
  std::optional<duration> retry_after{};  // the host asks for this rest
  url place;                              // that was asked for last
};

/// While it lives the scheduler has a link under way.
struct link_checker::turn {
  scheduler& of;
  const url& link;
  turn(scheduler& owner, const url& taken) noexcept : of(owner), link(taken) {}
  turn(const turn&) = delete;
  ~turn() { of.finished(link); }
};

static http::session_options session_options_of(const crawl_options& options, const scope& inside) {
  http::session_options wanted =
      crawl_session_options(options, [&inside](const url& where) { return inside.names_host(where.host()); });
  wanted.default_headers = {{"Accept", "*/*"}};
  return wanted;
}

link_checker::link_checker(crawl_options options)
    : options_(std::move(options)),
      inside_(options_.scope, options_.seeds),
      web_(std::make_unique<asker>(session_options_of(options_, inside_))),
      robots_(*web_, options_.user_agent, options_.timeout, loop::running().random()()),
      scheduler_([this](const url& whose) { return limits_of_host(whose, options_, robots_); }, false,
                 crawl_order::breadth_first, loop::running().random()()),
      slots_(options_.concurrency) {}

link_checker::~link_checker() = default;

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
  const turn mine(scheduler_, next.url);
  attempt made{.place = next.url};
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
  if (!postpone(next, made)) tell_(next.url, made.verdict);
}

// True if the link will be asked for again. Once it always is, for that is by GET. A host that asks for rest gets it in any case.
bool link_checker::postpone(const target& next, const attempt& made) {
  if (!made.may_pass && !made.retry_after) return false;
  const duration backoff = first_retry_after * (1U << std::min(next.attempts, 6U));
  const duration delay = std::max(backoff, made.retry_after.value_or(backoff));
  if (made.retry_after) scheduler_.rest(made.place, delay);
  if (next.attempts >= std::max(1U, options_.retries) || delay > scheduler::longest_rest) return false;
  target again = next;
  ++again.attempts;
  const bool is_at_home = made.place.host_with_port() == next.url.host_with_port();
  scheduler_.add_again(std::move(again), delay, made.retry_after && is_at_home);
  return true;
}

static bool is_redirect(const http::response& answer) {
  return answer.status() >= 300 && answer.status() < 400 && answer.headers().contains("Location");
}

// How long the host wants to be left alone, if it says so.
static std::optional<duration> rest_after(const http::response& answer) {
  const auto asked = answer.retry_after();
  if (answer.status() == 429) return asked.value_or(std::chrono::seconds(0));
  if (answer.status() == 503) return asked;
  return std::nullopt;
}

// Its time runs while somebody answers, not while it waits for a turn.
coro<void> link_checker::follow(const target& next, attempt& made, permit& held) {
  duration left = options_.timeout;
  const char* method = next.attempts == 0 ? "HEAD" : "GET";
  url& at = made.place;
  for (unsigned redirects = 0;;) {
    if (options_.obey_robots && !co_await may_ask(at, made, held)) co_return;
    const time_point asked_at = loop::running().time();
    auto answer = co_await web_->request(method, at, left);
    scheduler_.answered(at, asked_at);
    made.verdict.status = answer.status();
    if (is_redirect(answer)) {
      if (redirects++ == options_.max_redirects)
        throw http::too_many_redirects(fmt::format("more than {} redirects", options_.max_redirects));
      url hop = next_hop(answer, at);
      co_await answer.drain();
      at = std::move(hop);
    } else {
      made.retry_after = rest_after(answer);
      const bool head_is_refused = !answer.ok() && method == std::string_view("HEAD") && !made.retry_after;
      if (!answer.ok())
        made.verdict.error = fmt::format("{} {}", answer.status(), http::reason_phrase(answer.status()));
      co_await answer.drain();
      if (!head_is_refused) co_return;
      made.verdict.error.clear();
      method = "GET";
    }
    left -= loop::running().time() - asked_at;
    if (!co_await take_slot(at, made, held)) co_return;
  }
}

// Who waits keeps nobody else from asking. How many connections there are is the session's.
coro<bool> link_checker::take_slot(const url& whose, attempt& made, permit& held) {
  if (scheduler_.try_take_slot(whose)) co_return true;
  held.reset();
  if (co_await scheduler_.take_slot(whose)) co_return true;
  made.verdict = {.not_checked = "host_rests"};
  co_return false;
}

// Asks for the robots.txt of a place, if it is not known. That spends the slot of the host.
coro<bool> link_checker::may_ask(const url& where, attempt& made, permit& held) {
  const robots* rules = robots_.known(where);
  const bool is_known = rules != nullptr;
  if (!is_known) rules = co_await robots_.ask(where);
  const bool allowed = rules->allows(where);
  if (!allowed) made.verdict.not_checked = "robots";
  if (is_known) co_return allowed;
  scheduler_.renew_limits(where);
  co_return allowed&& co_await take_slot(where, made, held);
}

url link_checker::next_hop(const http::response& answer, const url& from) const {
  const std::string_view location = answer.headers().get("Location").value_or("");
  auto hop = url::parse(location, from);
  if (!hop || (hop->scheme() != "http" && hop->scheme() != "https"))
    throw http::client_error(fmt::format("redirected to '{}', which is not an http(s) URL", location));
  if (from.scheme() == "https" && hop->scheme() == "http" && !options_.allow_downgrade)
    throw http::downgrade_refused(from, *hop);
  return without_credentials(std::move(*hop).without_fragment());
}

}  // namespace hocket::crawl
