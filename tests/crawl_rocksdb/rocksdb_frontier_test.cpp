#include <chrono>
#include <deque>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <crawl/small_files.hpp>
#include <fmt/format.h>
#include <http/scripted_server.hpp>
#include <io/temporary_directory.hpp>
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl_rocksdb/rocksdb_frontier.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::url;
using hocket::crawl::finished_page;
using hocket::crawl::output;
using hocket::crawl::page_link;
using hocket::crawl::page_record;
using hocket::crawl::rocksdb_frontier;
using hocket::crawl::target;
using hocket::testing::answering;
using hocket::testing::content_of;
using hocket::testing::crawled;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::small_files;
using hocket::testing::target_of;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;
using mode = rocksdb_frontier::mode;

namespace {

using list = std::vector<std::string>;

hocket::crawl::verdict take_all(const url&) { return {}; }

std::vector<url> seeds(const list& hrefs) {
  std::vector<url> made;
  for (const std::string& href : hrefs) made.push_back(*url::parse(href));
  return made;
}

std::vector<page_link> links_to(const list& hrefs, bool nofollow = false) {
  std::vector<page_link> links;
  for (const std::string& href : hrefs) links.push_back({*url::parse(href), nofollow});
  return links;
}

list numbered(const std::string& before, int count) {
  list made;
  for (int n = 0; n < count; ++n) made.push_back(fmt::format("{}{}", before, n));
  return made;
}

list hrefs_of(const std::vector<target>& targets) {
  list hrefs;
  for (const target& each : targets) hrefs.push_back(each.url.href());
  return hrefs;
}

coro<std::string> error_of_opening(std::string folder, mode how, std::string settings = "") {
  const auto outcome = co_await hocket::as_result(rocksdb_frontier::open(std::move(folder), how, std::move(settings)));
  if (outcome) co_return "";
  try {
    std::rethrow_exception(outcome.error());
  } catch (const hocket::error& problem) {
    co_return problem.what();
  }
}

coro<list> passed_over(rocksdb_frontier& all) {
  list found;
  co_await all.visit_passed_over([&found](std::string_view href, std::string_view why) {
    found.push_back(std::string(href) + " " + std::string(why));
  });
  co_return found;
}

/// An output that knows where it is, and nothing else; `flushed` hears of each flush.
struct places final : hocket::crawl::pipeline {
  std::string now;
  int syncs = 0;
  std::function<void()> flushed;
  void add_page(const page_record&, std::span<const page_link>) override {}
  void add_item(std::string_view, std::string_view) override {}
  [[nodiscard]] bool is_full() const noexcept override { return false; }
  [[nodiscard]] coro<void> flush() override {
    if (flushed) flushed();
    co_return;
  }
  [[nodiscard]] coro<void> sync() override {
    ++syncs;
    co_return;
  }
  [[nodiscard]] std::string position() const override { return now; }
  [[nodiscard]] coro<void> finish(std::string) override { co_return; }
};

// ---- what it remembers

HOCKET_REAL_TIME_TEST(rocksdb_frontier, gives_the_links_of_a_page_that_were_never_seen_one_deeper) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  const auto first = seeds({"http://a/"});
  const auto left = co_await all->begin(first, take_all);
  EXPECT_EQ(hrefs_of(left), (list{"http://a/"}));
  const auto links = links_to({"http://a/", "http://a/1", "http://a/2", "http://a/1"});
  const auto fresh = co_await all->finish({.page = left.at(0), .links = links}, take_all);
  EXPECT_EQ(hrefs_of(fresh), (list{"http://a/1", "http://a/2"}));
  EXPECT_EQ(fresh.at(1).depth, 1U);
  EXPECT_TRUE((co_await all->finish({.page = fresh.at(0), .links = links}, take_all)).empty());
  EXPECT_EQ(all->seen(), 3U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, pages_that_end_at_once_share_no_url) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  const auto first = seeds({"http://a/1", "http://a/2", "http://a/3"});
  const auto left = co_await all->begin(first, take_all);
  const auto links = links_to({"http://a/x", "http://a/y"});
  const finished_page one{.page = left.at(0), .links = links};
  const finished_page other{.page = left.at(1), .links = links};
  const finished_page third{.page = left.at(2), .links = links};
  const hocket::crawl::frontier::judge decide = take_all;
  const auto [a, b, c] =
      co_await hocket::gather(all->finish(one, decide), all->finish(other, decide), all->finish(third, decide));
  EXPECT_EQ(a.size() + b.size() + c.size(), 2U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, resumed_it_gives_what_was_not_finished_and_knows_what_was_seen) {
  const temporary_directory folder;
  {
    places out;
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "s");
    all->write_to(out);
    const auto first = seeds({"http://a/"});
    const auto left = co_await all->begin(first, take_all);
    const auto links = links_to({"http://a/1", "http://a/2"});
    const page_record record{.url = "http://a/", .bytes = 7, .links = 2};
    out.now = "1 2 3";
    const auto fresh = co_await all->finish({.page = left.at(0), .links = links, .record = &record}, take_all);
    out.now = "4 5 6";
    co_await all->finish({.page = fresh.at(0), .skipped = "robots"}, take_all);
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "s");
  EXPECT_EQ(all->position(), "4 5 6");
  EXPECT_EQ(all->seeds(), (list{"http://a/"}));
  const auto again = seeds({"http://a/", "http://a/new"});
  const auto left = co_await all->begin(again, take_all);
  EXPECT_EQ(hrefs_of(left), (list{"http://a/2", "http://a/new"}));
  EXPECT_EQ(left.at(0).depth, 1U);
  EXPECT_EQ(all->resumed().pages, 1U);
  EXPECT_EQ(all->resumed().links, 2U);
  EXPECT_EQ(all->resumed().bytes, 7U);
  EXPECT_EQ(all->resumed().skipped, (std::map<std::string, std::uint64_t, std::less<>>{{"robots", 1}}));
  const auto links = links_to({"http://a/1", "http://a/2"});
  EXPECT_TRUE((co_await all->finish({.page = left.at(0), .links = links}, take_all)).empty());
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, knows_what_it_has_no_room_for_in_memory) {
  const temporary_directory folder;
  const auto links = links_to(numbered("http://a/", 500));
  const auto more = links_to(numbered("http://a/", 501));
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.digest_bytes = 1024});
    const auto first = seeds({"http://b/1", "http://b/2", "http://b/3"});
    const auto left = co_await all->begin(first, take_all);
    const finished_page one{.page = left.at(0), .links = links};
    const finished_page other{.page = left.at(1), .links = links};
    const hocket::crawl::frontier::judge decide = take_all;
    const auto [a, b] = co_await hocket::gather(all->finish(one, decide), all->finish(other, decide));
    EXPECT_EQ(a.size() + b.size(), 500U);
    EXPECT_FALSE(co_await all->claim("http://a/0"));
    EXPECT_EQ(hrefs_of(co_await all->finish({.page = left.at(2), .links = more}, take_all)), (list{"http://a/500"}));
    EXPECT_EQ(all->seen(), 504U);
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "", {.digest_bytes = 1024});
  const auto left = co_await all->begin({}, take_all);
  EXPECT_EQ(hrefs_of(left), numbered("http://a/", 501));
  EXPECT_TRUE((co_await all->finish({.page = left.at(0), .links = more}, take_all)).empty());
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_was_released_is_fetched_if_it_was_found_meanwhile) {
  const temporary_directory folder;
  const list moved{"http://a/moved"};
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    const auto first = seeds({"http://a/1", "http://a/2", "http://a/3"});
    const auto left = co_await all->begin(first, take_all);
    const auto links = links_to(moved);
    EXPECT_TRUE(co_await all->claim("http://a/moved"));
    EXPECT_TRUE((co_await all->finish({.page = left.at(0), .links = links}, take_all)).empty());
    const auto fresh = co_await all->finish({.page = left.at(1), .released = moved}, take_all);
    EXPECT_EQ(hrefs_of(fresh), moved);
    EXPECT_EQ(fresh.at(0).depth, 1U);
    EXPECT_FALSE(co_await all->claim("http://a/moved"));
    EXPECT_TRUE((co_await all->finish({.page = left.at(2), .links = links}, take_all)).empty());
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  EXPECT_EQ(hrefs_of(co_await all->begin({}, take_all)), moved);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_was_found_while_it_was_claimed_waits_when_the_crawl_is_resumed) {
  const temporary_directory folder;
  const url moved = *url::parse("http://a/moved");
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    const auto first = seeds({"http://a/1", "http://a/2"});
    const auto left = co_await all->begin(first, take_all);
    EXPECT_TRUE(co_await all->claim(moved.href()));
    EXPECT_TRUE((co_await all->finish({.page = left.at(0), .besides = {&moved, 1}}, take_all)).empty());
  }
  for (int n = 0; n < 2; ++n) {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
    EXPECT_EQ(hrefs_of(co_await all->begin({}, take_all)), (list{"http://a/2", "http://a/moved"}));
    EXPECT_FALSE(co_await all->claim(moved.href()));
  }
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_was_found_besides_links_waits_at_the_depth_of_its_page_and_once) {
  const temporary_directory folder;
  const url sitemaps = *url::parse("http://a/#sitemaps");
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    const auto first = seeds({"http://a/1", "http://a/2"});
    const auto left = co_await all->begin(first, take_all);
    for (const target& each : left) {
      const auto fresh = co_await all->finish({.page = each, .besides = {&sitemaps, 1}}, take_all);
      EXPECT_EQ(fresh.size(), &each == &left.front() ? 1U : 0U);
    }
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  const auto left = co_await all->begin({}, take_all);
  EXPECT_EQ(hrefs_of(left), list{"http://a/#sitemaps"});
  EXPECT_EQ(left.at(0).depth, 0U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_was_released_is_as_if_never_seen) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  const auto first = seeds({"http://a/1", "http://a/2"});
  const auto left = co_await all->begin(first, take_all);
  const list moved{"http://a/moved"};
  EXPECT_TRUE(co_await all->claim("http://a/moved"));
  EXPECT_TRUE((co_await all->finish({.page = left.at(0), .released = moved}, take_all)).empty());
  const auto links = links_to(moved);
  EXPECT_EQ(hrefs_of(co_await all->finish({.page = left.at(1), .links = links}, take_all)), moved);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_was_claimed_is_nobody_elses) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  const auto first = seeds({"http://a/1", "http://a/2"});
  const auto left = co_await all->begin(first, take_all);
  EXPECT_FALSE(co_await all->claim("http://a/2"));
  EXPECT_TRUE(co_await all->claim("http://a/3"));
  EXPECT_FALSE(co_await all->claim("http://a/3"));
  const auto links = links_to({"http://a/3"});
  EXPECT_TRUE((co_await all->finish({.page = left.at(1), .links = links}, take_all)).empty());
  const list claimed{"http://a/3"};
  co_await all->finish({.page = left.at(0), .claimed = claimed}, take_all);
  EXPECT_FALSE(co_await all->claim("http://a/3"));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_is_passed_over_may_be_followed_from_elsewhere) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  const auto first = seeds({"http://a/"});
  const auto left = co_await all->begin(first, take_all);
  const auto unwanted = links_to({"http://a/1", "http://a/2"}, true);
  EXPECT_TRUE((co_await all->finish({.page = left.at(0), .links = unwanted}, take_all)).empty());
  const auto wanted = links_to({"http://a/2"});
  EXPECT_EQ((co_await all->finish({.page = left.at(0), .links = wanted}, take_all)).size(), 1U);
  EXPECT_EQ(co_await passed_over(*all), (list{"http://a/1 nofollow"}));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, keeps_counts_and_attempts_with_the_next_page) {
  const temporary_directory folder;
  std::optional<std::uint64_t> seed;
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    seed = all->seed_of_counts();
    const auto first = seeds({"http://a/1", "http://a/2"});
    auto left = co_await all->begin(first, take_all);
    const auto links = links_to({"http://a/3"});
    const auto counting = [&all](const url&) {
      all->keep_count(7, 2);
      return hocket::crawl::verdict{};
    };
    ++left.at(1).attempts;
    all->keep_attempts(left.at(1));
    all->keep_count(7, 1);
    all->keep_count(8, 5);
    static_cast<void>(co_await all->finish({.page = left.at(0), .links = links}, counting));
    all->keep_count(8, 6);  // no page is finished with that
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  EXPECT_EQ(all->seed_of_counts(), seed);
  const auto left = co_await all->begin({}, take_all);
  EXPECT_EQ(hrefs_of(left), (list{"http://a/2", "http://a/3"}));
  EXPECT_EQ(left.at(0).attempts, 1U);
  EXPECT_EQ(left.at(1).attempts, 0U);
  std::map<std::uint64_t, std::uint64_t> counts;
  co_await all->visit_counts([&counts](std::uint64_t name, std::uint64_t count) { counts[name] = count; });
  EXPECT_EQ(counts, (std::map<std::uint64_t, std::uint64_t>{{7, 2}, {8, 5}}));
}

