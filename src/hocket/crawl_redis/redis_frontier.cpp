#include <array>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/crawl/text_set.hpp>
#include <hocket/crawl_redis/detail/crawl_worker.hpp>
#include <hocket/crawl_redis/redis_frontier.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {
namespace {

using detail::crawl_worker;
using detail::ended_page;

constexpr std::size_t passed_at_once = 1000;

std::string made_up_id() {
  char machine[64] = {};
  static_cast<void>(::gethostname(machine, sizeof machine - 1));
  std::string id =
      fmt::format("{}-{}-{:08x}", machine, ::getpid(), static_cast<std::uint32_t>(loop::running().random()()));
  for (char& each : id)
    if (each == ':' || each == ' ' || each == '/') each = '-';
  return id;
}

// Partition, digest, host.
void add_place(std::vector<std::string>& to, const crawl_worker& by, const url& found, std::uint64_t digest) {
  to.push_back(std::to_string(by.partition_of(found.host_with_port())));
  to.push_back(std::to_string(digest));
  to.emplace_back(found.host_with_port());
}

void add_found(ended_page& page, std::vector<std::string>& words, crawl_worker& by, const url& found, unsigned depth) {
  const std::uint64_t digest = by.digest_of(found.href());
  if (by.recent.contains(digest)) return;
  page.digests.push_back(digest);
  add_place(words, by, found, digest);
  words.push_back(std::to_string(depth));
  words.push_back(by.spill_if_full(found, depth));
  words.push_back(found.href());
}

}  // namespace

struct redis_frontier::parts {
  std::shared_ptr<crawl_worker> worker;
  std::string id;
  text_set passed_over;
  std::vector<std::string_view> reasons{};  // for these, by their numbers
};

redis_frontier::~redis_frontier() = default;

coro<std::shared_ptr<redis_frontier>> redis_frontier::join(redis_frontier_options options, std::string settings) {
  const std::string id = options.worker.empty() ? made_up_id() : options.worker;
  const std::uint64_t seed = loop::running().random()();
  auto worker = std::make_shared<crawl_worker>(options, id);
  worker->settings = co_await worker->store.join(options.lease, settings, options.partitions, seed, options.by_level,
                                                 options.max_pages, options.queue_memory);
  if (worker->settings.partitions == 0) throw other_settings(worker->settings.settings);
  auto made = std::make_shared<parts>(std::move(worker), id, text_set(seed));
  co_return std::shared_ptr<redis_frontier>(new redis_frontier(std::move(made)));
}

coro<std::string> redis_frontier::settings_of(redis_frontier_options options) {
  redis::client store(std::move(options.client));
  const std::string state = detail::key_prefix(options.name) + "state";
  const auto settings = co_await store.hget(state, "settings");
  co_await store.close();
  co_return settings.value_or("");
}

void redis_frontier::write_to(pipeline& out) noexcept { parts_->worker->out = &out; }
const std::string& redis_frontier::worker() const noexcept { return parts_->id; }
std::uint64_t redis_frontier::stale() const noexcept { return parts_->worker->stale; }
bool redis_frontier::is_over() const noexcept { return parts_->worker->is_over(); }
std::uint64_t redis_frontier::kept() const noexcept { return parts_->worker->kept(); }
bool redis_frontier::may_begin(const target& next) { return parts_->worker->may_begin(next); }
void redis_frontier::take_back(const target& waiting) { parts_->worker->take_back(waiting); }

void redis_frontier::set_aside(const url& host, time_point until) {
  parts_->worker->set_aside(std::string(host.host_with_port()), until);
}

void redis_frontier::keep_rest(const host_rest& asked) {
  parts_->worker->keep_rest(std::string(asked.host.host_with_port()), asked.until);
}

void redis_frontier::keep_delay(const url& host, duration delay) {
  parts_->worker->keep_delay(std::string(host.host_with_port()), delay);
}

std::optional<std::uint64_t> redis_frontier::seed_of_counts() const noexcept { return parts_->worker->settings.seed; }
void redis_frontier::keep_count(std::uint64_t name, std::uint64_t count) { parts_->worker->keep_count(name, count); }

coro<void> redis_frontier::leave() {
  cancel_scope shield({.shield = true});
  co_await shield.run(parts_->worker->stop());
}

void redis_frontier::supply(crawl_intake to) { parts_->worker->intake = std::move(to); }

