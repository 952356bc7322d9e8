#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <fmt/format.h>
#include <io/temporary_directory.hpp>
#include <nlohmann/json.hpp>

#include <hocket/base/arena.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/run.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/crawl/spread_crawler.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::backend_kind;
using hocket::coro;
using hocket::create_task;
using hocket::crawl::crawl_hooks;
using hocket::crawl::crawl_options;
using hocket::crawl::crawl_roles;
using hocket::crawl::scope_rule;
using hocket::crawl::spread_crawler;
using hocket::testing::crawl_all;
using hocket::testing::crawled;
using hocket::testing::ends_cancelled;
using hocket::testing::from;
using hocket::testing::observe;
using hocket::testing::page;
using hocket::testing::read_directory;
using hocket::testing::redirect;
using hocket::testing::site;
using hocket::testing::temporary_directory;

namespace {

using sites = std::vector<std::unique_ptr<site>>;

// Each of so many hosts has pages from 0 on, and each page links to two of its host, one of the next host, and one outside.
constexpr std::size_t hosts = 5;
constexpr std::size_t pages_of_host = 12;

std::string links_of(const sites& all, std::size_t host, std::size_t number) {
  return fmt::format("<a href=/{}><a href=/{}><a href={}><a href=http://outside.example/{}>",
                     (2 * number + 1) % pages_of_host, (2 * number + 2) % pages_of_host,
                     all[(host + 1) % hosts]->url(fmt::format("/{}", (number + 1) % pages_of_host)), number % 3);
}

sites linked_hosts() {
  sites all;
  for (std::size_t n = 0; n < hosts; ++n) all.push_back(std::make_unique<site>(std::map<std::string, page>{}));
  for (std::size_t host = 0; host < hosts; ++host)
    for (std::size_t n = 0; n < pages_of_host; ++n) all[host]->set(fmt::format("/{}", n), {links_of(all, host, n)});
  return all;
}

coro<void> stop(const sites& all) {
  for (const auto& each : all) co_await each->stop();
}

// All hosts of this machine, and no other.
crawl_options of_all(const sites& all, crawl_options options = {}) {
  options.scope = scope_rule::any;
  options.exclude.emplace_back("outside");
  options.allow_private = true;
  return from({all[0]->url("/0")}, std::move(options));
}

// `observed` takes what hooks are told, on this thread.
coro<void> crawl_spread(std::size_t loops, crawl_options options, crawled& found, backend_kind backend,
                        crawl_hooks hooks) {
  const temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  spread_crawler work(loops, std::move(options), out, std::move(hooks), {}, {.backend = backend});
  co_await work.run();
  read_directory(folder.path(), found);
}

coro<crawled> crawl_spread(std::size_t loops, crawl_options options, backend_kind backend) {
  crawled found;
  co_await crawl_spread(loops, std::move(options), found, backend, observe(found));
  co_return found;
}

template <class Function>
void on_every_backend(Function test) {
  for (const backend_kind backend : hocket::testing::every_backend()) {
    SCOPED_TRACE(hocket::testing::name_of(backend));
    const long before = hocket::arena::live_blocks();
    hocket::run(test(backend), {.backend = backend});
    EXPECT_EQ(hocket::arena::live_blocks(), before);
  }
}

std::map<std::string, unsigned> depths_of(const crawled& found) {
  std::map<std::string, unsigned> depths;
  for (const auto& [url, line] : found.pages) depths[url] = line["depth"];
  return depths;
}

void expect_same(const crawled& spread, const crawled& one) {
  EXPECT_EQ(spread.links, one.links);
  EXPECT_EQ(spread.skipped, one.skipped);
  EXPECT_EQ(spread.pages.size(), one.pages.size());
  for (const char* name : {"pages", "ok", "failed", "links", "bytes", "skipped"})
    EXPECT_EQ(spread.summary[name], one.summary[name]) << name;
}

TEST(spread_crawler, finds_what_one_loop_finds) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const crawled one = co_await crawl_all(of_all(all));
    EXPECT_EQ(one.pages.size(), hosts * pages_of_host);
    for (const std::size_t loops : {1U, 2U, 4U}) expect_same(co_await crawl_spread(loops, of_all(all), backend), one);
    for (const auto& each : all) EXPECT_EQ(each->asked().size(), 4 * pages_of_host);
    co_await stop(all);
  });
}

