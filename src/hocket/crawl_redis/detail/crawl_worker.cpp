// Two tasks. One says four times a lease that the worker lives, hears what it has, and gives up what is too much; the other takes URLs while there is
// room for them. Whoever reports a page first reports all that have ended meanwhile.
//
// Time here only ever makes a worker more careful: `sure_until_` counts from before Redis was asked, on this machine's clock, so that who was stopped
// or cut off begins nothing after another may have taken over. What it may write is decided by Redis alone.

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/base/json_string.hpp>
#include <hocket/base/text_hash.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/crawl_redis/detail/crawl_worker.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr auto asked_again_after = std::chrono::milliseconds(100);  // when Redis had nothing to give
constexpr auto gathered_for = std::chrono::milliseconds(5);
constexpr auto farewell = std::chrono::seconds(5);
constexpr std::size_t most_taken = 500;
constexpr std::size_t most_offered = 500;
constexpr unsigned nearly_full = 6;  // eighths
constexpr unsigned half_full = 4;
constexpr std::size_t words_of_report = 20'000;
constexpr std::size_t most_hosts_timed = 4096;
constexpr std::size_t slow_hosts_named = 10;
constexpr std::size_t bytes_of_recent = std::size_t{8} << 20;

coro<void> wait_until(event& woken, duration most) {
  cancel_scope until({.deadline = loop::running().time() + most});
  co_await until.run(woken.wait());
  woken.clear();
}

std::string milliseconds_of(duration time) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count());
}

redis::client_options client_of(const redis_frontier_options& options) {
  redis::client_options made = options.client;
  const duration patience = std::clamp<duration>(options.lease, std::chrono::seconds(1), std::chrono::seconds(10));
  made.command_timeout = std::min(made.command_timeout, patience);
  made.health_check_interval = std::min(made.health_check_interval, patience);
  made.connect_attempts = 1;  // `crawl_store` has its own patience
  return made;
}

}  // namespace

crawl_worker::crawl_worker(redis_frontier_options given, std::string id)
    : options(std::move(given)),
      store(client_of(options), options.name, id, options.patience),
      recent(bytes_of_recent),
      latencies(most_hosts_timed),
      spilled(options.parts, id),
      id_(std::move(id)) {
  heard_ = loop::running().time();
  store.client().on_lost([this] { lost_connection(); });
  store.on_doubt([this] { lost_connection(); });
}

// What was asked may have been done, or Redis have forgotten what it has answered.
void crawl_worker::lost_connection() {
  recent.clear();
  spilled.rewind();
  may_have_missed_ = true;
  wake_keeper_.set();
}

void crawl_worker::start(const std::shared_ptr<crawl_worker>& mine) {
  mine->keeping_ = create_task(keep(mine), {.name = "leases"});
  mine->pulling_ = create_task(pull(mine), {.name = "frontier"});
}

coro<void> crawl_worker::stop() {
  for (std::optional<task<void>>* each : {&pulling_, &keeping_}) {
    if (!*each) continue;
    (*each)->cancel();
    static_cast<void>(co_await as_result(**each));
    each->reset();
  }
  spilled.leave();
  static_cast<void>(co_await as_result(with_timeout(farewell, store.leave(held.all()))));
  store.client().abort();
}

partition crawl_worker::partition_of(std::string_view host) const noexcept {
  return text_hash(host, settings.seed) % settings.partitions;
}

// Redis' sets of numbers have a sign.
std::uint64_t crawl_worker::digest_of(std::string_view href) const noexcept {
  return wide_text_hash(href, settings.seed) >> 1;
}

std::uint64_t crawl_worker::kept() const noexcept {
  if (is_over_) return 0;
  return std::max<std::uint64_t>(1, open_ - std::min<std::uint64_t>(open_, held.urls()));
}

void crawl_worker::fail(std::exception_ptr why) {
  if (!broken_) broken_ = std::move(why);
  changed_.set();
}

// --- what it has ---

coro<void> crawl_worker::keep(std::shared_ptr<crawl_worker> mine) {
  for (;;) {
    co_await mine->live();
    co_await wait_until(mine->wake_keeper_, mine->options.lease / 4);
  }
}

coro<void> crawl_worker::live() {
  const time_point asked = loop::running().time();
  if (!co_await hear(asked)) {
    co_await sleep(std::min<duration>(options.lease / 8, std::chrono::seconds(1)));
    co_return wake_keeper_.set();
  }
  heard_ = loop::running().time();
  try {
    co_await adopt_files();
    tell_of_gone();
    co_await release_ready();
    if (std::exchange(may_have_missed_, false)) co_await learn_what_was_given();
  } catch (const std::exception&) {
    may_have_missed_ = true;
  }
}

