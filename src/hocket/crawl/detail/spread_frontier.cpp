#include <algorithm>
#include <iterator>
#include <utility>

#include <hocket/crawl/detail/spread_frontier.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl::detail {

// Links have no fragments; what stands for something else than a page has.
static bool is_page(const target& one) { return one.url.fragment().empty(); }

std::shared_ptr<spread_frontier> spread_frontier::make(std::shared_ptr<spread_urls> urls, std::size_t loop) {
  hocket::loop& home = hocket::loop::running();
  const std::shared_ptr<spread_frontier> made(new spread_frontier(std::move(urls), loop, home.random()()));
  made->urls_->wake_by(loop, [&home, asked = std::weak_ptr(made)] {
    try {
      home.post_call([asked] {
        if (const auto mine = asked.lock()) mine->woken();
      });
    } catch (const loop_closed&) {  // its crawl has ended
    }
  });
  return made;
}

void spread_frontier::add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh) {
  if (!urls_->see(found, depth)) return;
  if (urls_->owner_of(found) == loop_)
    judge_new(found, depth, decide, fresh);
  else
    urls_->send({.url = found, .depth = depth});
}

void spread_frontier::judge_new(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh) {
  const verdict given = decide(found);
  if (!given.against.empty()) return;
  std::vector<target>& where = depth > urls_->level() ? deeper_ : fresh;
  where.push_back({.url = found, .depth = depth, .priority = given.priority, .number = 1});
}

void spread_frontier::take_arrived(std::vector<target>& fresh) {
  for (spread_urls::found& each : urls_->take(loop_)) {
    if (each.begun)
      fresh.push_back(std::move(*each.begun));
    else
      judge_new(each.url, each.depth, intake_.decide, fresh);
  }
}

// In the order in which they were found.
void spread_frontier::take_level(std::vector<target>& fresh) {
  const unsigned level = urls_->level();
  std::erase_if(deeper_, [&](target& each) {
    if (each.depth > level) return false;
    fresh.push_back(std::move(each));
    return true;
  });
}

// `may_begin` is asked again for each.
void spread_frontier::take_refused(std::vector<target>& fresh) {
  if (refused_.empty()) return;
  const auto count = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(refused_.size(), urls_->room()));
  std::move(refused_.begin(), refused_.begin() + count, std::back_inserter(fresh));
  refused_.erase(refused_.begin(), refused_.begin() + count);
}

void spread_frontier::woken() {
  if (!has_begun_ || has_ended_) return;
  changed_.set();
  if (is_waiting_) return;
  std::vector<target> fresh;
  take_arrived(fresh);
  if (!fresh.empty()) intake_.give(std::move(fresh));
}

coro<std::vector<target>> spread_frontier::begin(std::span<const url> seeds, const judge& decide) {
  std::vector<target> fresh;
  for (const url& seed : seeds)
    if (urls_->owner_of(seed) == loop_) add(seed, 0, decide, fresh);
  has_begun_ = true;
  loop::running().call_soon([mine = weak_from_this()] {  // what has come before
    if (const auto asked = mine.lock()) asked->woken();
  });
  co_return fresh;
}

// What was given has a number, and what else the crawler finishes has none.
coro<std::vector<target>> spread_frontier::finish(const finished_page& done, const judge& decide) {
  std::vector<target> fresh;
  if (done.record == nullptr && done.page.number != 0 && is_page(done.page)) urls_->end_none();
  for (const std::string& href : done.claimed) urls_->keep(*url::parse(href));
  for (const std::string& href : done.released) {
    const url where = *url::parse(href);
    if (const auto depth = urls_->release(where)) urls_->send({.url = where, .depth = *depth});
  }
  for (const url& each : done.besides) add(each, done.page.depth, decide, fresh);
  for (const page_link& link : done.links) {
    if (!done.not_followed.empty())
      pass_over(link.url, done.not_followed);
    else if (link.nofollow)
      pass_over(link.url, "nofollow");
    else
      add(link.url, done.page.depth + 1, decide, fresh);
  }
  co_return fresh;
}

coro<bool> spread_frontier::claim(std::string href) {
  const auto where = url::parse(href);
  co_return where && urls_->claim(*where);
}

void spread_frontier::hand_over(target begun) {
  url place = begun.place();
  urls_->send({.url = std::move(place), .begun = std::move(begun)});
}

bool spread_frontier::may_begin(const target& next) {
  if (!next.is_new()) return true;
  const bool may = !urls_->is_over() && (is_page(next) ? urls_->begin_page() : urls_->room() > 0);
  if (!may) refused_.push_back(next);
  return may;
}

coro<std::vector<target>> spread_frontier::more() {
  struct mark {
    bool& is_waiting;
    explicit mark(bool& here) noexcept : is_waiting(here) { is_waiting = true; }
    mark(const mark&) = delete;
    ~mark() { is_waiting = false; }
  };
  const mark waits(is_waiting_);
  std::vector<target> fresh;
  for (;;) {
    changed_.clear();
    take_arrived(fresh);
    take_level(fresh);
    take_refused(fresh);
    if (!fresh.empty() || intake_.has_work() || urls_->is_over()) co_return fresh;
    if (!urls_->rest(loop_, deeper_.size(), !refused_.empty())) continue;
    co_await changed_.wait();
    urls_->stir(loop_);
  }
}

void spread_frontier::pass_over(std::string_view href, std::string_view reason) {
  if (const auto found = url::parse(href)) pass_over(*found, reason);
}

void spread_frontier::pass_over(const url& found, std::string_view reason) {
  if (urls_->contains(found)) return;
  if (passed_over_.insert(found.href()).second) reasons_.push_back(reason);
}

// Several loops may have passed over the same one: who sees it first counts it.
coro<void> spread_frontier::visit_passed_over(
    std::function<void(std::string_view href, std::string_view reason)> visit) {
  has_ended_ = true;
  std::vector<target> left;
  take_arrived(left);
  for (const target& each : left) visit(each.url.href(), "interrupted");
  const std::string_view why = urls_->room() == 0 ? "limit" : "host_rests";
  for (const target& each : std::exchange(refused_, {}))
    if (is_page(each)) visit(each.url.href(), why);
  for (std::size_t number = 0; number < passed_over_.size(); ++number)
    if (const auto found = url::parse(passed_over_[number]); found && urls_->see(*found, 0))
      visit(found->href(), reasons_[number]);
  passed_over_.clear();
  reasons_.clear();
  co_return;
}

}  // namespace hocket::crawl::detail