// ---- hosts that want to be left alone

std::chrono::sys_seconds at_second(int n) { return std::chrono::sys_seconds(std::chrono::seconds(n)); }

/// As "URL second".
coro<list> rests_of(rocksdb_frontier& all, int now) {
  list found;
  for (const auto& each : co_await all.rests(at_second(now)))
    found.push_back(fmt::format("{} {}", each.host.href(), each.until.time_since_epoch().count()));
  co_return found;
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, keeps_the_rest_of_a_host_with_the_next_page_or_sync) {
  const temporary_directory folder;
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    const auto first = seeds({"http://a/1", "http://a/2"});
    const auto left = co_await all->begin(first, take_all);
    all->keep_rest({*url::parse("http://a/"), at_second(1000)});
    all->keep_rest({*url::parse("http://b/"), at_second(2000)});
    static_cast<void>(co_await all->finish({.page = left.at(0)}, take_all));
    all->keep_rest({*url::parse("http://a/"), at_second(3000)});
    co_await all->sync();
    all->keep_rest({*url::parse("http://c/"), at_second(4000)});  // nothing comes after that
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  static_cast<void>(co_await all->begin({}, take_all));
  EXPECT_EQ(co_await rests_of(*all, 999), (list{"http://a/ 3000", "http://b/ 2000"}));
  EXPECT_EQ(co_await rests_of(*all, 2000), (list{"http://a/ 3000"}));
  EXPECT_EQ(co_await rests_of(*all, 0), (list{"http://a/ 3000"}));
}

