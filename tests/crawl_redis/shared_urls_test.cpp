// What becomes of URLs that workers share.

#include <algorithm>
#include <map>
#include <set>

#include <crawl_redis/shared_crawl.hpp>

#include <hocket/crawl_redis/detail/holdings.hpp>

using hocket::coro;
using hocket::testing::begin_crawl;
using hocket::testing::links;
using hocket::testing::redis_server;
using hocket::testing::scripted_worker;
using hocket::testing::texts;
using hocket::testing::words;
using namespace std::chrono_literals;

HOCKET_PEER_TEST(shared_urls, settings_are_those_of_the_first_worker) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one"), two(server, "two");
  EXPECT_TRUE(co_await one.join("--depth 1"));
  EXPECT_TRUE(co_await two.join("--depth 1"));
  EXPECT_FALSE(co_await two.join("--depth 2"));
}

HOCKET_PEER_TEST(shared_urls, each_is_given_once_however_often_it_is_found) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one");
  EXPECT_TRUE(co_await one.join());
  co_await one.see(0, 1);
  co_await one.see(0, 1);
  co_await one.tick();
  EXPECT_EQ(co_await one.take(), words("http://host0/0"));
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", links(0, 0, 0, 1, 0, 1)));
  EXPECT_EQ(co_await one.take(), words("http://host0/1"));
  EXPECT_TRUE(co_await one.report(0, "http://host0/1", links(0, 1)));
  co_await one.tick();
  EXPECT_EQ(one.state().open, 0U);
}

HOCKET_PEER_TEST(shared_urls, a_report_that_is_sent_again_changes_nothing) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 1U);
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", links(1, 0)));
  EXPECT_FALSE(co_await one.report(0, "http://host0/0", links(1, 0)));
  co_await one.tick();
  EXPECT_EQ(one.state().open, 1U);
  EXPECT_EQ(co_await one.store().client().hget(hocket::crawl::detail::key_prefix("crawl") + "state", "pages"), "1");
}

HOCKET_PEER_TEST(shared_urls, what_was_given_and_not_heard_of_is_found_again) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 3);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take(2)).size(), 2U);
  const auto again = co_await one.store().taken(one.mine());
  EXPECT_EQ(again.urls.size(), 2U);
  EXPECT_TRUE(again.urls.at(0).is_seed);
}

HOCKET_PEER_TEST(shared_urls, hosts_have_their_turns_and_no_more_than_they_may) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one");
  EXPECT_TRUE(co_await one.join());
  co_await one.see(0, 50);
  co_await one.see(1, 50);
  co_await one.tick();
  EXPECT_EQ((co_await one.take(100, 10)).size(), 20U);
  EXPECT_TRUE((co_await one.take(100, 10)).empty());
  EXPECT_TRUE(co_await one.report(1, "http://host1/3"));
  EXPECT_EQ(co_await one.take(100, 10), words("http://host1/10"));
}

HOCKET_PEER_TEST(shared_urls, no_more_are_given_than_pages_are_left) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one"), two(server, "two");
  EXPECT_TRUE(co_await one.join("same", false, 3));
  co_await one.see(0, 5);
  co_await one.tick();
  EXPECT_EQ((co_await one.take()).size(), 3U);
  EXPECT_TRUE((co_await one.take()).empty());
  EXPECT_TRUE(co_await one.report(0, "http://host0/0"));
  EXPECT_TRUE(co_await one.report(0, "http://host0/1"));
  EXPECT_TRUE((co_await one.take()).empty());
  co_await one.tick();
  EXPECT_EQ(one.state().open, 3U);
  co_await one.store().leave(one.mine());
  EXPECT_TRUE(co_await two.join("same", false, 3));
  co_await two.tick();
  EXPECT_EQ(co_await two.take(), words("http://host0/2"));
  EXPECT_TRUE(co_await two.report(0, "http://host0/2"));
  co_await two.tick();
  EXPECT_EQ(two.state().open, 0U);
  EXPECT_TRUE((co_await two.take()).empty());
}

