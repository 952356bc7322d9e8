// Who has which partition, and what becomes of those who have lost one.

#include <algorithm>
#include <map>
#include <random>

#include <crawl_redis/shared_crawl.hpp>

using hocket::coro;
using hocket::testing::begin_crawl;
using hocket::testing::links;
using hocket::testing::redis_server;
using hocket::testing::scripted_worker;
using hocket::testing::texts;
using hocket::testing::words;
using namespace std::chrono_literals;

namespace {

/// Says that the worker lives until it has what it waits for: leases end by Redis' clock, which no test can turn.
coro<void> tick_until_it_has(scripted_worker& worker, std::size_t partitions) {
  for (int tries = 0; tries < 2000; ++tries) {
    co_await worker.tick();
    if (worker.mine().size() == partitions) co_return;
    co_await hocket::sleep(5ms);
  }
  throw std::runtime_error("it never has so many partitions");
}

}  // namespace

HOCKET_PEER_TEST(leases, a_partition_without_urls_is_nobodys) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one");
  EXPECT_TRUE(co_await one.join());
  co_await one.tick();
  EXPECT_TRUE(one.mine().empty());
  co_await one.see(3, 1);
  co_await one.tick();
  EXPECT_EQ(one.mine(), (hocket::crawl::detail::held_partitions{{3, 1}}));
}

HOCKET_PEER_TEST(leases, workers_share_what_there_is_rounded_up) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one"), two(server, "two"), three(server, "three");
  EXPECT_TRUE(co_await one.join());
  for (unsigned p = 0; p < 7; ++p) co_await one.see(p, 1);
  co_await one.tick();
  EXPECT_EQ(one.mine().size(), 7U);
  co_await two.tick();
  EXPECT_TRUE(two.mine().empty());
  co_await one.tick();
  EXPECT_EQ(one.state().too_many, 3);
  co_await three.tick();
  co_await one.tick();
  EXPECT_EQ(one.state().too_many, 4);
}

HOCKET_PEER_TEST(leases, shares_differ_by_one_at_most) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  std::vector<std::unique_ptr<scripted_worker>> workers;
  for (int n = 0; n < 4; ++n)
    workers.push_back(std::make_unique<scripted_worker>(server, "worker" + std::to_string(n)));
  EXPECT_TRUE(co_await workers[0]->join());
  for (unsigned p = 0; p < 13; ++p) co_await workers[0]->see(p, 1);
  for (int round = 0; round < 4; ++round) {
    for (const auto& worker : workers) {
      co_await worker->tick();
      hocket::crawl::detail::held_partitions too_many;
      for (const auto& each : worker->mine())
        if (std::cmp_less(too_many.size(), worker->state().too_many)) too_many.insert(each);
      if (!too_many.empty()) co_await worker->store().release(too_many);
    }
  }
  std::vector<std::size_t> shares;
  for (const auto& worker : workers) {
    co_await worker->tick();
    EXPECT_LE(worker->state().too_many, 0);
    shares.push_back(worker->mine().size());
  }
  std::ranges::sort(shares);
  EXPECT_EQ(shares, (std::vector<std::size_t>{3, 3, 3, 4}));
}

HOCKET_PEER_TEST(leases, two_workers_never_have_the_same_partition) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  std::vector<std::unique_ptr<scripted_worker>> workers;
  for (int n = 0; n < 4; ++n)
    workers.push_back(std::make_unique<scripted_worker>(server, "worker" + std::to_string(n), 30ms));
  EXPECT_TRUE(co_await workers[0]->join());
  for (unsigned p = 0; p < 16; ++p) co_await workers[0]->see(p, 3);
  std::mt19937 random(11);
  std::map<std::pair<unsigned, std::uint64_t>, std::size_t> holders;  // of each token ever
  for (int round = 0; round < 400; ++round) {
    const std::size_t which = random() % workers.size();
    scripted_worker& worker = *workers[which];
    co_await worker.tick();
    for (const auto& [p, token] : worker.mine()) {
      const std::pair<unsigned, std::uint64_t> lease(p, token);
      EXPECT_EQ(holders.try_emplace(lease, which).first->second, which);
    }
    if (random() % 4 == 0 && !worker.mine().empty()) {
      hocket::crawl::detail::held_partitions some;
      some.insert(*worker.mine().begin());
      co_await worker.store().release(some);
    }
    if (random() % 16 == 0) co_await hocket::sleep(20ms);
  }
}

HOCKET_PEER_TEST(leases, who_was_taken_over_from_changes_nothing) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker paused(server, "paused", 20ms), other(server, "other", 20ms);
  EXPECT_TRUE(co_await paused.join());
  co_await paused.see(0, 2);
  co_await paused.tick();
  EXPECT_EQ(co_await paused.take(1), words("http://host0/0"));
  co_await tick_until_it_has(other, 1);
  EXPECT_FALSE(co_await paused.report(0, "http://host0/0", links(0, 7)));
  EXPECT_FALSE(co_await paused.claim(0, "http://host0/0", 0, 8));
  EXPECT_TRUE((co_await paused.take()).empty());
  co_await paused.store().release(paused.mine());
  EXPECT_EQ(co_await other.take(), words("http://host0/0", "http://host0/1"));
  EXPECT_TRUE(co_await other.report(0, "http://host0/0"));
  EXPECT_FALSE(co_await paused.report(0, "http://host0/1"));
}

HOCKET_PEER_TEST(leases, a_lease_that_has_ended_is_its_owners_until_somebody_takes_it) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker slow(server, "slow", 1ms);
  EXPECT_TRUE(co_await slow.join());
  co_await slow.see(0, 1);
  co_await slow.tick();
  EXPECT_EQ(co_await slow.take(), words("http://host0/0"));
  co_await hocket::sleep(5ms);
  EXPECT_TRUE(co_await slow.report(0, "http://host0/0"));
}

HOCKET_PEER_TEST(leases, a_lease_that_has_not_ended_is_left_alone) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker two(server, "two");
  co_await two.tick();
  EXPECT_TRUE(two.mine().empty());
}

HOCKET_PEER_TEST(leases, a_partition_that_was_given_up_rests_before_another_has_it) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  const auto first = co_await begin_crawl(server, 1);
  scripted_worker& one = *first;
  scripted_worker two(server, "two");
  EXPECT_EQ((co_await one.take()).size(), 1U);
  co_await one.store().leave(one.mine());
  const auto rests = co_await two.store().tick(1h, 1h, "{}");
  EXPECT_TRUE(rests.mine.empty());
  co_await two.tick();
  EXPECT_EQ(two.mine().size(), 1U);
  EXPECT_EQ(co_await two.take(), words("http://host0/0"));
}

HOCKET_PEER_TEST(leases, who_drains_is_to_give_up_all) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  scripted_worker one(server, "one"), two(server, "two");
  EXPECT_TRUE(co_await one.join());
  co_await one.see(0, 1);
  co_await one.see(1, 1);
  co_await one.tick();
  EXPECT_EQ(one.mine().size(), 2U);
  co_await one.store().client().hset(hocket::crawl::detail::key_prefix("crawl") + "drain", "one", "1");
  co_await two.tick();
  co_await one.tick();
  EXPECT_TRUE(one.state().is_draining);
  EXPECT_EQ(one.state().too_many, 2);
}