// Those that are here, of workers that Redis knows, and of no other crawl.
coro<void> crawl_worker::adopt_files() {
  if (gone_.empty() || is_draining_) co_return;
  std::vector<std::string> names;
  for (const auto& [gone, count] : gone_) names.push_back(gone);
  for (const std::string& each : co_await spilled.adopt(std::move(names)))
    if (intake.note) intake.note(fmt::format("goes on with the file of URLs of worker {}, which is gone", each));
}

coro<bool> crawl_worker::hear(time_point asked) {
  try {
    apply(co_await store.tick(options.lease, options.handover, about(), spilled.adopted()), asked);
    co_return true;
  } catch (const error& problem) {
    if (loop::running().time() - heard_ >= options.patience)
      fail(std::make_exception_ptr(error(fmt::format("Redis does not answer: {}", problem.what()))));
  }
  co_return false;
}

void crawl_worker::apply(const lease_state& state, time_point asked) {
  const time_point now = loop::running().time();
  bool is_any_unwanted = held.take_over(state.mine);
  sure_until_ = asked + options.lease / 4 * 3;
  is_paused_ = state.is_paused;
  is_draining_ = state.is_draining;
  if (is_draining_)
    held.give_up_all(now), is_any_unwanted = true;
  else if (state.too_many > 0)
    is_any_unwanted |= held.give_up(static_cast<std::size_t>(state.too_many), state.idle, now);
  if (is_any_unwanted) forget_unwanted();
  give_again();
  bring_back_rested();
  queue_eighths_ = state.queue_eighths;
  gone_before_ = std::exchange(gone_, state.gone);
  see_open(state.open);
  wake_puller_.set();
}

// Once each, when there is nothing else left to do, and whoever could take the file over has had the time for it.
void crawl_worker::tell_of_gone() {
  if (!has_nothing_ || held.urls() > 0 || spilled.waiting_bytes() > 0 || !intake.note) return;
  for (const auto& [gone, count] : gone_)
    if (gone_before_.contains(gone) && told_of_.insert(gone).second)
      intake.note(
          fmt::format("{} URLs are in the file of worker {}, which is gone: start a worker with the same --out, "
                      "or give them up by 'hocket crawl drop {} REDIS'",
                      count, gone, gone));
}

void crawl_worker::forget_unwanted() {
  const auto is_unwanted = [this](const target& each) { return !held.is_wanted(each); };
  if (intake.drop) intake.drop(is_unwanted);
  std::erase_if(bounced_, is_unwanted);
  std::erase_if(arrived_, is_unwanted);
}

void crawl_worker::give_again() {
  if (is_paused_) return;
  std::vector<target> again = std::exchange(bounced_, {});
  std::erase_if(again, [this](const target& each) { return !held.is_wanted(each); });
  deliver(std::move(again));
}

void crawl_worker::bring_back_rested() {
  const time_point now = loop::running().time();
  std::erase_if(aside_, [&](const auto& each) {
    if (each.second.until > now) return false;
    for (const target& waited : each.second.waiting) {
      const partition from = partition_of(waited.url.host_with_port());
      if (const fencing_token token = held.token_of(from); token != 0)
        for (std::string word : {std::string("back"), std::to_string(from), std::to_string(token), waited.url.href()})
          rest_.push_back(std::move(word));
    }
    return true;
  });
}

coro<void> crawl_worker::release_ready() {
  const held_partitions gone = held.ready_to_go(loop::running().time() - 4 * options.lease);
  if (gone.empty()) co_return;
  held.forget(gone);
  forget_unwanted();
  co_await store.release(gone);
}

bool crawl_worker::may_begin(const target& next) {
  if (!held.is_wanted(next)) return false;
  if (is_paused_ || loop::running().time() >= sure_until_) {
    bounced_.push_back(next);
    return false;
  }
  held.begin(next);
  return true;
}

// --- what is to be fetched ---

coro<void> crawl_worker::pull(std::shared_ptr<crawl_worker> mine) {
  for (;;) {
    try {
      co_await mine->offer_some();
      co_await mine->take_some();
    } catch (const std::exception&) {
      mine->fail(std::current_exception());
    }
    co_await wait_until(mine->wake_puller_, asked_again_after);
  }
}

bool crawl_worker::has_room() const {
  return !is_paused_ && held.urls() < options.in_all / 4 * 3 && loop::running().time() < sure_until_;
}

coro<void> crawl_worker::take_some() {
  const held_partitions from = held.staying();
  if (from.empty()) has_nothing_ = true;
  if (from.empty() || !has_room()) co_return;
  co_await learn_of(from);
  const std::size_t most = std::min(most_taken, options.in_all - held.urls());
  const taken_urls taken = co_await store.take(most, options.of_host, from);
  has_nothing_ = taken.urls.empty();
  adopt(taken, from);
  see_open(taken.open);
  if (judged_ > 0) co_await report_rest();
  if (taken.urls.size() == most) wake_puller_.set();
}