HOCKET_PEER_TEST(shared_urls, who_gets_a_partition_hears_which_hosts_rest) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker& one = *first;
  const std::int64_t now =
      co_await one.store().client().command<std::int64_t>("EVAL", "return redis.call('TIME')[1] * 1", "0");
  co_await one.say("rest", 0, "host0", (now + 100) * 1000);
  co_await one.say("rest", 0, "long-over", (now - 100) * 1000);
  co_await one.say("pace", 0, "slow", 7000);
  co_await one.say("pace", 0, "host0", 2000);
  co_await one.say("rest", 1, "host1", (now + 100) * 1000);
  const auto rests = co_await one.store().rests(one.mine());
  EXPECT_EQ(rests.size(), 2U);
  EXPECT_EQ(rests.at("slow"), 7s);
  EXPECT_GT(rests.at("host0"), 80s);
  EXPECT_LE(rests.at("host0"), 100s);
}

HOCKET_PEER_TEST(shared_urls, what_was_counted_goes_on_with_that_it_was_judged) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 1U);
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", links(0, 1, 0, 2)));
  EXPECT_EQ((co_await one.take()).size(), 2U);
  const texts counted = words("2", "77", "1", "18446744073709551615", "4");
  co_await one.judged("http://host0/1", counted);
  co_await one.store().leave(one.mine());
  scripted_worker two(server, "two");
  co_await two.tick();
  co_await one.judged("http://host0/2", words("1", "77", "9"));
  const auto counts = co_await two.store().counts(two.mine());
  EXPECT_EQ(std::map(counts.begin(), counts.end()), (std::map<std::uint64_t, std::uint64_t>{{77, 1}, {UINT64_MAX, 4}}));
  const auto taken = co_await two.store().take(10, 10, two.mine());
  std::map<std::string, bool> judged;
  for (const auto& each : taken.urls) judged.emplace(each.href, each.is_judged);
  EXPECT_EQ(judged, (std::map<std::string, bool>{{"http://host0/1", true}, {"http://host0/2", false}}));
}

HOCKET_PEER_TEST(shared_urls, digests_stay_in_small_sorted_sets) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one");
  EXPECT_TRUE(co_await one.join());
  for (int again = 0; again < 2; ++again) co_await one.see(5, 20'000);
  hocket::redis::client& store = one.store().client();
  const std::string prefix = hocket::crawl::detail::key_prefix("crawl");
  EXPECT_EQ(co_await store.hget(prefix + "seen", "5"), "20000");
  EXPECT_EQ(co_await store.hget(prefix + "buckets", "5"), "100");
  std::int64_t in_all = 0;
  for (int n = 0; n < 100; ++n) {
    const std::string set = prefix + "seen:5:" + std::to_string(n);
    EXPECT_EQ(co_await store.command<std::string>("OBJECT", "ENCODING", set), "intset");
    in_all += co_await store.command<std::int64_t>("SCARD", set);
  }
  EXPECT_EQ(in_all, 20'000);
}

HOCKET_PEER_TEST(shared_urls, no_level_is_begun_before_the_last_is_finished_everywhere) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one");
  EXPECT_TRUE(co_await one.join("same", true));
  co_await one.see(0, 1);
  co_await one.see(1, 1);
  co_await one.tick();
  EXPECT_EQ((co_await one.take()).size(), 2U);
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", links(0, 1), 1));
  EXPECT_TRUE((co_await one.take()).empty());
  EXPECT_TRUE(co_await one.report(1, "http://host1/0", links(0, 2), 1));
  EXPECT_EQ((co_await one.take()).size(), 2U);
}