TEST(spread_crawler, reaches_pages_at_their_least_depth) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const crawled one = co_await crawl_all(of_all(all, {.depth = 3}));
    const crawled spread = co_await crawl_spread(3, of_all(all, {.depth = 3}), backend);
    EXPECT_EQ(depths_of(spread), depths_of(one));
    expect_same(spread, one);
    co_await stop(all);
  });
}

TEST(spread_crawler, counts_the_pages_of_all_loops_for_the_limit) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const crawled found = co_await crawl_spread(3, of_all(all, {.max_pages = 17}), backend);
    EXPECT_EQ(found.summary["pages"], 17);
    EXPECT_GT(found.summary["skipped"]["limit"], 0);
    co_await stop(all);
  });
}

// The others take the places of those that robots.txt forbids.
TEST(spread_crawler, fetches_as_many_pages_as_it_may_though_some_are_none) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    for (const auto& each : all)
      each->set("/robots.txt", {"User-agent: *\nDisallow: /7$\nDisallow: /8$\nDisallow: /11$\n", 200, {}});
    crawl_options options = of_all(all, {.max_pages = 30});
    options.obey_robots = true;
    const crawled found = co_await crawl_spread(3, options, backend);
    EXPECT_EQ(found.summary["pages"], 30);
    co_await stop(all);
  });
}

TEST(spread_crawler, fetches_once_what_several_hosts_redirect_to) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const std::string end = all[3]->url("/end");
    std::string links;
    for (const auto& each : all) {
      each->set("/moved", redirect(end));
      links += fmt::format("<a href={}>", each->url("/moved"));
    }
    all[3]->set("/end", {"<a href=/0>"});
    all[0]->set("/", {links});
    crawl_options options = of_all(all);
    options.seeds = {*hocket::url::parse(all[0]->url("/"))};
    std::mutex mutex;
    std::map<std::string, std::set<std::thread::id>> asked;  // by host
    crawled found;
    crawl_hooks hooks = observe(found);
    hooks.before_request = [&](const hocket::url& where, hocket::http::request_options&) {
      const std::lock_guard guard(mutex);
      asked[std::string(where.host_with_port())].insert(std::this_thread::get_id());
    };
    co_await crawl_spread(16, options, found, backend, std::move(hooks));
    for (const auto& [host, threads] : asked) EXPECT_EQ(threads.size(), 1U) << host;
    EXPECT_EQ(std::ranges::count(all[3]->asked(), "/end"), 1);
    EXPECT_EQ(found.pages.size(), hosts * pages_of_host + hosts + 1);
    co_await stop(all);
  });
}

TEST(spread_crawler, tells_of_redirects_between_hosts_what_one_loop_tells) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    for (std::size_t n = 0; n < hosts; ++n) {
      all[n]->set("/1", redirect(all[(n + 1) % hosts]->url("/there")));
      all[n]->set("/there", redirect(all[(n + 2) % hosts]->url(fmt::format("/end{}", n))));
      all[(n + 2) % hosts]->set(fmt::format("/end{}", n), {"<a href=/3>"});
    }
    const auto ends_of = [](const crawled& found) {
      std::map<std::string, std::string> ends;
      for (const auto& [url, line] : found.pages)
        ends[url] = fmt::format("{} {} {}", line["status"].get<int>(), line["final_url"].get<std::string>(),
                                line.contains("redirects") ? line["redirects"].dump() : "");
      return ends;
    };
    const crawled one = co_await crawl_all(of_all(all));
    const crawled spread = co_await crawl_spread(16, of_all(all), backend);
    expect_same(spread, one);
    EXPECT_EQ(ends_of(spread), ends_of(one));
    co_await stop(all);
  });
}