/// For an hour.
void set_aside(rocksdb_frontier& all, const char* host) {
  all.set_aside(*url::parse(host), hocket::loop::running().time() + std::chrono::hours(1));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, gives_nothing_of_hosts_that_were_set_aside_before_it_begins) {
  const temporary_directory folder;
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    const auto first = seeds({"http://a/1", "http://b/1"});
    static_cast<void>(co_await all->begin(first, take_all));
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  set_aside(*all, "http://a/");
  EXPECT_EQ(hrefs_of(co_await all->begin({}, take_all)), (list{"http://b/1"}));
  EXPECT_EQ(all->kept(), 1U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, gives_what_it_has_taken_back_when_the_host_comes_back) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.by_level = true});
  const auto first = seeds({"http://a/1", "http://a/2", "http://b/"});
  const auto left = co_await all->begin(first, take_all);
  set_aside(*all, "http://a/");
  all->take_back(left.at(1));
  EXPECT_EQ(all->kept(), 1U);
  const auto of_b = links_to({"http://b/deeper", "http://a/deeper"});
  static_cast<void>(co_await all->finish({.page = left.at(2), .links = of_b}, take_all));
  const auto deeper = co_await all->finish({.page = left.at(0)}, take_all);
  EXPECT_EQ(hrefs_of(deeper), (list{"http://b/deeper"}));
  all->set_aside(*url::parse("http://a/"), hocket::loop::running().time());
  const auto also_deeper = co_await all->more();
  EXPECT_EQ(hrefs_of(also_deeper), (list{"http://a/deeper"}));
  EXPECT_TRUE((co_await all->finish({.page = deeper.at(0)}, take_all)).empty());
  EXPECT_EQ(hrefs_of(co_await all->finish({.page = also_deeper.at(0)}, take_all)), (list{"http://a/2"}));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier,
                      does_not_wait_for_a_page_that_has_begun_and_waits_for_a_host_that_was_set_aside) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.by_level = true});
  const auto first = seeds({"http://a/1", "http://a/2"});
  auto left = co_await all->begin(first, take_all);
  const auto links = links_to({"http://a/deeper"});
  EXPECT_TRUE((co_await all->finish({.page = left.at(1), .links = links}, take_all)).empty());
  set_aside(*all, "http://b/");
  left.at(0).underway = std::make_shared<const hocket::crawl::page_underway>(
      hocket::crawl::page_underway{.place = *url::parse("http://b/")});
  all->take_back(left.at(0));
  EXPECT_EQ(hrefs_of(co_await all->more()), (list{"http://a/deeper"}));
  EXPECT_TRUE((co_await all->more()).empty());
  static_cast<void>(co_await all->finish({.page = left.at(0)}, take_all));
  EXPECT_EQ(all->kept(), 0U);
}