coro<std::vector<target>> redis_frontier::begin(std::span<const url> seeds, const judge& /*decide*/) {
  std::vector<std::string> words;
  for (const url& seed : seeds) {
    add_place(words, *parts_->worker, seed, parts_->worker->digest_of(seed.href()));
    words.push_back(seed.href());
  }
  co_await parts_->worker->store.see_seeds(std::move(words));
  crawl_worker::start(parts_->worker);
  co_return std::vector<target>();
}

// The page's words are made before anything is waited for: the links are borrowed until then.
coro<std::vector<target>> redis_frontier::finish(const finished_page& done, const judge& /*decide*/) {
  crawl_worker& worker = *parts_->worker;
  ended_page page{.from = worker.partition_of(done.page.url.host_with_port()), .token = done.page.number};
  if (done.page.number != 0)
    page.href = done.page.url.href();
  else
    page.token = worker.held.token_of(page.from);
  std::vector<std::string> found;
  // What it has released is all that Redis has as claimed by it and is not in `claimed`.
  for (const url& each : done.besides) add_found(page, found, worker, each, done.page.depth);
  for (const page_link& link : done.links) {
    if (!done.not_followed.empty())
      pass_over(link.url.href(), done.not_followed);
    else if (link.nofollow)
      pass_over(link.url.href(), "nofollow");
    else
      add_found(page, found, worker, link.url, done.page.depth + 1);
  }
  const page_record* const record = done.record;
  if (record != nullptr)
    worker.latencies.add(done.page.url.host_with_port(), std::chrono::milliseconds(record->milliseconds));
  std::vector<std::string>& words = page.words;
  words.emplace_back("page");
  words.push_back(std::to_string(page.from));
  words.push_back(std::to_string(page.token));
  words.push_back(page.href);
  words.emplace_back(record == nullptr ? "-" : record->error.empty() ? "ok" : "failed");
  words.push_back(std::to_string(record == nullptr ? 0 : record->links));
  words.push_back(std::to_string(record == nullptr ? 0 : record->bytes));
  words.emplace_back(done.skipped);
  words.push_back(std::to_string(page.digests.size()));
  for (std::string& each : found) words.push_back(std::move(each));
  words.push_back(std::to_string(done.claimed.size()));
  for (const std::string& each : done.claimed) words.push_back(each);
  cancel_scope shield({.shield = true});
  co_await shield.run(worker.report(page));
  co_return std::vector<target>();
}

coro<bool> redis_frontier::claim(std::string /*href*/) { co_return false; }

coro<bool> redis_frontier::claim_for(const target& page, std::string href) {
  const auto where = url::parse(href);
  if (!where) co_return false;
  std::vector<std::string> words;
  words.push_back(std::to_string(parts_->worker->partition_of(page.url.host_with_port())));
  words.push_back(std::to_string(page.number));
  words.push_back(page.url.href());
  add_place(words, *parts_->worker, *where, parts_->worker->digest_of(href));
  words.push_back(href);
  co_return co_await parts_->worker->store.claim(std::move(words));
}

void redis_frontier::pass_over(std::string_view href, std::string_view reason) {
  if (parts_->passed_over.insert(href).second) parts_->reasons.push_back(reason);
}

coro<void> redis_frontier::visit_passed_over(
    std::function<void(std::string_view href, std::string_view reason)> visit) {
  for (std::size_t first = 0; first < parts_->passed_over.size(); first += passed_at_once) {
    const std::size_t end = std::min(first + passed_at_once, parts_->passed_over.size());
    std::vector<std::string> words;
    for (std::size_t n = first; n < end; ++n) {
      const std::string_view href = parts_->passed_over[n];
      const auto where = url::parse(href);
      words.push_back(std::to_string(where ? parts_->worker->partition_of(where->host_with_port()) : 0));
      words.push_back(std::to_string(parts_->worker->digest_of(href)));
    }
    const std::vector<bool> counts = co_await parts_->worker->store.pass(std::move(words));
    for (std::size_t n = first; n < end; ++n)
      if (counts.at(n - first)) visit(parts_->passed_over[n], parts_->reasons[n]);
  }
}

void redis_frontier::keep_attempts(const target& again) {
  std::vector<std::string> words;
  words.emplace_back("again");
  words.push_back(std::to_string(parts_->worker->partition_of(again.url.host_with_port())));
  words.push_back(std::to_string(again.number));
  words.push_back(again.url.href());
  words.push_back(std::to_string(again.attempts));
  parts_->worker->add_words(std::move(words));
}

coro<std::vector<target>> redis_frontier::more() { co_return co_await parts_->worker->wait_for_more(); }
coro<void> redis_frontier::sync() {
  co_await parts_->worker->report_rest();
  co_await parts_->worker->spilled.sync();
}

}  // namespace hocket::crawl