// The page that another host redirects to is asked for again by the loop that has it.
TEST(spread_crawler, tries_again_where_a_page_was_redirected_to_another_host) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    for (std::size_t n = 0; n < hosts; ++n) {
      all[n]->set("/1", redirect(all[(n + 1) % hosts]->url(fmt::format("/end{}", n))));
      all[(n + 1) % hosts]->set(fmt::format("/end{}", n), {"", 503, {{"Retry-After", "0"}}});
    }
    const crawled found = co_await crawl_spread(16, of_all(all, {.retries = 2}), backend);
    for (std::size_t n = 0; n < hosts; ++n) {
      EXPECT_EQ(std::ranges::count(all[(n + 1) % hosts]->asked(), fmt::format("/end{}", n)), 3);
      EXPECT_EQ(found.pages.at(all[n]->url("/1"))["status"], 503);
    }
    co_await stop(all);
  });
}

TEST(spread_crawler, tells_its_hooks_on_the_loop_where_it_was_made) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    std::set<std::thread::id> told;
    std::size_t pages = 0, attempts = 0, skipped = 0;
    const auto here = [&] { told.insert(std::this_thread::get_id()); };
    crawl_hooks hooks;
    hooks.on_page = [&](const hocket::crawl::page_record& each) {
      here();
      ++pages;
      EXPECT_EQ(each.status, 200);
    };
    hooks.on_attempt = [&](const hocket::crawl::attempt_record& each) {
      here();
      ++attempts;
      EXPECT_EQ(each.url, each.final_url);
    };
    hooks.on_skip = [&](std::string_view, std::string_view why) {
      here();
      ++skipped;
      EXPECT_EQ(why, "excluded");
    };
    crawled found;
    co_await crawl_spread(3, of_all(all), found, backend, std::move(hooks));
    EXPECT_EQ(told, std::set{std::this_thread::get_id()});
    EXPECT_EQ(pages, hosts * pages_of_host);
    EXPECT_EQ(attempts, pages);
    EXPECT_EQ(skipped, 3U);
    co_await stop(all);
  });
}

TEST(spread_crawler, asks_its_hooks_on_the_threads_of_its_loops) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    std::mutex mutex;
    std::map<std::string, std::set<std::thread::id>> asked;  // by host
    crawl_hooks hooks;
    hooks.before_request = [&](const hocket::url& where, hocket::http::request_options&) {
      const std::lock_guard guard(mutex);
      asked[std::string(where.host_with_port())].insert(std::this_thread::get_id());
    };
    crawled found;
    co_await crawl_spread(16, of_all(all), found, backend, std::move(hooks));
    EXPECT_EQ(asked.size(), hosts);
    std::set<std::thread::id> used;
    for (const auto& [host, threads] : asked) {
      EXPECT_EQ(threads.size(), 1U) << host;
      EXPECT_FALSE(threads.contains(std::this_thread::get_id())) << host;
      used.insert(threads.begin(), threads.end());
    }
    EXPECT_GT(used.size(), 1U);  // all but certain
    co_await stop(all);
  });
}

TEST(spread_crawler, equips_each_loop_on_its_own_thread) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const temporary_directory folder;
    std::mutex mutex;
    std::map<std::size_t, std::thread::id> equipped;
    auto out = co_await hocket::crawl::output::open(folder.path());
    spread_crawler work(3, of_all(all), out, {},
                        [&](std::size_t loop, crawl_options& options, crawl_roles&) {
                          const std::lock_guard guard(mutex);
                          equipped[loop] = std::this_thread::get_id();
                          options.user_agent = fmt::format("loop {}", loop);
                        },
                        {.backend = backend});
    co_await work.run();
    std::set<std::thread::id> threads;
    for (const auto& [loop, thread] : equipped) threads.insert(thread);
    EXPECT_EQ(equipped.size(), 3U);
    EXPECT_EQ(threads.size(), 3U);
    EXPECT_EQ(work.progress().pages, hosts * pages_of_host);
    co_await stop(all);
  });
}