std::string crawl_worker::spill_if_full(const url& found, unsigned depth) {
  if (!spilled.is_wanted() || queue_eighths_ < nearly_full) return "-";
  spilled.add(depth, found.href());
  return std::to_string(intake.priority ? intake.priority(found) : 0);
}

// When there is room again; or when there is nothing else to do, for a level is over only when what is in files of it was fetched.
coro<void> crawl_worker::offer_some() {
  const bool is_idle = options.by_level && has_nothing_ && held.urls() == 0;
  const bool has_turn = queue_eighths_ < half_full || is_idle;
  if (!has_turn || is_paused_ || is_draining_ || spilled.waiting_bytes() == 0) co_return;
  spill_files::batch batch = co_await spilled.next(most_offered);
  for (const spill_files::line& each : batch.lines) {
    const auto where = url::parse(each.href);
    if (!where) continue;
    const std::string host(where->host_with_port());
    add_words({"spilled", std::to_string(partition_of(host)), "0", each.href, batch.by,
               std::to_string(digest_of(each.href)), host, std::to_string(each.depth)});
  }
  if (batch.is_last) add_words({"unspilled", "0", "0", batch.by});
  co_await report_rest();
  if (broken_) co_return;
  co_await spilled.taken(std::move(batch));
  has_nothing_ = false;
  if (queue_eighths_ < half_full) wake_puller_.set();
}

// Before the first URL of a partition is heard of.
coro<void> crawl_worker::learn_of(held_partitions of) {
  std::erase_if(of, [this](const auto& each) {
    const auto known = known_.find(each.first);
    return known != known_.end() && known->second == each.second;
  });
  if (of.empty()) co_return;
  for (const auto& [host, left] : co_await store.rests(of))
    if (const auto where = url::parse("http://" + host + "/"); where && intake.rest) intake.rest(*where, left);
  for (const auto& [name, count] : co_await store.counts(of))
    if (intake.restore) intake.restore(name, count);
  for (const auto& [which, token] : of) known_[which] = token;
}

// A partition at a time, taken in as it is heard: a page that is reported behind that is not given anew.
coro<void> crawl_worker::learn_what_was_given() {
  co_await learn_of(held.staying());
  for (const auto& [which, token] : held.staying()) {
    held_partitions one;
    one.emplace(which, token);
    adopt(co_await store.taken(one), one);
  }
  if (judged_ > 0) co_await report_rest();
}

void crawl_worker::adopt(const taken_urls& taken, const held_partitions& asked) {
  std::vector<target> fresh;
  for (const taken_url& each : taken.urls) {
    const fencing_token token = asked.at(each.from);
    if (!held.is_staying(each.from, token)) continue;  // it goes back with its partition
    auto where = url::parse(each.href);
    if (!where) throw error(fmt::format("the crawl in Redis is broken: '{}' is no URL", each.href));
    if (!held.add(each, token)) continue;
    const verdict given = judge(each, *where, token);
    if (given.against.empty()) {
      fresh.push_back({.url = std::move(*where),
                       .depth = each.depth,
                       .priority = given.priority,
                       .attempts = each.attempts,
                       .number = token});
      continue;
    }
    held.remove(each.href, token);
    ++judged_;
    for (std::string word :
         {std::string("page"), std::to_string(each.from), std::to_string(token), each.href, std::string("-"),
          std::string("0"), std::string("0"), std::string(given.against), std::string("0"), std::string("0")})
      rest_.push_back(std::move(word));
  }
  deliver(std::move(fresh));
}

// Once: what has been counted is in Redis with that it was judged, so that the next owner does not count it again.
verdict crawl_worker::judge(const taken_url& given, const url& where, fencing_token token) {
  if (given.is_seed || given.is_judged) return {};
  told_.clear();
  const verdict made = intake.decide(where);
  if (told_.empty()) return made;
  add_words(
      {"judged", std::to_string(given.from), std::to_string(token), given.href, std::to_string(told_.size() / 2)});
  add_words(std::exchange(told_, {}));
  return made;
}

void crawl_worker::keep_count(std::uint64_t name, std::uint64_t count) {
  told_.push_back(std::to_string(name));
  told_.push_back(std::to_string(count));
}

void crawl_worker::deliver(std::vector<target> fresh) {
  if (fresh.empty()) return;
  if (!is_waiting_) return intake.give(std::move(fresh));
  std::ranges::move(fresh, std::back_inserter(arrived_));
  changed_.set();
}

void crawl_worker::see_open(std::uint64_t open) {
  open_ = open;
  if (open > 0 && !(is_draining_ && held.empty())) return;
  is_over_ = true;
  changed_.set();
}

