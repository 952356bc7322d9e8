// One coroutine hands URLs out, as many at a time as there are slots; each becomes a task that has a page fetched and read, and
// tells the frontier. The scheduler alone decides whose turn it is; the downloader alone knows of connections.

#include <algorithm>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/detail/address_finder.hpp>
#include <hocket/crawl/detail/asker.hpp>
#include <hocket/crawl/detail/byte_budget.hpp>
#include <hocket/crawl/detail/page_fetcher.hpp>
#include <hocket/crawl/detail/sitemap_fetcher.hpp>
#include <hocket/crawl/limits_of_host.hpp>
#include <hocket/crawl/memory_frontier.hpp>
#include <hocket/crawl/summary.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl {

static constexpr std::size_t most_compared = 100'000;  // bytes of a URL with rules of robots.txt, for each link
static constexpr auto flush_every = std::chrono::seconds(1);
static constexpr std::size_t pages_for_a_slot = 4;  // one that is fetched, the others being written down

// The sitemaps of a site wait, and are kept by a frontier on disk, as if they were a page of it: by a URL that no link leads to, for links have
// no fragments.
static constexpr std::string_view sitemaps_of_site = "/#hocket:sitemaps";
static constexpr int priority_of_sitemaps = 1;  // until the first one is read; a frontier knows them by it to the end

static bool stands_for_sitemaps(const url& found) { return found.fragment() == "hocket:sitemaps"; }

/// A page under way; gives its slot up when it goes, if not before.
class crawler::ticket {
 public:
  explicit ticket(crawler& owner) noexcept : owner_(&owner) {
    ++owner.under_way_;
    owner.nothing_under_way_.clear();
  }
  ticket(ticket&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), has_slot_(std::exchange(other.has_slot_, false)) {}
  ticket& operator=(ticket&&) = delete;
  ~ticket() {
    if (owner_ == nullptr) return;
    if (has_slot_) owner_->slots_.release();
    if (--owner_->under_way_ == 0) owner_->nothing_under_way_.set();
  }

  /// It asks nobody any more: from now on another page may, while this one is written down. If too many are, it may not.
  void give_slot_up() noexcept {
    if (!has_slot_ || owner_->under_way_ >= pages_for_a_slot * owner_->options_.concurrency) return;
    owner_->slots_.release();
    has_slot_ = false;
  }