TEST(spread_crawler, has_no_more_loops_than_requests_at_once) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const crawled found = co_await crawl_spread(64, of_all(all, {.concurrency = 2}), backend);
    EXPECT_EQ(found.summary["pages"], hosts * pages_of_host);
    co_await stop(all);
  });
}

// A page whose host wants to be left alone for longer than is waited for.
TEST(spread_crawler, ends_without_hosts_that_want_to_be_left_alone) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    for (std::size_t n = 0; n < pages_of_host; ++n)
      all[2]->set(fmt::format("/{}", n), {"", 503, {{"Retry-After", "3600"}}});
    const temporary_directory folder;
    crawled found;
    auto out = co_await hocket::crawl::output::open(folder.path());
    spread_crawler work(3, of_all(all, {.retries = 0}), out, observe(found), {}, {.backend = backend});
    co_await work.run();
    EXPECT_EQ(work.resting().size(), 1U);
    EXPECT_LT(work.progress().pages, hosts * pages_of_host);
    co_await stop(all);
  });
}

TEST(spread_crawler, cancelled_finishes_what_is_under_way_and_leaves_complete_files) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    const temporary_directory folder;
    crawled found;
    std::vector<std::size_t> under_way;
    auto out = co_await hocket::crawl::output::open(folder.path());
    auto hooks = observe(found);
    hocket::event begun;
    hooks.on_page = [&](const hocket::crawl::page_record&) { begun.set(); };
    hooks.on_stopping = [&](std::size_t pages) { under_way.push_back(pages); };
    spread_crawler work(3, of_all(all, {.concurrency = 3, .per_host = 1, .host_delay = 20ms}), out, std::move(hooks),
                        {}, {.backend = backend});
    auto crawling = create_task(work.run());
    co_await begun.wait();
    crawling.cancel();
    EXPECT_TRUE(co_await ends_cancelled(crawling));
    read_directory(folder.path(), found);
    EXPECT_LT(found.pages.size(), hosts * pages_of_host);
    EXPECT_EQ(found.summary["pages"], found.pages.size());
    EXPECT_LE(under_way.size(), 1U);
    EXPECT_GT(found.summary["skipped"]["interrupted"], 0);
    co_await stop(all);
  });
}

// Fails when it is to be flushed.
class full_disk final : public hocket::crawl::pipeline {
 public:
  void add_page(const hocket::crawl::page_record&, std::span<const hocket::crawl::page_link>) override { ++pages; }
  void add_item(std::string_view, std::string_view) override {}
  [[nodiscard]] bool is_full() const noexcept override { return true; }
  [[nodiscard]] coro<void> flush() override {
    throw hocket::error("no room");
    co_return;
  }
  [[nodiscard]] coro<void> finish(std::string) override {
    ADD_FAILURE() << "it is not to be finished";
    co_return;
  }
  std::size_t pages = 0;
};

TEST(spread_crawler, fails_at_all_loops_when_nothing_can_be_written) {
  on_every_backend([](backend_kind backend) -> coro<void> {
    const sites all = linked_hosts();
    full_disk out;
    spread_crawler work(3, of_all(all), out, {}, {}, {.backend = backend});
    std::string problem;
    try {
      co_await work.run();
    } catch (const hocket::error& each) {
      problem = each.what();
    }
    EXPECT_EQ(problem, "no room");
    EXPECT_LT(out.pages, hosts * pages_of_host);
    co_await stop(all);
  });
}

}  // namespace