HOCKET_PEER_TEST(shared_urls, what_a_page_under_way_was_redirected_to_is_its_own) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 2);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 2U);
  EXPECT_TRUE(co_await one.claim(0, "http://host0/0", 0, 9));
  EXPECT_TRUE(co_await one.claim(0, "http://host0/0", 0, 9));
  EXPECT_FALSE(co_await one.claim(0, "http://host0/1", 0, 9));
  EXPECT_FALSE(co_await one.claim(0, "http://host0/1", 0, 0));
  EXPECT_TRUE(co_await one.report(0, "http://host0/1", links(0, 9)));
  EXPECT_TRUE((co_await one.take()).empty());
  texts claimed(1, "http://host0/9");
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", links(), 1, claimed));
  EXPECT_TRUE((co_await one.take()).empty());
  co_await one.tick();
  EXPECT_EQ(one.state().open, 0U);
}

HOCKET_PEER_TEST(shared_urls, what_a_page_has_claimed_and_not_come_to_is_given_if_it_was_found) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 2);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 2U);
  EXPECT_TRUE(co_await one.claim(0, "http://host0/0", 0, 9));
  EXPECT_TRUE(co_await one.claim(0, "http://host0/0", 0, 8));
  EXPECT_TRUE(co_await one.report(0, "http://host0/1", links(0, 9)));
  EXPECT_TRUE(co_await one.report(0, "http://host0/0"));
  EXPECT_EQ(co_await one.take(), words("http://host0/9"));
  EXPECT_TRUE(co_await one.report(0, "http://host0/9", links(0, 8)));
  EXPECT_EQ(co_await one.take(), words("http://host0/8"));
}

HOCKET_PEER_TEST(shared_urls, what_a_page_releases_and_leads_to_itself_is_given) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 1U);
  EXPECT_TRUE(co_await one.claim(0, "http://host0/0", 0, 9));
  EXPECT_TRUE(co_await one.claim(0, "http://host0/0", 0, 8));
  EXPECT_TRUE(co_await one.report(0, "http://host0/0", links(0, 9)));
  EXPECT_EQ(co_await one.take(), words("http://host0/9"));
  co_await one.tick();
  EXPECT_EQ(one.state().open, 1U);
}

HOCKET_PEER_TEST(shared_urls, one_that_is_set_aside_holds_up_no_end_and_comes_back_with_the_next_run) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 1U);
  co_await one.move("aside", "http://host0/0");
  co_await one.tick();
  EXPECT_EQ(one.state().open, 0U);
  co_await one.store().leave(one.mine());
  scripted_worker next(server, "next");
  EXPECT_TRUE(co_await next.join());
  co_await next.tick();
  EXPECT_EQ(next.state().open, 1U);
  EXPECT_EQ(co_await next.take(), words("http://host0/0"));
}

HOCKET_PEER_TEST(shared_urls, one_that_comes_back_from_an_earlier_level_is_given) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 2, true);
  scripted_worker& one = *first;
  EXPECT_EQ((co_await one.take()).size(), 2U);
  EXPECT_TRUE(co_await one.report(0, "http://host0/1", links(0, 7)));
  co_await one.move("aside", "http://host0/0");
  EXPECT_EQ((co_await one.take()).size(), 1U);
  co_await one.move("back", "http://host0/0");
  EXPECT_EQ(co_await one.take(), words("http://host0/0"));
}

HOCKET_PEER_TEST(shared_urls, what_was_passed_over_counts_once_and_only_if_nobody_has_seen_it) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one"), two(server, "two");
  EXPECT_TRUE(co_await one.join());
  co_await one.see(0, 1);
  texts both;
  for (unsigned n = 0; n < 2; ++n) {
    both.emplace_back("0");
    both.push_back(scripted_worker::digest_of(0, n));
  }
  const std::vector<bool> second(co_await one.store().pass(both));
  EXPECT_EQ(second, (std::vector<bool>{false, true}));
  const std::vector<bool> none(co_await two.store().pass(both));
  EXPECT_EQ(none, (std::vector<bool>{false, false}));
}
