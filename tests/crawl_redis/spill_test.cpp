// What becomes of URLs for which Redis has no room.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <crawl_redis/shared_crawl.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/crawl_redis/crawl_control.hpp>
#include <hocket/crawl_redis/detail/spill_files.hpp>

using hocket::coro;
using hocket::crawl::crawl_control;
using hocket::crawl::detail::spill_files;
using hocket::testing::links;
using hocket::testing::redis_server;
using hocket::testing::scripted_worker;
using hocket::testing::temporary_directory;
using hocket::testing::texts;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t small = 400;  // bytes: some fifteen URLs

// A worker that has one page of partition 0 under way, in a crawl of which so little may wait.
coro<std::unique_ptr<scripted_worker>> begin_small(redis_server& server, bool by_level = false) {
  co_await server.start();
  auto one = std::make_unique<scripted_worker>(server, "one");
  EXPECT_TRUE(co_await one->join("same", by_level, std::nullopt, small));
  co_await one->see(0, 1);
  co_await one->tick();
  EXPECT_EQ((co_await one->take()).size(), 1U);
  co_return one;
}

std::vector<std::pair<unsigned, unsigned>> numbers(unsigned from, unsigned to) {
  std::vector<std::pair<unsigned, unsigned>> all;
  for (unsigned n = from; n < to; ++n) all.emplace_back(0U, n);
  return all;
}

// The same, and the page has led to a hundred URLs.
coro<std::unique_ptr<scripted_worker>> begin_full(redis_server& server) {
  auto one = co_await begin_small(server);
  one->spill_as("0");
  EXPECT_TRUE(co_await one->report(0, "http://host0/0", numbers(1, 101)));
  co_return one;
}

std::vector<unsigned> plain(unsigned from, unsigned to) {
  std::vector<unsigned> all(to - from);
  std::iota(all.begin(), all.end(), from);
  return all;
}

coro<std::uint64_t> spilled(redis_server& server) {
  crawl_control control(server.options());
  const auto found = co_await control.look();
  co_await control.close();
  std::uint64_t sum = 0;
  for (const auto& [worker, count] : found->spilled) sum += count;
  co_return sum;
}

}  // namespace

HOCKET_PEER_TEST(spill, keeps_out_of_redis_what_it_has_no_room_for_until_that_is_offered) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto made = co_await begin_full(server);
  scripted_worker& one = *made;
  EXPECT_GE(one.queue_eighths(), 8U);
  const std::uint64_t kept_out = co_await spilled(server);
  EXPECT_GT(kept_out, 70U);
  co_await one.tick();
  EXPECT_EQ(one.state().open, 100U);
  std::size_t given = (co_await one.take()).size();
  EXPECT_EQ(given, 100 - kept_out);
  co_await one.offer("one", 0, plain(1, 101));
  EXPECT_EQ(co_await spilled(server), 0U);
  co_await one.offer("one", 0, plain(1, 101));  // again: nothing
  given += (co_await one.take()).size();
  EXPECT_EQ(given, 100U);
  EXPECT_TRUE((co_await one.take()).empty());
}

HOCKET_PEER_TEST(spill, takes_what_comes_last_first_and_what_comes_first_last) {
  HOCKET_NEEDS("redis-server");
  for (const auto& [priority, eighths] :
       std::vector<std::pair<std::string, unsigned>>{{"-1", 6}, {"0", 8}, {"1", 10}}) {
    redis_server server;
    const auto made = co_await begin_small(server);
    made->spill_as(priority);
    EXPECT_TRUE(co_await made->report(0, "http://host0/0", numbers(1, 101)));
    EXPECT_EQ(made->queue_eighths(), eighths) << priority;
  }
}

HOCKET_PEER_TEST(spill, leaves_in_line_what_is_in_no_file) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto made = co_await begin_small(server);
  EXPECT_TRUE(co_await made->report(0, "http://host0/0", numbers(1, 101)));
  EXPECT_EQ((co_await made->take()).size(), 100U);
}

HOCKET_PEER_TEST(spill, holds_the_next_level_back_as_what_waits_in_redis_does) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto made = co_await begin_small(server, true);
  scripted_worker& one = *made;
  one.spill_as("0");
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", numbers(1, 31)));
  const texts first = co_await one.take();
  for (const std::string& href : first) EXPECT_TRUE(co_await one.report(0, href, links(0, 1000), 2));
  EXPECT_TRUE((co_await one.take()).empty());  // the rest of the first level is in the file
  co_await one.offer("one", 0, plain(1, 31));
  const texts second = co_await one.take();
  EXPECT_EQ(first.size() + second.size(), 30U);
  for (const std::string& href : second) EXPECT_TRUE(co_await one.report(0, href));
  EXPECT_EQ((co_await one.take()), texts(1, "http://host0/1000"));
}

HOCKET_PEER_TEST(spill, is_found_once_more_and_nothing_comes_of_it) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto made = co_await begin_full(server);
  scripted_worker& one = *made;
  const std::uint64_t before = co_await spilled(server);
  const texts given = co_await one.take();
  one.spill_as("-");
  for (const std::string& href : given) EXPECT_TRUE(co_await one.report(0, href, numbers(1, 101)));
  EXPECT_EQ(co_await spilled(server), before);
  EXPECT_TRUE((co_await one.take()).empty());
}

