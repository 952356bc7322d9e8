// One coroutine hands URLs out, as many at a time as there are slots; each becomes a task that fetches a page, has the spider
// read it, and tells the frontier. The scheduler alone decides whose turn it is; the downloader alone knows of connections.
//
// Redirects are followed here, not by the session, so that each hop is in scope and no page is fetched under two names: the
// links of a page are written under the URL at which it was found in the end.

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/memory_frontier.hpp>
#include <hocket/crawl/summary.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/status.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl {

static constexpr duration default_delay = std::chrono::seconds(1);
static constexpr auto flush_every = std::chrono::seconds(1);
static constexpr auto first_retry_after = std::chrono::milliseconds(500);
static constexpr auto longest_retry_after = std::chrono::seconds(60);

/// What came of one attempt at a page.
struct crawler::outcome {
  explicit outcome(const hocket::url& asked) : final_url(asked) {}

  hocket::url final_url;
  int status = 0;
  std::string content_type;
  std::uint64_t bytes = 0;
  std::string error;
  page_declarations declared;
  std::unique_ptr<page_reader> reader;  // of a page that was read
  findings* found = nullptr;            // in it
  std::vector<std::string> claimed;     // marked as seen on the way
  bool connection_failed = false;
  std::string_view skipped;             // why, if it or where it leads was
  bool refused = false;                 // its address, or by robots.txt: it is no page
  bool is_duplicate = false;            // of more pages than it may be
  bool left_alone = false;              // its robots.txt cannot be had
  std::optional<duration> retry_after;  // 429, 503
};

/// A page under way; gives its slot up when it goes.
class crawler::ticket {
 public:
  explicit ticket(crawler& owner) noexcept : owner_(&owner) {
    ++owner.under_way_;
    owner.nothing_under_way_.clear();
  }
  ticket(ticket&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
  ticket& operator=(ticket&&) = delete;
  ~ticket() {
    if (owner_ == nullptr) return;
    owner_->slots_.release();
    if (--owner_->under_way_ == 0) owner_->nothing_under_way_.set();
  }

 private:
  crawler* owner_;
};

/// Says at its end that the URL is finished, however that comes.
struct under_way {
  scheduler& of;
  const url& done;
  bool was_answered = false;