 private:
  crawler* owner_;
  bool has_slot_ = true;
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

static crawl_roles complete(crawl_roles roles, const crawl_options& options, const crawl_hooks& hooks,
                            const scope& inside) {
  if (!roles.downloader)
    roles.downloader =
        make_session_downloader(options, [&inside](const url& where) { return inside.names_host(where.host()); });
  if (hooks.record) roles.downloader = make_recording_downloader(std::move(roles.downloader), hooks.record);
  if (!roles.spider) roles.spider = std::make_shared<link_spider>(element_options(), options.user_agent);
  if (!roles.frontier) roles.frontier = std::make_shared<memory_frontier>(loop::running().random()());
  return roles;
}

crawler::crawler(crawl_options options, pipeline& out, crawl_hooks hooks, crawl_roles roles)
    : options_(std::move(options)),
      scope_(options_.scope, options_.seeds),
      out_(out),
      hooks_(std::move(hooks)),
      roles_(complete(std::move(roles), options_, hooks_, scope_)),
      asker_(std::make_unique<detail::asker>(
          detail::asker::parts{options_, hooks_, *roles_.downloader, scheduler_,
                               [this](const url& whose, duration how_long) { rest(whose, how_long); }})),
      robots_(*asker_, scheduler_, options_.user_agent, options_.timeout, loop::running().random()()),
      judge_([this](const url& found) { return judge(found); }),
      counters_(roles_.frontier->seed_of_counts().value_or(loop::running().random()())),
      traps_(options_.traps, counters_),
      scheduler_([this](const url& whose) { return limits_of(whose); }, how_to_schedule()),
      room_(std::make_unique<detail::byte_budget>(options_.max_held_bytes)),
      fetcher_(std::make_unique<detail::page_fetcher>(
          detail::page_fetcher::parts{options_, hooks_, roles_, scope_, *asker_, robots_, scheduler_, counters_})),
      slots_(options_.concurrency) {
  nothing_under_way_.set();
  if (options_.per_address)
    addresses_ = std::make_unique<detail::address_finder>(options_, scheduler_, loop::running().random()());
  for (url& seed : options_.seeds) seed = without_credentials(std::move(seed));  // the downloader has them
  if (!options_.sitemaps) return;
  sitemaps_ = std::make_unique<detail::sitemap_fetcher>(
      detail::sitemap_fetcher::parts{options_, *asker_, robots_, scheduler_,
                                     [this](url sitemap, std::vector<page_link> pages) -> coro<bool> {
                                       co_return co_await take_from_sitemap(std::move(sitemap), std::move(pages));
                                     },
                                     [this](const std::string& text) { note(text); }});
}

scheduler_options crawler::how_to_schedule() {
  scheduler_options how{.by_level = options_.depth.has_value(),
                        .order = options_.order,
                        .seed = loop::running().random()(),
                        .per_address = options_.per_address};
  how.on_come_back = [this] {
    host_came_back_.set();
    roles_.frontier->host_came_back();
  };
  if (!roles_.frontier->takes_back()) return how;
  how.on_set_aside = [this](const url& host, time_point until) { roles_.frontier->set_aside(host, until); };
  how.on_waiting = [this](const target& waiting) { roles_.frontier->take_back(waiting); };
  return how;
}

crawler::~crawler() = default;

coro<void> crawler::run() {
  begun_ = loop::running().time();
  roles_.frontier->supply(
      {.give = [this](std::vector<target> fresh) { queue(std::move(fresh)); },
       .drop = [this](const auto& unwanted) { scheduler_.drop(unwanted); },
       .decide = judge_,
       .priority = [this](const url& found) { return priority_of(found); },
       .rest = [this](const url& host, duration how_long) { scheduler_.rest(host, how_long); },
       .restore = [this](std::uint64_t name, std::uint64_t count) { counters_.restore(name, count); },
       .note = [this](const std::string& text) { note(text); },
       .has_work = [this] { return scheduler_.queued() > 0; }});
  std::vector<url> seeds;
  for (const url& seed : options_.seeds) seeds.push_back(seed.without_fragment());
  co_await remember_rests();
  std::vector<target> left = co_await roles_.frontier->begin(
      seeds, [this](const url& seed) { return verdict{.priority = priority_of(seed)}; });
  counts_ = roles_.frontier->resumed();
  earlier_pages_ = counts_.pages;
  earlier_bytes_ = counts_.bytes;
  handed_out_ = counts_.pages;
  co_await remember_counts();
  queue(std::move(left));
  cancel_scope handing_out;
  handing_out_ = &handing_out;
  task<void> flusher = create_task(flush_regularly());
  task<void> returning = create_task(bring_back(), {.name = "hosts that come back"});
  co_await finally(handing_out.run(hand_out()), [&]() -> coro<void> {
    returning.cancel();
    static_cast<void>(co_await as_result(returning));
    co_await settle();
    flusher.cancel();
    static_cast<void>(co_await as_result(flusher));
    handing_out_ = nullptr;
    if (broken_) std::rethrow_exception(broken_);
  });
}

// Those of earlier runs; new ones are told to the frontier, if that keeps any.
coro<void> crawler::remember_counts() {
  if (!roles_.frontier->seed_of_counts()) co_return;
  co_await roles_.frontier->visit_counts(
      [this](std::uint64_t name, std::uint64_t count) { counters_.restore(name, count); });
  counters_.tell([this](std::uint64_t name, std::uint64_t count) { roles_.frontier->keep_count(name, count); });
}

// Of hosts that earlier runs were told to leave alone. A clock that was set back makes it no longer than a server may ask for.
coro<void> crawler::remember_rests() {
  if (options_.wall_clock == nullptr) co_return;
  const std::chrono::sys_seconds now = options_.wall_clock();
  for (const host_rest& each : co_await roles_.frontier->rests(now))
    scheduler_.rest(each.host, std::min<duration>(each.until - now, detail::longest_retry_after));
}

host_limits crawler::limits_of(const url& whose) {
  const host_limits limits = limits_of_host(whose, options_, robots_);
  roles_.frontier->keep_delay(whose, limits.delay);
  return limits;
}

void crawler::rest(const url& whose, duration how_long) {
  const duration in_all = scheduler_.rest(whose, how_long);
  if (options_.wall_clock == nullptr) return;
  roles_.frontier->keep_rest(
      {*url::parse("/", whose), options_.wall_clock() + std::chrono::ceil<std::chrono::seconds>(in_all)});
}

void crawler::queue(std::vector<target> fresh) {
  if (options_.order == crawl_order::depth_first) std::ranges::reverse(fresh);
  for (target& each : fresh) {
    if (each.attempts > 0) ++handed_out_;  // by an earlier run
    if (reached_limit_ && each.is_new())
      beyond_limit_.push_back(each);
    else
      scheduler_.add(std::move(each));
  }
}

// Of a URL that was never seen before.
verdict crawler::judge(const url& found) {
  if (stands_for_sitemaps(found)) return {.priority = priority_of_sitemaps};
  const std::string_view reason = reason_against(found);
  if (reason.empty()) return {.priority = priority_of(found)};
  skip(found.href(), reason);
  return {.against = reason};
}

int crawler::priority_of(const url& found) const {
  if (matches_any(options_.last, found)) return -1;
  return matches_any(options_.first, found) ? 1 : 0;
}

std::string_view crawler::reason_against(const url& found) {
  if (!scope_.contains(found)) return "scope";
  if (!options_.include.empty() && !matches_any(options_.include, found)) return "excluded";
  if (matches_any(options_.exclude, found)) return "excluded";
  const robots* const rules = options_.obey_robots ? robots_.known(found) : nullptr;
  const bool is_quick = rules != nullptr && rules->rules() * found.href().size() <= most_compared;
  if (is_quick && !rules->allows(found)) return "robots";  // else when its turn comes: a page may have very many links
  return traps_.judge(found);
}

coro<void> crawler::hand_out() {
  for (;;) {
    co_await slots_.acquire();
    ticket mine(*this);
    co_await room_->wait_to_begin();
    auto next = co_await scheduler_.next();
    if (!next) {
      if (fill_up() || co_await take_more()) continue;
      handed_out_all_ = true;
      co_return;
    }
    if (!roles_.frontier->may_begin(*next)) {
      const url place = next->place();
      scheduler_.give_slot_back(place, loop::running().time());
      scheduler_.finished(place);
      continue;
    }
    const bool is_new = next->is_new() && !stands_for_sitemaps(next->url);
    if (is_new && options_.max_pages && handed_out_ >= *options_.max_pages) {
      reach_limit(*next);
      continue;
    }
    if (is_new) ++handed_out_;
    if (stands_for_sitemaps(next->url))
      create_task(read_sitemaps(std::move(*next), std::move(mine)), {.name = "sitemaps"});
    else
      create_task(crawl_page(std::move(*next), std::move(mine)), {.name = "page"});
  }
}

// Nothing new for now; pages that are to be tried again still are.
void crawler::reach_limit(const target& one_too_many) {
  const url place = one_too_many.place();
  beyond_limit_.push_back(one_too_many);
  stop_at_limit();
  scheduler_.finished(place);
}

void crawler::stop_at_limit() {
  reached_limit_ = true;
  scheduler_.abandon_new([this](const target& left) { beyond_limit_.push_back(left); });
}

// All that was handed out has ended. Some were no pages after all: others take their places. False if there are none.
bool crawler::fill_up() {
  if (beyond_limit_.empty() || handed_out_ >= *options_.max_pages) return false;
  reached_limit_ = false;
  for (std::uint64_t room = *options_.max_pages - handed_out_; room > 0 && !beyond_limit_.empty(); --room) {
    scheduler_.add(beyond_limit_.pop_front());
  }
  return true;
}

// What is under way no more was set aside, perhaps: others have their turn. False if there is nothing to hand out; what came while another call
// was under way counts.
coro<bool> crawler::take_more() {
  const auto held = co_await taking_more_.scoped_lock();
  if (scheduler_.queued() > 0) co_return true;
  if (reached_limit_ || !roles_.frontier->may_have_more()) co_return false;
  try {
    std::vector<target> more = co_await roles_.frontier->more();
    const bool is_any = !more.empty();
    queue(std::move(more));
    co_return is_any || (scheduler_.queued() > 0 && roles_.frontier->may_have_more());
  } catch (const std::exception&) {
    output_failed(std::current_exception());
    co_return false;
  }
}

// A host has its turn when its rest is over, whatever the crawl waits for by then.
coro<void> crawler::bring_back() {
  for (;;) {
    co_await host_came_back_.wait();
    host_came_back_.clear();
    const auto held = co_await taking_more_.scoped_lock();
    if (reached_limit_ || roles_.frontier->kept() == 0) continue;
    try {
      queue(co_await roles_.frontier->more_of_rested());
    } catch (const std::exception&) {
      output_failed(std::current_exception());
      co_return;
    }
  }
}

// No more URLs: waits for the pages under way, and leaves complete files behind.
coro<void> crawler::settle() {
  stopping_ = true;
  scheduler_.end_waits();
  const std::size_t pages = under_way_ - (sitemaps_ ? sitemaps_->under_way() : 0);
  if (sitemaps_) sitemaps_->end();
  if (!handed_out_all_ && !broken_ && pages > 0 && hooks_.on_stopping) hooks_.on_stopping(pages);
  co_await nothing_under_way_.wait();
  co_await count_what_is_left();
  if (broken_) co_return;
  try {
    co_await out_.flush();
    co_await roles_.frontier->sync();
    co_await out_.finish(summary_json(progress()));
  } catch (const std::exception&) {
    broken_ = std::current_exception();
  }
}

coro<void> crawler::count_what_is_left() {
  const std::string why = handed_out_all_ ? "host_rests" : "interrupted";
  scheduler_.abandon([&](const target& left) { leave(left, why); });
  while (!beyond_limit_.empty()) leave(beyond_limit_.pop_front(), reached_limit_ ? "limit" : "interrupted");
  if (const std::uint64_t kept = roles_.frontier->kept(); kept > 0)
    counts_.skipped[reached_limit_ ? "limit" : why] += kept;
  co_await roles_.frontier->visit_passed_over([this](std::string_view href, std::string_view why) { skip(href, why); });
}

coro<void> crawler::flush_regularly() {
  for (;;) {
    co_await sleep(flush_every);
    try {
      co_await out_.flush();
      co_await roles_.frontier->sync();
    } catch (const std::exception&) {
      output_failed(std::current_exception());
      co_return;
    }
  }
}

void crawler::output_failed(std::exception_ptr why) noexcept {
  if (!broken_) broken_ = std::move(why);
  if (handing_out_ != nullptr) handing_out_->cancel();
}

// Whether it may be asked for now; else it waits again, as one that is under way.
coro<bool> crawler::has_room(const target& next, time_point slot_taken) {
  if (!addresses_ || co_await addresses_->has_room(next.place())) co_return true;
  target again = next;
  if (!again.underway) again.underway = std::make_shared<const page_underway>(page_underway{.place = again.url});
  scheduler_.give_slot_back(next.place(), slot_taken);
  scheduler_.put_back(std::move(again));
  co_return false;
}

coro<void> crawler::crawl_page(target next, ticket mine) {
  const time_point slot_taken = loop::running().time();
  under_way until_it_ends{scheduler_, next.place()};
  if (addresses_ && !co_await has_room(next, slot_taken)) co_return;
  detail::fetched_page result(next, *room_);
  result.slot_taken = slot_taken;
  const time_point begun = loop::running().time() - result.spent;
  co_await fetcher_->fetch(next, result);
  if (result.underway) {
    target again = next;
    again.underway = std::move(result.underway);
    if (roles_.frontier->is_elsewhere(again.place())) co_return roles_.frontier->hand_over(std::move(again));
    co_return scheduler_.put_back(std::move(again));
  }
  try {
    const bool is_tried_again = postpone(next, result);
    if (hooks_.on_attempt && !result.refused) tell_attempt(next, result, begun, is_tried_again);
    until_it_ends.answered();
    mine.give_slot_up();
    if (!is_tried_again) {
      co_await result.held.wait_to_grow();
      co_await finish(next, result, begun);
    }
    fetcher_->recycle(result);
    if (out_.is_full()) co_await out_.flush();
  } catch (const std::exception&) {
    output_failed(std::current_exception());
  }
}

void crawler::tell_attempt(const target& next, const detail::fetched_page& result, time_point begun,
                           bool is_tried_again) {
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(loop::running().time() - begun);
  hooks_.on_attempt({.url = next.url.href(),
                     .final_url = result.final_url.href(),
                     .status = result.status,
                     .bytes = result.bytes,
                     .milliseconds = taken.count(),
                     .attempt = next.attempts + 1,
                     .error = result.error,
                     .is_tried_again = is_tried_again});
}

// One file, and then the pages of the site that wait already have their turn. Unless all were read, a crawl that is resumed begins anew with them.
coro<void> crawler::read_sitemaps(target next, ticket mine) {
  using outcome = detail::sitemap_fetcher::outcome;
  const time_point slot_taken = loop::running().time();
  const under_way until_it_ends{scheduler_, next.url};
  if (addresses_ && !co_await has_room(next, slot_taken)) co_return;
  scheduler_.give_slot_back(next.url, slot_taken);
  mine.give_slot_up();  // it may have to wait for other hosts
  try {
    // There is none if they are not wanted any more.
    detail::sitemap_fetcher::progress read{has_all_pages() ? outcome::ended : outcome::all};
    if (sitemaps_ && read.what != outcome::ended) read = co_await sitemaps_->read_next(next.url);
    if (read.what == outcome::more) queue_again(next, read.wait);
    next.priority = priority_of_sitemaps;
    if (read.what == outcome::all) queue(co_await roles_.frontier->finish({.page = next}, judge_));
  } catch (const std::exception&) {
    output_failed(std::current_exception());
  }
}

void crawler::queue_again(target sitemaps, duration wait) {
  sitemaps.priority = 0;
  sitemaps.underway.reset();  // it may have been put back: what is next of them is new
  if (wait > duration::zero() && !reached_limit_ && !stopping_)
    return scheduler_.add_again(std::move(sitemaps), wait, false);
  std::vector<target> them;
  them.push_back(std::move(sitemaps));
  queue(std::move(them));
}

// What it leads to besides links: where it ended, if an attempt at another page has claimed that; when the first page of a site has come, its
// sitemaps.
std::vector<url> crawler::also_found(const target& next, const detail::fetched_page& result) {
  std::vector<url> found;
  if (result.ends_at_known) found.push_back(result.final_url);
  if (!sitemaps_ || (result.status == 0 && result.skipped != "robots")) return found;
  url theirs = *url::parse(sitemaps_of_site, scope_.contains(result.final_url) ? result.final_url : next.url);
  if (sites_.insert(theirs.href()).second) found.push_back(std::move(theirs));
  return found;
}

// As if the sitemap were a seed, and these were linked from it.
coro<bool> crawler::take_from_sitemap(url sitemap, std::vector<page_link> pages) {
  if (stopping_) co_return false;
  detail::byte_budget::share held(*room_);
  co_await held.wait_to_grow();
  std::size_t bytes = 0;
  for (const page_link& each : pages) bytes += sizeof each + each.url.href().size();
  held.hold(bytes);
  const target from{.url = std::move(sitemap)};
  finished_page done{.page = from, .links = pages};
  if (options_.depth == 0U) done.not_followed = "depth";
  queue(co_await roles_.frontier->finish(done, judge_));
  co_return true;
}

// What earlier attempts have claimed and this one has not come to, and what it leaves to others.
static std::vector<std::string> released_by(const target& next, const detail::fetched_page& result) {
  std::vector<std::string> released;
  if (result.leaves_final_url) released.push_back(result.final_url.href());
  for (const std::string& href : next.claimed)
    if (std::ranges::find(result.claimed, href) == result.claimed.end()) released.push_back(href);
  return released;
}

coro<void> crawler::finish(const target& next, detail::fetched_page& result, time_point begun) {
  if (result.left_alone) result.disallow(next);
  if (!result.skipped.empty()) skip(result.final_url.href(), result.skipped);
  if (result.refused) --handed_out_;
  if (!result.note.empty()) note(result.note);
  fetcher_->finish(result);
  const std::vector<std::string> released = released_by(next, result);
  finished_page done{.page = next, .claimed = result.claimed, .released = released};
  const std::vector<url> besides = also_found(next, result);
  done.besides = besides;
  if (result.found != nullptr) done.links = result.found->links;
  if (options_.obey_robots && result.declared.robots.nofollow) done.not_followed = "nofollow";
  if (result.is_duplicate) done.not_followed = "duplicate";
  if (options_.depth && next.depth >= *options_.depth) done.not_followed = "depth";
  done.skipped = result.skipped;
  page_record page;
  if (!result.refused) {
    page = record(next, result, begun);
    done.record = &page;
  }
  auto fresh = create_task(roles_.frontier->finish(done, judge_), {.eager_start = true});
  fetcher_->recycle(result);  // at once: the next page finds it in the processor's cache
  queue(co_await fresh);
}

// True if the page will be tried again. A host that asks for rest gets that of a page that is in any case.
bool crawler::postpone(const target& next, detail::fetched_page& result) {
  const duration delay = detail::asker::wait_before_again(next.attempts, result.retry_after);
  if (result.retry_after) scheduler_.rest(result.final_url, delay);
  const bool worth_it = result.connection_failed || result.retry_after;
  if (!worth_it || next.attempts >= options_.retries || stopping_) return false;
  if (delay > scheduler::longest_rest) return false;
  target again = next;
  ++again.attempts;
  for (std::string& href : result.claimed)
    if (std::ranges::find(next.claimed, href) == next.claimed.end()) again.claimed.push_back(std::move(href));
  again.underway.reset();
  if (roles_.frontier->is_elsewhere(again.url))  // it goes on from where it was handed over to
    again.underway = std::make_shared<const page_underway>(
        page_underway{.place = result.final_url, .redirects = std::move(result.redirects), .claimed = again.claimed});
  roles_.frontier->keep_attempts(again);
  const bool is_at_home = result.final_url.host_with_port() == next.url.host_with_port();
  scheduler_.add_again(std::move(again), delay, result.retry_after && is_at_home);
  return true;
}

void crawler::note(const std::string& text) {
  if (hooks_.on_note) hooks_.on_note(text);
}

bool crawler::has_all_pages() const { return options_.max_pages && counts_.pages >= *options_.max_pages; }

void crawler::leave(const target& one, std::string_view reason) {
  if (stands_for_sitemaps(one.url)) return;
  skip(one.url.href(), reason);
  if (reason == "host_rests" && one.depth == 0)
    note(fmt::format("{} is not fetched: {} wants to be left alone", one.url.href(), one.place().host_with_port()));
}

void crawler::skip(std::string_view url, std::string_view reason) {
  ++counts_.skipped.try_emplace(std::string(reason)).first->second;
  if (hooks_.on_skip) hooks_.on_skip(url, reason);
}

page_record crawler::record(const target& next, const detail::fetched_page& result, time_point begun) {
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
                         .is_partial = result.is_partial,
                         .redirects = result.redirects,
                         .validators = &result.validators,
                         .content_hash = result.content_hash,
                         .lease = roles_.frontier->lease_of(next),
                         .archived = result.recalled ? std::string_view(result.recalled->archived) : "",
                         .error = result.error,
                         .declared = &result.declared,
                         .elements = found.elements.wanted.any() ? &found.elements : nullptr};
  out_.add_page(page, found.links);
  for (const std::string& item : found.items) {
    out_.add_item(page.final_url, item);
    if (hooks_.on_item) hooks_.on_item(result.final_url, item);
  }
  ++counts_.pages;
  if (sitemaps_ && has_all_pages()) {
    sitemaps_->end();
    stop_at_limit();  // some of them may wait to be asked for again
  }
  ++(result.error.empty() ? counts_.ok : counts_.failed);
  counts_.links += page.links;
  counts_.bytes += result.bytes;
  if (hooks_.on_page) hooks_.on_page(page);
  return page;
}

crawl::progress crawler::progress() const {
  crawl::progress now{counts_};
  now.in_flight = scheduler_.in_flight();
  now.queued = scheduler_.queued() + scheduler_.aside();
  if (!reached_limit_) now.queued += static_cast<std::size_t>(roles_.frontier->kept());
  now.elapsed = loop::running().time() - begun_;
  now.earlier_pages = earlier_pages_;
  now.earlier_bytes = earlier_bytes_;
  now.pages_in_all = options_.max_pages;
  if (options_.depth && scheduler_.level() >= *options_.depth) {
    const std::uint64_t left = counts_.pages + now.in_flight + now.queued;
    now.pages_in_all = std::min(left, options_.max_pages.value_or(left));
  }
  return now;
}

}  // namespace hocket::crawl