coro<std::vector<target>> crawl_worker::wait_for_more() {
  struct waiting {
    bool& is_waiting;
    explicit waiting(bool& flag) : is_waiting(flag) { is_waiting = true; }
    ~waiting() { is_waiting = false; }
  };
  const waiting mark(is_waiting_);
  while (arrived_.empty() && !is_over_ && !broken_) {
    changed_.clear();
    co_await changed_.wait();
  }
  if (broken_) std::rethrow_exception(broken_);
  co_return std::exchange(arrived_, {});
}

void crawl_worker::take_back(const target& waiting) {
  const partition from = partition_of(waiting.url.host_with_port());
  for (std::string word :
       {std::string("aside"), std::to_string(from), std::to_string(waiting.number), waiting.url.href()})
    rest_.push_back(std::move(word));
  held.remove(waiting.url.href(), waiting.number);
  aside_[std::string(waiting.place().host_with_port())].waiting.push_back(waiting);
}

// Whoever has the host: one that it was redirected to may not be this worker's.
void crawl_worker::keep_rest(const std::string& host, std::chrono::sys_seconds until) {
  const auto day = std::chrono::duration_cast<std::chrono::milliseconds>(until.time_since_epoch());
  add_words({"rest", std::to_string(partition_of(host)), "0", host, std::to_string(day.count())});
}

void crawl_worker::keep_delay(const std::string& host, duration delay) {
  if (delay <= options.handover) return;
  if (const auto known = delays_.find(host); known != delays_.end() && known->second == delay) return;
  delays_[host] = delay;
  add_words({"pace", std::to_string(partition_of(host)), "0", host, milliseconds_of(delay)});
}

// --- what was done ---

void crawl_worker::add_words(std::vector<std::string> words) { std::ranges::move(words, std::back_inserter(rest_)); }

coro<void> crawl_worker::report_rest() {
  const auto held_lock = co_await one_at_a_time_.scoped_lock();
  if (!rest_.empty() && !broken_) co_await commit();
}

coro<void> crawl_worker::report(ended_page& page) {
  page.spilled_up_to = spilled.added_bytes();  // lines stand in the file as pages do here
  ended_.push_back(&page);
  const auto held_lock = co_await one_at_a_time_.scoped_lock();
  if (!page.is_reported) co_await sleep(gathered_for);
  while (!page.is_reported && !broken_) {
    try {
      co_await commit();
    } catch (const std::exception&) {
      fail(std::current_exception());
    }
  }
  if (broken_) std::rethrow_exception(broken_);
}

// Lines first: what counts is in the files.
coro<void> crawl_worker::commit() {
  try {
    co_await send_report();
  } catch (const std::exception&) {
    fail(std::current_exception());
    throw;
  }
}

coro<void> crawl_worker::send_report() {
  std::vector<std::string> words = std::exchange(rest_, {});
  const std::size_t before = std::exchange(judged_, 0);
  std::vector<ended_page*> reported;
  while (!ended_.empty() && words.size() < words_of_report) {
    ended_page& page = *ended_.front();
    ended_.pop_front();
    std::ranges::move(page.words, std::back_inserter(words));
    reported.push_back(&page);
  }
  if (out != nullptr) co_await out->flush();
  co_await spilled.flush();
  const report_answer answer = co_await store.report(std::move(words));
  queue_eighths_ = answer.queue_eighths;
  for (std::size_t n = 0; n < reported.size(); ++n) {
    ended_page& page = *reported[n];
    spilled.was_reported(page.spilled_up_to);
    page.is_reported = true;
    if (answer.counts.at(before + n))
      for (const std::uint64_t digest : page.digests) recent.insert(digest);
    if (page.href.empty()) continue;
    if (held.token_of(page.from) != page.token)
      ++stale;
    else
      ++pages;
    held.remove(page.href, page.token);
  }
  wake_puller_.set();
  if (!held.ready_to_go(time_point::min()).empty()) wake_keeper_.set();
}

std::string crawl_worker::about() const {
  char machine[256] = {};
  static_cast<void>(::gethostname(machine, sizeof machine - 1));
  std::string text = "{\"machine\":";
  append_json_string(text, machine);
  fmt::format_to(std::back_inserter(text),
                 ",\"process\":{},\"pages\":{},\"stale\":{},\"held\":{},\"under_way\":{},\"spill_bytes\":{},\"slow\":[",
                 ::getpid(), pages, stale, held.urls(), held.begun(), spilled.waiting_bytes());
  for (const auto& each : latencies.slowest(slow_hosts_named)) {
    text += text.back() == '[' ? "{\"name\":" : ",{\"name\":";
    append_json_string(text, each.name);
    fmt::format_to(std::back_inserter(text), ",\"ms\":{},\"pages\":{}}}", each.page.count(), each.pages);
  }
  text += "]}";
  return text;
}

}  // namespace hocket::crawl::detail