// ---- should the machine die

HOCKET_REAL_TIME_TEST(rocksdb_frontier, goes_back_to_what_was_synced) {
  const temporary_directory folder;
  const auto links = links_to({"http://a/1", "http://a/2", "http://a/3"});
  const list claimed{"http://a/moved"};
  places out;
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    all->write_to(out);
    const auto first = seeds({"http://a/"});
    const auto left = co_await all->begin(first, take_all);
    const page_record record{.url = "http://a/", .bytes = 7, .links = 3};
    out.now = "synced";
    const auto fresh = co_await all->finish({.page = left.at(0), .links = links, .record = &record}, take_all);
    co_await all->sync();
    EXPECT_EQ(out.syncs, 1);
    out.now = "lost";
    EXPECT_TRUE(co_await all->claim("http://a/moved"));
    static_cast<void>(
        co_await all->finish({.page = fresh.at(0), .claimed = claimed, .record = &record, .skipped = "x"}, take_all));
    const page_record failed{.url = "http://a/2", .error = "404"};
    static_cast<void>(co_await all->finish({.page = fresh.at(1), .record = &failed}, take_all));
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  EXPECT_EQ(all->position(), "lost");
  EXPECT_EQ(all->resumed().pages, 3U);
  EXPECT_EQ(co_await all->go_back(), 2U);
  EXPECT_EQ(all->position(), "synced");
  EXPECT_EQ(all->resumed().pages, 1U);
  EXPECT_EQ(all->resumed().failed, 0U);
  EXPECT_EQ(all->resumed().bytes, 7U);
  EXPECT_TRUE(all->resumed().skipped.empty());
  EXPECT_EQ(hrefs_of(co_await all->begin({}, take_all)), (list{"http://a/1", "http://a/2", "http://a/3"}));
  EXPECT_TRUE(co_await all->claim("http://a/moved"));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, knows_its_output_before_the_first_page_is_finished) {
  const temporary_directory folder;
  places out;
  out.now = "beginning";
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    all->write_to(out);
    const auto first = seeds({"http://a/"});
    const auto left = co_await all->begin(first, take_all);
    EXPECT_EQ(out.syncs, 1);
    out.now = "lost";
    static_cast<void>(co_await all->finish({.page = left.at(0)}, take_all));
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  EXPECT_EQ(co_await all->go_back(), 1U);
  EXPECT_EQ(all->position(), "beginning");
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, has_nothing_to_go_back_to_when_all_was_synced) {
  const temporary_directory folder;
  places out;
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
    all->write_to(out);
    const auto first = seeds({"http://a/"});
    const auto left = co_await all->begin(first, take_all);
    out.now = "end";
    static_cast<void>(co_await all->finish({.page = left.at(0)}, take_all));
    co_await all->sync();
    co_await all->sync();
    EXPECT_EQ(out.syncs, 1);
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "");
  EXPECT_EQ(co_await all->go_back(), 0U);
  EXPECT_EQ(all->position(), "end");
}

// ---- what it gives when