HOCKET_PEER_TEST(spill, of_a_worker_that_is_gone_is_told_and_can_be_given_up) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto made = co_await begin_full(server);
  for (const std::string& href : co_await made->take()) EXPECT_TRUE(co_await made->report(0, href));
  const std::uint64_t left = co_await spilled(server);
  co_await made->tick();
  EXPECT_TRUE(made->state().gone.empty());
  co_await made->store().leave(made->mine());
  scripted_worker two(server, "two");
  EXPECT_TRUE(co_await two.join("same"));
  co_await two.tick();
  EXPECT_EQ(two.state().open, left);
  EXPECT_EQ(two.state().gone, (std::map<std::string, std::uint64_t>{{"one", left}}));
  crawl_control control(server.options());
  static_cast<void>(co_await two.store().tick(std::chrono::hours(1), 0s, "{}", texts(1, "one")));
  co_await two.tick();
  EXPECT_TRUE(two.state().gone.empty());  // it has the file
  EXPECT_EQ(co_await control.drop_spill("one"), std::nullopt);
  co_await two.store().leave(two.mine());
  EXPECT_EQ(co_await control.drop_spill("one"), left);
  EXPECT_EQ(co_await control.drop_spill("one"), 0U);
  co_await two.tick();
  EXPECT_EQ(two.state().open, 0U);
  EXPECT_EQ((co_await control.look())->counts.at("skipped:spilled"), left);
  co_await control.close();
}

HOCKET_PEER_TEST(spill_files, give_back_what_was_added_in_order_and_in_batches) {
  const temporary_directory parts;
  std::filesystem::create_directory(parts / "part-one");
  spill_files files(parts.path(), "one");
  EXPECT_EQ((co_await files.next(10)).lines.size(), 0U);
  for (unsigned n = 0; n < 5000; ++n) files.add(n % 7, "http://host/" + std::to_string(n));
  co_await files.flush();
  EXPECT_EQ(files.waiting_bytes(), 0U);  // nobody has reported them
  files.was_reported(files.added_bytes());
  unsigned seen = 0;
  while (files.waiting_bytes() > 0) {
    auto batch = co_await files.next(300);
    EXPECT_EQ(batch.by, "one");
    EXPECT_LE(batch.lines.size(), 300U);
    for (const auto& each : batch.lines) {
      EXPECT_EQ(each.depth, seen % 7);
      EXPECT_EQ(each.href, "http://host/" + std::to_string(seen++));
    }
    co_await files.taken(std::move(batch));
  }
  EXPECT_EQ(seen, 5000U);
}

HOCKET_PEER_TEST(spill_files, give_again_what_redis_may_have_forgotten) {
  const temporary_directory parts;
  std::filesystem::create_directory(parts / "part-one");
  spill_files files(parts.path(), "one");
  files.add(1, "http://host/a");
  co_await files.flush();
  files.was_reported(files.added_bytes());
  files.add(1, "http://host/not-reported");
  co_await files.flush();
  auto batch = co_await files.next(10);
  co_await files.taken(std::move(batch));
  EXPECT_EQ(files.waiting_bytes(), 0U);
  files.rewind();
  batch = co_await files.next(10);
  EXPECT_EQ(batch.lines.size(), 1U);
  files.rewind();  // while that is on its way
  co_await files.taken(std::move(batch));
  EXPECT_EQ((co_await files.next(10)).lines.size(), 1U);
}

HOCKET_PEER_TEST(spill_files, of_a_worker_that_is_gone_are_adopted_without_a_torn_line) {
  const temporary_directory parts;
  for (const char* name : {"part-one", "part-two"}) std::filesystem::create_directory(parts / name);
  std::ofstream(parts / "part-one/spill.tsv") << "3\thttp://host/a\nbroken\n4\thttp://host/b\n5\thttp://ho";
  spill_files files(parts.path(), "two");
  EXPECT_EQ(co_await files.adopt(texts(1, "of another crawl")), texts());
  EXPECT_EQ(co_await files.adopt(texts(1, "one")), texts(1, "one"));
  spill_files third(parts.path(), "three");
  EXPECT_EQ(co_await third.adopt(texts(1, "one")), texts());  // somebody has it
  auto batch = co_await files.next(10);
  EXPECT_EQ(batch.by, "one");
  EXPECT_EQ(batch.lines.size(), 2U);
  co_await files.taken(std::move(batch));
  batch = co_await files.next(10);
  EXPECT_TRUE(batch.lines.empty());
  EXPECT_TRUE(batch.is_last);
  co_await files.taken(std::move(batch));
  EXPECT_EQ(files.waiting_bytes(), 0U);
  EXPECT_FALSE(std::filesystem::exists(parts / "part-one/spill.tsv"));
}

HOCKET_PEER_TEST(spill_files, that_cannot_be_written_lose_nothing) {
  const temporary_directory parts;
  spill_files files(parts.path(), "one");
  files.add(1, "http://host/a");
  std::string problem;
  try {
    co_await files.flush();
  } catch (const hocket::error& each) {
    problem = each.what();
  }
  EXPECT_TRUE(problem.starts_with("cannot write '" + parts.path() + "/part-one/spill.tsv': ")) << problem;
  std::filesystem::create_directory(parts / "part-one");
  co_await files.flush();
  files.was_reported(files.added_bytes());
  EXPECT_EQ((co_await files.next(10)).lines.size(), 1U);
}