  // From now on its host may be asked for the next one, while this one is written down.
  void answered() {
    of.answered_fully(done);
    was_answered = true;
  }
  ~under_way() { of.finished(done, was_answered); }
};

static crawl_roles complete(crawl_roles roles, const crawl_options& options, const scope& inside) {
  if (!roles.downloader)
    roles.downloader =
        make_session_downloader(options, [&inside](const url& where) { return inside.names_host(where.host()); });
  if (!roles.spider) roles.spider = std::make_shared<link_spider>();
  if (!roles.frontier) roles.frontier = std::make_shared<memory_frontier>(loop::running().random()());
  return roles;
}

crawler::crawler(crawl_options options, pipeline& out, crawl_hooks hooks, crawl_roles roles)
    : options_(std::move(options)),
      scope_(options_.scope, options_.seeds),
      out_(out),
      hooks_(std::move(hooks)),
      roles_(complete(std::move(roles), options_, scope_)),
      robots_(*roles_.downloader, options_.user_agent, options_.timeout),
      judge_([this](const url& found) { return judge(found); }),
      traps_(options_.traps, loop::running().random()()),
      duplicates_(options_.max_duplicates, loop::running().random()()),
      scheduler_([this](const url& whose) { return limits_of(whose); }, options_.depth.has_value(), options_.order),
      slots_(options_.concurrency) {
  nothing_under_way_.set();
}

crawler::~crawler() = default;

host_limits crawler::limits_of(const url& whose) {
  const bool is_here = is_loopback_host(whose.host());
  host_limits limits{.connections = options_.per_host.value_or(is_here ? 8 : 1),
                     .delay = options_.host_delay.value_or(is_here ? duration::zero() : default_delay),
                     .adaptive = !is_here && !options_.host_delay};
  const robots* const rules = options_.obey_robots ? robots_.known(whose) : nullptr;
  if (rules == nullptr || !rules->crawl_delay()) return limits;
  limits.connections = 1;
  limits.delay = std::max(limits.delay, *rules->crawl_delay());
  return limits;
}

static bool matches_any(const std::vector<url_pattern>& patterns, const url& where) {
  return std::ranges::any_of(patterns, [&where](const url_pattern& each) { return each.matches(where); });
}

coro<void> crawler::run() {
  begun_ = loop::running().time();
  std::vector<url> seeds;
  for (const url& seed : options_.seeds) seeds.push_back(seed.without_fragment());
  std::vector<target> left = co_await roles_.frontier->begin(seeds, [](const url&) { return std::string_view(); });
  counts_ = roles_.frontier->resumed();
  handed_out_ = counts_.pages;
  queue(std::move(left));
  cancel_scope handing_out;
  handing_out_ = &handing_out;
  task<void> flusher = create_task(flush_regularly());
  co_await finally(handing_out.run(hand_out()), [&]() -> coro<void> {
    co_await settle();
    flusher.cancel();
    static_cast<void>(co_await as_result(flusher));
    handing_out_ = nullptr;
    if (broken_) std::rethrow_exception(broken_);
  });
}

void crawler::queue(std::vector<target> fresh) {
  if (options_.order == crawl_order::depth_first) std::ranges::reverse(fresh);
  for (target& each : fresh) {
    if (reached_limit_) {
      skip(each.url.href(), "limit");
      continue;
    }
    if (matches_any(options_.first, each.url)) each.priority = 1;
    if (matches_any(options_.last, each.url)) each.priority = -1;
    scheduler_.add(std::move(each));
  }
}

// Of a URL that was never seen before.
std::string_view crawler::judge(const url& found) {
  const std::string_view reason = reason_against(found);
  if (!reason.empty()) skip(found.href(), reason);
  return reason;
}

std::string_view crawler::reason_against(const url& found) {
  if (!scope_.contains(found)) return "scope";
  if (!options_.include.empty() && !matches_any(options_.include, found)) return "excluded";
  if (matches_any(options_.exclude, found)) return "excluded";
  const robots* const rules = options_.obey_robots ? robots_.known(found) : nullptr;
  if (rules != nullptr && !rules->allows(found)) return "robots";
  return traps_.judge(found);
}

coro<void> crawler::hand_out() {
  for (;;) {
    co_await slots_.acquire();
    ticket mine(*this);
    auto next = co_await scheduler_.next();
    if (!next) {
      handed_out_all_ = true;
      co_return;
    }
    const bool is_new = next->attempts == 0;
    if (is_new && options_.max_pages && handed_out_ >= *options_.max_pages) {
      reach_limit(*next);
      continue;
    }
    if (is_new) ++handed_out_;
    create_task(crawl_page(std::move(*next), std::move(mine)), {.name = "page"});
  }
}

// Nothing new any more; pages that are to be tried again still are.
void crawler::reach_limit(const target& one_too_many) {
  reached_limit_ = true;
  const auto skip_it = [this](const target& left) { skip(left.url.href(), "limit"); };
  skip_it(one_too_many);
  scheduler_.abandon_new(skip_it);
  scheduler_.finished(one_too_many.url);
}

// No more URLs: waits for the pages under way, and leaves complete files behind.
coro<void> crawler::settle() {
  stopping_ = true;
  if (!handed_out_all_ && !broken_ && under_way_ > 0)
    note(fmt::format("stopping: {} pages are under way; Ctrl-C again ends at once", under_way_));
  co_await nothing_under_way_.wait();
  co_await count_what_is_left();
  if (broken_) co_return;
  try {
    co_await out_.flush();
    co_await out_.finish(summary_json(progress()));
  } catch (const error&) {
    broken_ = std::current_exception();
  }
}

coro<void> crawler::count_what_is_left() {
  scheduler_.abandon([this](const target& left) { skip(left.url.href(), "interrupted"); });
  co_await roles_.frontier->visit_passed_over([this](std::string_view href, std::string_view why) { skip(href, why); });
}

coro<void> crawler::flush_regularly() {
  for (;;) {
    co_await sleep(flush_every);
    try {
      co_await out_.flush();
    } catch (const error&) {
      output_failed(std::current_exception());
      co_return;
    }
  }
}

void crawler::output_failed(std::exception_ptr why) noexcept {
  if (!broken_) broken_ = std::move(why);
  if (handing_out_ != nullptr) handing_out_->cancel();
}

coro<void> crawler::crawl_page(target next, ticket) {
  const time_point begun = loop::running().time();
  under_way until_it_ends{scheduler_, next.url};
  outcome result(next.url);
  try {
    co_await fetch(next, result);
  } catch (const http::address_refused& refused) {
    result.skipped = "private_address";
    skip(result.final_url.href(), result.skipped);
    result.refused = result.final_url == next.url;
    result.error = refused.what();
  } catch (const robots_unreachable& failed) {
    result.error = failed.what();
    result.connection_failed = failed.may_pass();
    result.left_alone = failed.status() != 0;
  } catch (const std::system_error& failed) {
    result.error = failed.what();
    result.connection_failed = http::detail::is_passing(failed.code());
  } catch (const http::server_disconnected& failed) {
    result.error = failed.what();
    result.connection_failed = true;
  } catch (const std::exception& failed) {
    result.error = failed.what();
  }
  try {
    const bool is_tried_again = postpone(next, result);
    until_it_ends.answered();
    if (!is_tried_again) co_await finish(next, result, begun);
    if (out_.is_full()) co_await out_.flush();
  } catch (const error&) {
    output_failed(std::current_exception());
  }
}

coro<void> crawler::finish(const target& next, outcome& result, time_point begun) {
  finished_page done{.page = next, .claimed = result.claimed};
  if (result.found != nullptr) done.links = result.found->links;
  if (options_.obey_robots && result.declared.robots.nofollow) done.not_followed = "nofollow";
  if (result.is_duplicate) done.not_followed = "duplicate";
  if (options_.depth && next.depth >= *options_.depth) done.not_followed = "depth";
  if (result.left_alone) refuse(next, result);
  done.skipped = result.skipped;
  page_record page;
  if (!result.refused) {
    page = record(next, result, begun);
    done.record = &page;
  }
  done.position = out_.position();
  queue(co_await roles_.frontier->finish(done, judge_));
  if (result.reader) spare_.push_back(std::move(result.reader));
}

// True if the page will be tried again.
bool crawler::postpone(const target& next, outcome& result) {
  const bool worth_it = result.connection_failed || result.retry_after;
  if (!worth_it || next.attempts >= options_.retries || stopping_) return false;
  if (result.retry_after > longest_retry_after) return false;  // longer than anybody would wait here
  const duration backoff = first_retry_after * (1U << std::min(next.attempts, 6U));
  const duration delay = std::max(backoff, result.retry_after.value_or(backoff));
  target again = next;
  ++again.attempts;
  again.claimed = std::move(result.claimed);
  scheduler_.add_again(std::move(again), delay, result.retry_after.has_value());
  return true;
}

// Of 429 and 503. A date is told from the server's own, so that no clock of ours need agree with it.
static std::optional<duration> retry_after(const http::response& answer) {
  if (answer.status() != 429 && answer.status() != 503) return std::nullopt;
  const std::string_view text = answer.headers().get("Retry-After").value_or("");
  const auto server_time = http::parse_date(answer.headers().get("Date").value_or(""), {});
  long seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && seconds >= 0;
  if (!is_number && server_time)
    seconds = (http::parse_date(text, *server_time).value_or(*server_time) - *server_time).count();
  return std::chrono::seconds(std::clamp(seconds, 0L, 86'400L));
}

static bool is_http(const url& target) { return target.scheme() == "http" || target.scheme() == "https"; }

// A body that was packed without being asked to; nothing unpacks it yet.
static bool is_packed(const http::response& answer) {
  const auto coding = answer.headers().get("Content-Encoding");
  return coding && !coding->empty() && *coding != "identity";
}

coro<void> crawler::fetch(const target& next, outcome& result) {
  const time_point deadline = loop::running().time_after(options_.timeout);
  std::vector<url> hops{next.url};
  for (;;) {
    result.final_url = hops.back();
    if (options_.obey_robots && !co_await may_fetch(next, result)) co_return;
    const time_point asked_at = loop::running().time();
    http::request_options asked{.timeout = deadline - asked_at, .max_redirects = 0};
    if (hooks_.before_request) hooks_.before_request(hops.back(), asked);
    auto answer = co_await roles_.downloader->get(hops.back(), std::move(asked));
    scheduler_.answered(hops.back(), asked_at);
    if (hooks_.on_response) hooks_.on_response(hops.back(), answer);
    result.status = answer.status();
    result.content_type = answer.headers().get("Content-Type").value_or("");
    result.declared = {};
    if (answer.headers().contains("X-Robots-Tag"))
      for (const std::string_view field : answer.headers().get_all("X-Robots-Tag"))
        result.declared.robots.add_field(field, options_.user_agent);
    result.retry_after = retry_after(answer);
    const auto location = answer.headers().get("Location");
    if (result.status < 300 || result.status > 399 || !location) {
      co_await take_answer(answer, result);
      co_return;
    }
    auto hop = url::parse(*location, hops.back());
    if (!hop || !is_http(*hop))
      throw http::client_error(fmt::format("redirected to '{}', which is not an http(s) URL", *location));
    co_await answer.drain();
    result.final_url = hop->without_fragment();
    if (std::find(hops.begin(), hops.end(), result.final_url) != hops.end())
      throw http::too_many_redirects("redirected in a circle");
    if (!scope_.contains(result.final_url)) {
      co_await leave_scope(next, result);
      co_return;
    }
    if (hops.back().scheme() == "https" && result.final_url.scheme() == "http" && !options_.allow_downgrade) {
      refuse_downgrade(next, hops.back(), result);
      co_return;
    }
    if (hops.size() > options_.max_redirects)
      throw http::too_many_redirects(fmt::format("more than {} redirects", options_.max_redirects));
    if (!co_await claim(next, result)) co_return;  // it has its own line
    hops.push_back(result.final_url);
    co_await scheduler_.take_slot(hops.back());
  }
}

// Asks for the robots.txt of where the page is now, if it is not known. That spends the slot of the host.
coro<bool> crawler::may_fetch(const target& next, outcome& result) {
  const robots* rules = robots_.known(result.final_url);
  if (rules == nullptr) {
    rules = co_await robots_.ask(result.final_url);
    const bool allowed = rules->allows(result.final_url);
    scheduler_.renew_limits(result.final_url);
    if (allowed) co_await scheduler_.take_slot(result.final_url);
    if (allowed) co_return true;
  } else {
    if (rules->allows(result.final_url)) co_return true;
    scheduler_.give_slot_back(result.final_url);
  }
  refuse(next, result);
  co_return false;
}

void crawler::refuse(const target& next, outcome& result) {
  const std::string& href = result.final_url.href();
  result.skipped = "robots";
  skip(href, result.skipped);
  result.refused = result.final_url == next.url;
  if (result.refused) --handed_out_;
  result.error = fmt::format("redirected to {}, which robots.txt disallows", href);
}

coro<void> crawler::take_answer(http::response& answer, outcome& result) {
  if (!answer.ok())
    result.error = fmt::format("{} {}", result.status, http::reason_phrase(result.status));
  else if (is_packed(answer))
    result.error = "the body is compressed, which is not supported yet";
  if (result.error.empty() && roles_.spider->wants(answer)) {
    co_await read_body(answer, result);
  } else {
    co_await answer.drain();
    result.bytes = answer.received();
  }
}

coro<void> crawler::leave_scope(const target& next, outcome& result) {
  const std::string& href = result.final_url.href();
  if (co_await roles_.frontier->claim(href)) {
    result.claimed.push_back(href);
    result.skipped = "scope";
    skip(href, result.skipped);
  }
  result.error = fmt::format("redirected to {}, which is out of scope", href);
  if (next.depth == 0)
    note(fmt::format("{} is redirected to {}; crawl that, or widen --scope", without_user(next.url), href));
}

// The place itself is not at fault: links may lead to it.
void crawler::refuse_downgrade(const target& next, const url& from, outcome& result) {
  const std::string& href = result.final_url.href();
  roles_.frontier->pass_over(href, "downgrade");
  result.error = http::downgrade_refused(from, result.final_url).what();
  if (next.depth == 0) note(fmt::format("{}; --allow-downgrade follows it", result.error));
}

// True if the place redirected to is this page's to fetch.
coro<bool> crawler::claim(const target& next, outcome& result) {
  const std::string& href = result.final_url.href();
  const bool before = std::find(next.claimed.begin(), next.claimed.end(), href) != next.claimed.end();
  if (!before && !co_await roles_.frontier->claim(href)) co_return false;
  result.claimed.push_back(href);
  co_return true;
}

// What was found on a page that breaks off is left out: it may be tried again. That of one that is too large is kept.
coro<void> crawler::read_body(http::response& answer, outcome& result) {
  auto reader = take_spare();
  reader->begin(answer);
  content_digest digest = duplicates_.begin();
  while (result.error.empty()) {
    std::string_view piece = co_await answer.next();
    if (piece.empty()) break;
    if (answer.received() > options_.max_body_bytes) {
      piece.remove_suffix(static_cast<std::size_t>(answer.received() - options_.max_body_bytes));
      result.error =
          fmt::format("the body is larger than {} bytes; links are taken up to there", options_.max_body_bytes);
    }
    result.bytes += piece.size();
    reader->feed(piece);
    if (duplicates_.are_counted()) digest.feed(piece);
  }
  result.is_duplicate = duplicates_.are_too_many(digest);
  result.found = &reader->finish(result.final_url);
  result.reader = std::move(reader);
  if (hooks_.on_links) hooks_.on_links(result.final_url, *result.found);
  take_declarations(*result.found, result);
}

// Those of the page to those of its answer.
void crawler::take_declarations(findings& found, outcome& result) {
  const robots_directives of_answer = result.declared.robots;
  result.declared = std::exchange(found.declared, {});
  result.declared.robots.noindex |= of_answer.noindex;
  result.declared.robots.nofollow |= of_answer.nofollow;
}

std::unique_ptr<page_reader> crawler::take_spare() {
  if (spare_.empty()) return roles_.spider->make_reader(loop::running().random()());
  auto taken = std::move(spare_.back());
  spare_.pop_back();
  return taken;
}

void crawler::note(const std::string& text) {
  if (hooks_.on_note) hooks_.on_note(text);
}

void crawler::skip(std::string_view url, std::string_view reason) {
  ++counts_.skipped.try_emplace(std::string(reason)).first->second;
  if (hooks_.on_skip) hooks_.on_skip(url, reason);
}

page_record crawler::record(const target& next, const outcome& result, time_point begun) {
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(loop::running().time() - begun);
  const findings nothing;
  const findings& found = result.found != nullptr ? *result.found : nothing;
  const page_record page{.url = next.url.href(),
                         .final_url = result.final_url.href(),
                         .status = result.status,
                         .content_type = result.content_type,
                         .bytes = result.bytes,
                         .depth = next.depth,
                         .links = found.links.size(),
                         .milliseconds = taken.count(),
                         .error = result.error,
                         .declared = &result.declared,
                         .elements = found.elements.wanted.any() ? &found.elements : nullptr};
  out_.add_page(page, found.links);
  for (const std::string& item : found.items) {
    out_.add_item(page.final_url, item);
    if (hooks_.on_item) hooks_.on_item(result.final_url, item);
  }
  ++counts_.pages;
  ++(result.error.empty() ? counts_.ok : counts_.failed);
  counts_.links += page.links;
  counts_.bytes += result.bytes;
  if (hooks_.on_page) hooks_.on_page(page);
  return page;
}

crawl::progress crawler::progress() const {
  crawl::progress now{counts_};
  now.in_flight = scheduler_.in_flight();
  now.queued = scheduler_.queued();
  now.elapsed = loop::running().time() - begun_;
  return now;
}

}  // namespace hocket::crawl