/// Finishes pages as they are given, with the links that `links_of` has for their paths; gives the paths in order.
coro<list> finish_all(rocksdb_frontier& all, std::vector<target> given, std::map<std::string, list> links_of,
                      std::size_t most = 1000) {
  list order;
  std::deque<target> waiting(std::make_move_iterator(given.begin()), std::make_move_iterator(given.end()));
  while (!waiting.empty() && order.size() < most) {
    const target next = std::move(waiting.front());
    waiting.pop_front();
    order.emplace_back(next.url.path());
    const auto links = links_to(links_of[order.back()]);
    for (target& each : co_await all.finish({.page = next, .links = links}, take_all))
      waiting.push_back(std::move(each));
  }
  co_return order;
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, gives_a_part_of_what_waits_and_the_rest_in_its_order) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.of_host = 4, .in_all = 100});
  const auto first = seeds({"http://a/"});
  const auto left = co_await all->begin(first, take_all);
  const auto links = links_to(numbered("http://a/", 40));
  const auto fresh = co_await all->finish({.page = left.at(0), .links = links}, take_all);
  EXPECT_EQ(fresh.size(), 4U);
  EXPECT_EQ(all->kept(), 36U);
  EXPECT_EQ(co_await finish_all(*all, fresh, {}), numbered("/", 40));
  EXPECT_EQ(all->kept(), 0U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, what_comes_first_at_a_host_is_not_kept_behind_what_comes_later) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.of_host = 4, .in_all = 100});
  const auto by_path = [](const url& found) {
    return hocket::crawl::verdict{.priority = found.path().starts_with("/first") ? 1 : 0};
  };
  const auto first = seeds({"http://a/"});
  const auto left = co_await all->begin(first, by_path);
  const auto links = links_to(numbered("http://a/", 20));
  const auto fresh = co_await all->finish({.page = left.at(0), .links = links}, by_path);
  const auto better = links_to({"http://a/first"});
  const auto more = co_await all->finish({.page = fresh.at(0), .links = better}, by_path);
  EXPECT_EQ(hrefs_of(more), (list{"http://a/first"}));
  EXPECT_EQ(more.at(0).priority, 1);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, of_many_hosts_each_has_its_turn) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.of_host = 4, .in_all = 8});
  list hosts;
  for (int host = 0; host < 20; ++host)
    for (int n = 0; n < 5; ++n) hosts.push_back(fmt::format("http://{}.test/{}", host, n));
  const auto first = seeds(hosts);
  auto left = co_await all->begin(first, take_all);
  EXPECT_LE(left.size(), 8U);
  const list order = co_await finish_all(*all, std::move(left), {});
  EXPECT_EQ(order.size(), 100U);
  EXPECT_EQ(all->kept(), 0U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, by_level_gives_nothing_deeper_before_its_time) {
  const temporary_directory folder;
  std::map<std::string, list> links_of{
      {"/0", {"http://a/00", "http://a/01"}}, {"/1", {"http://a/10", "http://a/11"}}, {"/00", {"http://a/000"}}};
  list order;
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", {.by_level = true});
    const auto first = seeds({"http://a/0", "http://a/1"});
    order = co_await finish_all(*all, co_await all->begin(first, take_all), links_of, 3);
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "", {.by_level = true});
  for (std::string& each : co_await finish_all(*all, co_await all->begin({}, take_all), links_of))
    order.push_back(std::move(each));
  EXPECT_EQ(order, (list{"/0", "/1", "/00", "/01", "/10", "/11", "/000"}));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, depth_first_gives_what_was_found_last) {
  const temporary_directory folder;
  const hocket::crawl::rocksdb_frontier_options keeping{
      .order = hocket::crawl::crawl_order::depth_first, .of_host = 2, .in_all = 100};
  {
    const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "", keeping);
    const auto first = seeds(numbered("http://a/", 4));
    static_cast<void>(co_await all->begin(first, take_all));
  }
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::resume, "", keeping);
  EXPECT_EQ(co_await finish_all(*all, co_await all->begin({}, take_all), {}), (list{"/3", "/2", "/1", "/0"}));
}

// ---- what it refuses

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_second_one_in_the_same_folder_is_refused) {
  const temporary_directory folder;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  EXPECT_EQ(co_await error_of_opening(folder / "f", mode::resume),
            fmt::format("'{}/f' is in use by another process", folder.path()));
}

/// A crawl that has begun.
coro<void> make_crawl(std::string folder, std::string settings = "") {
  const auto all = co_await rocksdb_frontier::open(std::move(folder), mode::begin, std::move(settings));
  const auto first = seeds({"http://a/"});
  static_cast<void>(co_await all->begin(first, take_all));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_crawl_that_has_no_seeds_yet_was_not_begun) {
  const temporary_directory folder;
  static_cast<void>(co_await rocksdb_frontier::open(folder / "f", mode::begin, ""));
  EXPECT_EQ(co_await error_of_opening(folder / "f", mode::resume),
            fmt::format("there is no crawl to resume in '{}/f'", folder.path()));
  EXPECT_EQ(co_await error_of_opening(folder / "f", mode::begin), "");
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_crawl_that_is_there_is_not_begun_anew) {
  const temporary_directory folder;
  co_await make_crawl(folder / "f", "");
  EXPECT_EQ(co_await error_of_opening(folder / "f", mode::begin),
            fmt::format("'{}/f' holds a crawl: --resume goes on with it, or take it away", folder.path()));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, without_a_crawl_there_is_nothing_to_resume) {
  const temporary_directory folder;
  EXPECT_EQ(co_await error_of_opening(folder / "f", mode::resume),
            fmt::format("there is no crawl to resume in '{}/f'", folder.path()));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_folder_with_other_files_is_left_alone) {
  const temporary_directory folder;
  write_file(folder / "mine", "precious");
  EXPECT_EQ(co_await error_of_opening(folder.path(), mode::begin),
            fmt::format("'{}' holds other files: a frontier takes a folder of its own", folder.path()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

void make_database_of_another(const std::string& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder, &opened).ok());
  const std::unique_ptr<rocksdb::DB> made(opened);
  ASSERT_TRUE(made->Put(rocksdb::WriteOptions(), "a key", "precious").ok());
}

std::map<std::string, std::string> contents_of(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& each : std::filesystem::directory_iterator(folder))
    contents[each.path().filename()] = content_of(each.path());
  return contents;
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, the_database_of_another_program_is_left_as_it_was) {
  const temporary_directory folder;
  make_database_of_another(folder / "f");
  const auto before = contents_of(folder / "f");
  for (const mode how : {mode::begin, mode::resume})
    EXPECT_EQ(co_await error_of_opening(folder / "f", how),
              fmt::format("'{}/f' is the database of another program", folder.path()));
  EXPECT_EQ(contents_of(folder / "f"), before);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, other_settings_are_refused) {
  const temporary_directory folder;
  co_await make_crawl(folder / "f", "--depth 3");
  EXPECT_EQ(
      co_await error_of_opening(folder / "f", mode::resume, "--depth 4"),
      fmt::format("the crawl in '{}/f' was begun with --depth 3; it cannot be resumed with --depth 4", folder.path()));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_broken_folder_is_one_line) {
  const temporary_directory folder;
  co_await make_crawl(folder / "f", "");
  write_file(folder / "f/CURRENT", "MANIFEST-999999\n");
  const std::string problem = co_await error_of_opening(folder / "f", mode::resume);
  EXPECT_TRUE(problem.starts_with(fmt::format("cannot open the frontier '{}/f': ", folder.path()))) << problem;
  EXPECT_EQ(problem.find('\n'), std::string::npos);
}

