#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <hocket/core/as_result.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/detail/one_writer.hpp>
#include <hocket/crawl/detail/spread_frontier.hpp>
#include <hocket/crawl/detail/spread_urls.hpp>
#include <hocket/crawl/spread_crawler.hpp>
#include <hocket/crawl/summary.hpp>
#include <hocket/exec/to_thread.hpp>

namespace hocket::crawl {

static constexpr auto tell_every = std::chrono::milliseconds(100);

// The same share for each, and one more for the first ones.
static std::size_t share(std::size_t whole, std::size_t which, std::size_t parts) {
  return whole / parts + (which < whole % parts ? 1 : 0);
}

spread_crawler::spread_crawler(std::size_t loops, crawl_options options, pipeline& out, crawl_hooks hooks,
                               equipment equip, run_options how)
    : options_(std::move(options)),
      out_(out),
      hooks_(std::move(hooks)),
      equip_(std::move(equip)),
      how_(std::move(how)),
      writer_(std::make_unique<detail::one_writer>(out_, hooks_)),
      parts_(std::clamp<std::size_t>(loops, 1, options_.concurrency)) {
  how_.handle_sigint = false;  // who has the first loop does
  urls_ = std::make_shared<detail::spread_urls>(detail::spread_urls::options{.loops = parts_.size(),
                                                                             .seed = loop::running().random()(),
                                                                             .by_level = options_.depth.has_value(),
                                                                             .max_pages = options_.max_pages});
}

spread_crawler::~spread_crawler() = default;

coro<void> spread_crawler::run() {
  begun_ = loop::running().time();
  const task<void> threads = create_task(run_all(), {.name = "loops of the crawl"});
  // Whoever waits is cancelled at once; the loops are told to end.
  std::vector<task<void>> all{threads};
  co_await finally([&]() -> coro<void> { co_await wait(std::move(all)); },
                   [&]() -> coro<void> { co_await settle(threads); });
}

// The thread of a pool waits for the others.
coro<void> spread_crawler::run_all() {
  co_await to_thread([this] {
    run_loops(parts_.size(), [this](std::size_t which) -> coro<void> { co_await crawl_on(which); },
              {.each = how_, .thread_name = "crawl"});
  });
}

coro<void> spread_crawler::settle(const task<void>& threads) {
  stop();
  const auto ended = co_await as_result(threads);
  if (!ended) {
    try {
      std::rethrow_exception(ended.error());
    } catch (const exception_group& several) {  // the same disk is full for all
      std::rethrow_exception(several.errors().front());
    }
  }
  co_await writer_->flush_here();
  co_await out_.finish(summary_json(progress()));
}

crawl_options spread_crawler::options_of(std::size_t which) const {
  crawl_options mine = options_;
  mine.concurrency = share(options_.concurrency, which, parts_.size());
  mine.max_held_bytes = share(options_.max_held_bytes, which, parts_.size());
  mine.max_pages.reset();  // they count together
  return mine;
}

coro<void> spread_crawler::crawl_on(std::size_t which) {
  crawl_options mine = options_of(which);
  crawl_roles roles;
  if (equip_) equip_(which, mine, roles);
  roles.frontier = detail::spread_frontier::make(urls_, which);
  detail::writers_end out(*writer_);
  crawler work(std::move(mine), out, writer_->hooks_for_one(), std::move(roles));
  cancel_scope crawl;
  {
    const std::lock_guard guard(mutex_);
    parts_[which].home = &loop::running();
    parts_[which].crawl = &crawl;
    if (is_stopping_) crawl.cancel();
  }
  task<void> telling = create_task(tell_regularly(which, work), {.name = "how far it is"});
  co_await finally(crawl.run(work.run()), [&]() -> coro<void> {
    telling.cancel();
    static_cast<void>(co_await as_result(telling));
    tell(which, work);
    const std::lock_guard guard(mutex_);
    parts_[which].home = nullptr;
    parts_[which].crawl = nullptr;
    parts_[which].resting = work.resting();
  });
}

coro<void> spread_crawler::tell_regularly(std::size_t which, const engine& work) {
  for (;;) {
    co_await sleep(tell_every);
    tell(which, work);
  }
}

void spread_crawler::tell(std::size_t which, const engine& work) {
  crawl::progress now = work.progress();
  const std::lock_guard guard(mutex_);
  parts_[which].so_far = std::move(now);
}

// Also when all have ended: nothing then.
void spread_crawler::stop() {
  std::size_t under_way = 0;
  {
    const std::lock_guard guard(mutex_);
    if (std::exchange(is_stopping_, true)) return;
    for (part& each : parts_) {
      if (each.home == nullptr) continue;
      under_way += each.so_far.in_flight;
      try {
        each.home->post_call([this, &each] {
          const std::lock_guard held(mutex_);
          if (each.crawl != nullptr) each.crawl->cancel();
        });
      } catch (const loop_closed&) {
      }
    }
  }
  if (under_way > 0 && hooks_.on_stopping) hooks_.on_stopping(under_way);
}

crawl::progress spread_crawler::progress() const {
  crawl::progress all;
  {
    const std::lock_guard guard(mutex_);
    for (const part& each : parts_) {
      const crawl::progress& some = each.so_far;
      all.pages += some.pages;
      all.ok += some.ok;
      all.failed += some.failed;
      all.links += some.links;
      all.bytes += some.bytes;
      for (const auto& [reason, count] : some.skipped) all.skipped[reason] += count;
      all.in_flight += some.in_flight;
      all.queued += some.queued;
    }
  }
  all.elapsed = loop::running().time() - begun_;
  all.pages_in_all = options_.max_pages;
  return all;
}

std::vector<resting_host> spread_crawler::resting() const {
  std::vector<resting_host> all;
  const std::lock_guard guard(mutex_);
  for (const part& each : parts_) all.insert(all.end(), each.resting.begin(), each.resting.end());
  return all;
}

}  // namespace hocket::crawl