// ---- a crawl with it

// A site of numbered pages, each with links to a few others.
constexpr int size_of_site = 60;

std::string numbered_page(const std::string& target) {
  if (target.size() < 2) return "<a href=/0>";
  const int number = std::stoi(target.substr(1));
  std::string body;
  for (const int other : {number * 2 + 1, number * 2 + 2, (number * 7 + 3) % size_of_site})
    if (other < size_of_site) body += fmt::format("<a href=/{}>", other);
  return body;
}

scripted_server::script numbered_site(list& asked) {
  return answering([&asked](const std::string& request) {
    asked.push_back(target_of(request));
    return response_text(200, numbered_page(asked.back()), "Content-Type: text/html\r\n");
  });
}

/// Crawls until `most_pages`, with a frontier in the folder.
coro<crawled> crawl_with(const temporary_directory& folder, std::string seed, mode how,
                         std::optional<std::uint64_t> most_pages = {}) {
  const auto all = co_await rocksdb_frontier::open(folder / "frontier", how, "");
  auto out = how == mode::begin ? co_await output::open(folder / "out")
                                : co_await output::reopen(folder / "out", all->position());
  all->write_to(out);
  auto options = hocket::testing::from({seed}, {.max_pages = most_pages, .concurrency = 4});
  crawled found;
  hocket::crawl::crawler work(std::move(options), out, observe(found), {.frontier = all});
  co_await work.run();
  read_directory(folder / "out", found);
  co_return found;
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_crawl_in_parts_is_a_crawl_and_fetches_no_page_twice) {
  list asked;
  scripted_server web(numbered_site(asked));
  const temporary_directory in_one;
  const crawled whole = co_await crawl_with(in_one, web.url(), mode::begin);
  EXPECT_EQ(whole.pages.size(), size_of_site + 1U);
  asked.clear();

  const temporary_directory in_parts;
  static_cast<void>(co_await crawl_with(in_parts, web.url(), mode::begin, 10));
  EXPECT_EQ(asked.size(), 10U);
  static_cast<void>(co_await crawl_with(in_parts, web.url(), mode::resume, 25));
  EXPECT_EQ(asked.size(), 25U);
  const crawled last = co_await crawl_with(in_parts, web.url(), mode::resume);
  EXPECT_EQ(asked.size(), size_of_site + 1U);
  EXPECT_EQ(last.links, whole.links);
  EXPECT_EQ(last.pages.size(), whole.pages.size());
  for (const char* count : {"pages", "ok", "failed", "links", "bytes"})
    EXPECT_EQ(last.summary[count], whole.summary[count]);
  EXPECT_EQ(last.summary["skipped"], nlohmann::json::object());
}

std::chrono::sys_seconds time_of_day{};

/// Crawls from these seeds at that time of day, with a frontier in the folder.
coro<crawled> crawl_at(const temporary_directory& folder, std::chrono::seconds when, mode how,
                       hocket::crawl::crawl_options options, hocket::crawl::rocksdb_frontier_options keeping = {},
                       hocket::crawl::crawl_hooks hooks = {}) {
  time_of_day = std::chrono::sys_seconds(std::chrono::hours(500'000) + when);
  keeping.by_level = options.depth.has_value();
  const auto all = co_await rocksdb_frontier::open(folder / "frontier", how, "", keeping);
  auto out = how == mode::begin ? co_await output::open(folder / "out")
                                : co_await output::reopen(folder / "out", all->position());
  all->write_to(out);
  options.wall_clock = [] { return time_of_day; };
  crawled found;
  hocket::crawl::crawler work(std::move(options), out, std::move(hooks), {.frontier = all});
  co_await work.run();
  read_directory(folder / "out", found);
  co_return found;
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_crawl_that_is_resumed_leaves_hosts_alone_that_were_to_be) {
  list asked;
  scripted_server web(answering([&asked](const std::string& request) {
    asked.push_back(target_of(request));
    if (asked.size() == 2) return response_text(429, "", "Retry-After: 3600\r\n");
    return response_text(200, "<a href=/1><a href=/2><a href=/3>", "Content-Type: text/html\r\n");
  }));
  const temporary_directory folder;
  const auto part = [&](mode how, std::chrono::seconds when) -> coro<crawled> {
    co_return co_await crawl_at(folder, when, how, hocket::testing::from({web.url()}, {.per_host = 1}));
  };
  const nlohmann::json two_wait{{"host_rests", 2}};
  EXPECT_EQ((co_await part(mode::begin, std::chrono::seconds(0))).summary["skipped"], two_wait);
  EXPECT_EQ((co_await part(mode::resume, std::chrono::seconds(3500))).summary["skipped"], two_wait);
  EXPECT_EQ(asked, (list{"/", "/1"}));
  EXPECT_EQ((co_await part(mode::resume, std::chrono::seconds(3600))).pages.size(), 4U);
  EXPECT_EQ(asked, (list{"/", "/1", "/2", "/3"}));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_shorter_rest_takes_nothing_from_a_longer_one) {
  list asked;
  hocket::event longer_was_heard;
  scripted_server web([&](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    for (;;) {
      const std::string request = co_await hocket::testing::read_request(peer);
      if (request.empty()) co_return;
      asked.push_back(target_of(request));
      const std::string what = asked.back();
      if (what == "/2") co_await longer_was_heard.wait();
      if (what == "/1")
        co_await peer.send_all(response_text(429, "", "Retry-After: 3600\r\n"));
      else if (what == "/2")
        co_await peer.send_all(response_text(429, "", "Retry-After: 120\r\n"));
      else
        co_await peer.send_all(response_text(200, "<a href=/1><a href=/2><a href=/3>", "Content-Type: text/html\r\n"));
    }
  });
  hocket::crawl::crawl_hooks hooks;
  hooks.on_page = [&](const page_record& page) {
    if (page.url.ends_with("/1")) longer_was_heard.set();
  };
  const temporary_directory folder;
  const auto part = [&](mode how, std::chrono::seconds when) -> coro<void> {
    static_cast<void>(
        co_await crawl_at(folder, when, how, hocket::testing::from({web.url()}, {.per_host = 2}), {}, hooks));
  };
  co_await part(mode::begin, std::chrono::seconds(0));
  co_await part(mode::resume, std::chrono::seconds(3500));
  EXPECT_EQ(asked, (list{"/", "/1", "/2"}));
}

/// A page that leads to so many others, of which each wants the host to be left alone for an hour.
scripted_server::script wanting_rest(int pages) {
  return answering([pages](const std::string& request) {
    if (target_of(request) != "/") return response_text(429, "", "Retry-After: 3600\r\n");
    std::string links;
    for (const std::string& each : numbered("/x", pages)) links += fmt::format("<a href={}>", each);
    return response_text(200, links, "Content-Type: text/html\r\n");
  });
}

/// So many pages, each of which leads to the next.
scripted_server::script chain_of(int pages) {
  return answering([pages](const std::string& request) {
    const std::string which = target_of(request).substr(1);
    const int next = which.empty() ? 1 : std::stoi(which) + 1;
    return response_text(200, next < pages ? fmt::format("<a href=/{}>", next) : "", "Content-Type: text/html\r\n");
  });
}

std::ptrdiff_t pages_of(const crawled& found, const scripted_server& web) {
  return std::ranges::count_if(found.pages, [&](const auto& each) { return each.first.starts_with(web.url()); });
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_host_that_rests_does_not_keep_others_from_the_next_level) {
  scripted_server resting(wanting_rest(20));
  scripted_server web(chain_of(9));
  const temporary_directory folder;
  const crawled found =
      co_await crawl_at(folder, {}, mode::begin,
                        hocket::testing::from({resting.url(), web.url()}, {.depth = 20U, .per_host = 1, .retries = 0}));
  EXPECT_EQ(pages_of(found, web), 9);
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"host_rests", 19}}));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, hosts_that_rest_take_no_room_from_others) {
  std::deque<scripted_server> resting;
  auto options = hocket::testing::from({}, {.per_host = 1, .retries = 0});
  for (int n = 0; n < 8; ++n) options.seeds.push_back(*url::parse(resting.emplace_back(wanting_rest(30)).url()));
  scripted_server web(chain_of(9));
  options.seeds.push_back(*url::parse(web.url()));
  const temporary_directory folder;
  const crawled found = co_await crawl_at(folder, {}, mode::begin, std::move(options), {.of_host = 4, .in_all = 8});
  EXPECT_EQ(pages_of(found, web), 9);
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"host_rests", 8 * 29}}));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, pages_that_lead_to_a_host_that_rests_do_not_keep_others_from_the_next_level) {
  scripted_server resting(wanting_rest(1));
  scripted_server leading(answering([&](const std::string& request) {
    const std::string what = target_of(request);
    if (what != "/") return hocket::testing::redirect_to(resting.url(what));
    std::string links;
    for (const std::string& each : numbered("/y", 10)) links += fmt::format("<a href={}>", each);
    return response_text(200, links, "Content-Type: text/html\r\n");
  }));
  scripted_server web(chain_of(9));
  const temporary_directory folder;
  const crawled found = co_await crawl_at(
      folder, {}, mode::begin,
      hocket::testing::from({resting.url(), leading.url(), web.url()}, {.depth = 20U, .per_host = 1, .retries = 0}));
  EXPECT_EQ(pages_of(found, web), 9);
  const nlohmann::json& all = found.summary;  // what was under way before it was known has failed
  EXPECT_EQ(all["failed"].get<int>() + all["skipped"]["host_rests"].get<int>(), 11);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, sitemaps_that_were_read_are_not_read_again_when_the_crawl_is_resumed) {
  list asked;
  std::string origin;
  scripted_server web(answering([&](const std::string& request) {
    const std::string what = asked.emplace_back(target_of(request));
    if (what == "/robots.txt") return response_text(200, "Sitemap: /s1\nSitemap: /s2\nSitemap: /s3\n");
    if (!what.starts_with("/s")) return response_text(200, "", "Content-Type: text/html\r\n");
    std::string named;
    for (int n = 0; n < (what == "/s3" ? 9 : 1); ++n) named += fmt::format("{}/of{}/{}\n", origin, what, n);
    return response_text(200, named, "Content-Type: text/plain\r\n");
  }));
  origin = web.url("");
  const temporary_directory folder;
  auto options = hocket::testing::from({web.url()}, {.max_pages = 5U, .per_host = 1, .sitemaps = true});
  co_await crawl_at(folder, {}, mode::begin, options);
  options.max_pages.reset();
  const crawled found = co_await crawl_at(folder, {}, mode::resume, options);
  EXPECT_EQ(found.pages.size(), 12U);
  for (const char* sitemap : {"/s1", "/s2", "/s3"}) EXPECT_EQ(std::ranges::count(asked, sitemap), 1) << sitemap;
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_crawl_in_parts_takes_no_more_links_to_a_host_than_one) {
  list asked;
  scripted_server web(numbered_site(asked));
  const temporary_directory folder;
  const auto part = [&](mode how, std::optional<std::uint64_t> most) -> coro<void> {
    const auto all = co_await rocksdb_frontier::open(folder / "frontier", how, "");
    auto out = how == mode::begin ? co_await output::open(folder / "out")
                                  : co_await output::reopen(folder / "out", all->position());
    all->write_to(out);
    auto options = hocket::testing::from({web.url()}, {.max_pages = most, .concurrency = 4});
    options.traps.pages_of_a_host = 30;
    hocket::crawl::crawler work(std::move(options), out, {}, {.frontier = all});
    co_await work.run();
  };
  co_await part(mode::begin, 10);
  co_await part(mode::resume, {});
  EXPECT_EQ(asked.size(), 31U);  // the seed and 30 links
}

// Of the lines only those belong to a batch whose pages it has.
HOCKET_REAL_TIME_TEST(rocksdb_frontier, pages_that_have_found_very_much_make_batches_of_their_own) {
  const temporary_directory folder;
  places out;
  const auto all = co_await rocksdb_frontier::open(folder / "f", mode::begin, "");
  all->write_to(out);
  const auto first = seeds(numbered("http://a/", 3));
  const auto given = co_await all->begin(first, take_all);
  const std::string filler(3000, 'x');
  std::vector<std::vector<page_link>> links;
  for (int n = 0; n < 3; ++n) links.push_back(links_to(numbered(fmt::format("http://a/{}{}/", filler, n), 1000)));
  std::vector<finished_page> pages;
  for (std::size_t n = 0; n < 3; ++n) pages.push_back({.page = given.at(n), .links = links.at(n)});
  list positions;
  out.flushed = [&] { positions.push_back(all->position()); };
  const rocksdb_frontier::judge judge = take_all;
  std::vector<hocket::task<std::vector<target>>> ends;
  for (std::size_t n = 0; n < 3; ++n) {
    out.now = fmt::format("behind {}", n);
    ends.push_back(hocket::create_task(all->finish(pages[n], judge), {.eager_start = true}));
  }
  std::size_t fresh = 0;
  for (auto& each : ends) fresh += (co_await each).size();
  EXPECT_EQ(positions, (list{"behind 1", "behind 2"}));  // 3 MB of URLs each, and 4 MiB make a batch
  EXPECT_EQ(all->seen(), 3003U);
  EXPECT_EQ(fresh + all->kept(), 3000U);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, lines_of_pages_that_were_not_finished_are_taken_away) {
  list asked;
  scripted_server web(numbered_site(asked));
  const temporary_directory folder;
  static_cast<void>(co_await crawl_with(folder, web.url(), mode::begin, 10));
  write_file(folder / "out/links.tsv", content_of(folder / "out/links.tsv") + "half a");
  write_file(folder / "out/pages.jsonl", content_of(folder / "out/pages.jsonl") + "{\"url\":\"http://a/\"}\n");
  const crawled found = co_await crawl_with(folder, web.url(), mode::resume);
  EXPECT_EQ(found.pages.size(), size_of_site + 1U);
  EXPECT_FALSE(found.pages.contains("http://a/"));
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, output_that_lacks_lines_is_not_resumed) {
  list asked;
  scripted_server web(numbered_site(asked));
  const temporary_directory folder;
  static_cast<void>(co_await crawl_with(folder, web.url(), mode::begin, 10));
  write_file(folder / "out/links.tsv", "short");
  const auto outcome = co_await hocket::as_result(crawl_with(folder, web.url(), mode::resume));
  EXPECT_FALSE(outcome);
}

HOCKET_REAL_TIME_TEST(rocksdb_frontier, a_full_disk_ends_the_crawl_and_loses_nothing) {
  list asked;
  scripted_server web(numbered_site(asked));
  const temporary_directory folder;
  {
    const small_files limit(3000);
    const auto outcome = co_await hocket::as_result(crawl_with(folder, web.url(), mode::begin));
    EXPECT_FALSE(outcome);
  }
  const crawled found = co_await crawl_with(folder, web.url(), mode::resume);
  EXPECT_EQ(found.pages.size(), size_of_site + 1U);
  EXPECT_EQ(found.summary["pages"], size_of_site + 1);
}

}  // namespace
