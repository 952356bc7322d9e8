// The client of a cluster against six redis-servers.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <peers/peer_test.hpp>
#include <redis/redis_cluster.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/redis.hpp>
#include <hocket/testing/throws.hpp>

using hocket::coro;
using hocket::testing::redis_cluster;
using hocket::testing::throws;
using hocket::testing::words;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

/// Counts up, one after the other, until `stop`; how far it has come. Whatever is answered counts.
coro<std::int64_t> count_up(redis::cluster& by, std::string key, const bool& stop) {
  std::int64_t count = 0;
  while (!stop) {
    count = co_await by.incr(key);
    if (co_await by.command<std::int64_t>("GET", key) != count) throw std::runtime_error("a count was lost");
  }
  co_return count;
}

}  // namespace

HOCKET_PEER_TEST(redis_cluster, spreads_keys_over_its_masters) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  redis::cluster store(servers.options(4));
  for (int n = 0; n < 100; ++n) EXPECT_TRUE(co_await store.set(fmt::format("key{}", n), n));
  for (int n = 0; n < 100; ++n) EXPECT_EQ(co_await store.command<int>("GET", fmt::format("key{}", n)), n);
  EXPECT_EQ(co_await store.dbsize(), 100);
  for (std::size_t n = 0; n < redis_cluster::masters; ++n) EXPECT_GT(co_await servers.admin(n).dbsize(), 0);
  EXPECT_EQ((co_await store.command<std::set<std::string>>("KEYS", "key*")).size(), 100U);
  std::set<std::string> scanned;
  auto keys = redis::scan(store, {.count = 7});
  while (auto key = co_await keys.next()) scanned.insert(std::move(*key));
  EXPECT_EQ(scanned.size(), 100U);
  const auto slot = co_await store.command<std::uint16_t>("CLUSTER", "KEYSLOT", "key7");
  EXPECT_EQ(slot, redis::key_slot("key7"));
  EXPECT_EQ(co_await store.command<std::string>("OBJECT", "ENCODING", "key7"), "int");
  co_await store.flushdb();
  EXPECT_EQ(co_await store.dbsize(), 0);
  co_await store.close();
  co_await servers.close();
}

HOCKET_PEER_TEST(redis_cluster, takes_keys_of_one_slot_in_one_command) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  redis::cluster store(servers.options());
  co_await store.mset("{x}a", 1, "{x}b", 2);
  const std::vector<std::optional<std::string>> both{"1", "2"};
  EXPECT_EQ(co_await store.mget("{x}a", "{x}b"), both);
  EXPECT_TRUE(co_await throws<redis::cross_slot_error>(store.mget("a", "b")));
  EXPECT_TRUE(co_await throws<std::invalid_argument>(store.command("MULTI")));
  EXPECT_EQ(co_await store.eval<int>("return redis.call('INCR', KEYS[1])", words("{x}a")), 2);
  // Commands that are not in the table: of fixed places, and of places that only a server finds.
  EXPECT_TRUE(co_await throws<redis::response_error>(store.command("RESTORE-ASKING", "a", 0, "nonsense")));
  EXPECT_EQ((co_await store.command<std::vector<std::string>>("GEORADIUS", "geo", 1, 1, 1, "km")).size(), 0U);
  EXPECT_TRUE(co_await throws<redis::cross_slot_error>(store.command("GEORADIUS", "a", 1, 1, 1, "km", "STORE", "b")));
  EXPECT_TRUE(co_await throws<redis::response_error>(store.command("NONSENSE", "a")));
  const auto at = co_await store.client_for("{x}a");
  const auto answers =
      co_await redis::transaction(*at, words("{x}a"), [](redis::session& reads, redis::pipeline& writes) -> coro<void> {
        const int seen = co_await reads.command<int>("GET", "{x}a");
        writes.set("{x}b", 10 * seen).get("{x}b");
      });
  EXPECT_EQ(answers.at(1).as<int>(), 20);
  co_await store.close();
  EXPECT_TRUE(co_await throws<redis::client_closed>(store.get("a")));
  co_await servers.close();
}

HOCKET_PEER_TEST(redis_cluster, answers_a_pipeline_in_order) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  redis::cluster store(servers.options());
  redis::cluster_pipeline many(store);
  for (int n = 0; n < 300; ++n) many.set(fmt::format("key{}", n), n).get(fmt::format("key{}", n));
  many.lpop("key0").ping();
  const auto answers = co_await many.execute();
  EXPECT_EQ(answers.size(), 602U);
  for (std::size_t n = 0; n < 300; ++n) EXPECT_EQ(answers.at(2 * n + 1).as<std::size_t>(), n);
  EXPECT_EQ(answers.at(600).code(), "WRONGTYPE");
  EXPECT_EQ(answers.at(601).text(), "PONG");
  for (std::size_t n = 0; n < redis_cluster::masters; ++n) {
    const auto stats = co_await servers.admin(n).command<std::string>("INFO", "clients");
    EXPECT_TRUE(stats.contains("connected_clients:2\r\n")) << stats;  // one is the test's
  }
  many.dbsize();
  EXPECT_TRUE(co_await throws<std::invalid_argument>(many.execute()));
  EXPECT_TRUE(many.empty());
  EXPECT_TRUE((co_await many.execute()).empty());
  co_await store.close();
  co_await servers.close();
}

HOCKET_PEER_TEST(redis_cluster, reads_from_replicas_if_it_may) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  auto options = servers.options();
  options.reads = redis::reads_from::replicas;
  redis::cluster store(std::move(options));
  co_await store.set("key", "value");
  while (co_await store.get("key") != "value") co_await hocket::sleep(1ms);
  const std::size_t master = co_await servers.master_of(redis::key_slot("key"), 0);
  for (const std::size_t n : std::vector<std::size_t>{master, master + 3})
    co_await servers.admin(n).command<void>("CONFIG", "RESETSTAT");
  for (int n = 0; n < 10; ++n) EXPECT_EQ(co_await store.get("key"), "value");
  const auto at_replica = co_await servers.admin(master + 3).command<std::string>("INFO", "commandstats");
  EXPECT_TRUE(at_replica.contains("cmdstat_get:calls=10,")) << at_replica;
  const auto at_master = co_await servers.admin(master).command<std::string>("INFO", "commandstats");
  EXPECT_FALSE(at_master.contains("cmdstat_get:")) << at_master;
  servers.kill(master + 3);
  EXPECT_EQ(co_await store.get("key"), "value") << "the master has it, too";
  co_await store.close();
  co_await servers.close();
}

HOCKET_PEER_TEST(redis_cluster, loses_nothing_while_a_slot_moves) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  redis::cluster store(servers.options());
  const std::uint16_t slot = redis::key_slot("x");
  const std::size_t from = co_await servers.master_of(slot, 0);
  const std::size_t to = (from + 1) % redis_cluster::masters;
  for (int n = 0; n < 40; ++n) co_await store.set(fmt::format("{{x}}rest{}", n), n);
  bool stop = false;
  std::vector<hocket::task<std::int64_t>> counting;
  for (int n = 0; n < 10; ++n)
    counting.push_back(hocket::create_task(count_up(store, fmt::format("{{x}}count{}", n), stop)));
  auto pairs = hocket::create_task([](redis::cluster& by, const bool& over) -> coro<int> {
    redis::cluster_pipeline many(by);
    int rounds = 0;
    while (!over) {
      many.incr("{x}left").incr("{x}right").mget("{x}left", "{x}right");
      const auto answers = co_await many.execute();
      for (const redis::reply& each : answers) each.raise_for_error();
      ++rounds;
    }
    co_return rounds;
  }(store, stop));
  co_await hocket::sleep(20ms);
  co_await servers.migrate(slot, from, to, 2ms);
  co_await hocket::sleep(20ms);
  stop = true;
  std::int64_t all = 0;
  for (int n = 0; n < 10; ++n) {
    const std::int64_t count = co_await counting[static_cast<std::size_t>(n)];
    EXPECT_EQ(co_await store.command<std::int64_t>("GET", fmt::format("{{x}}count{}", n)), count);
    all += count;
  }
  EXPECT_GT(all, 10);
  const int rounds = co_await pairs;
  EXPECT_EQ(co_await store.command<int>("GET", "{x}left"), rounds);
  EXPECT_EQ(co_await store.command<int>("GET", "{x}right"), rounds);
  EXPECT_EQ(co_await servers.admin(to).command<int>("CLUSTER", "COUNTKEYSINSLOT", slot), 52);
  EXPECT_EQ(co_await servers.admin(from).command<int>("CLUSTER", "COUNTKEYSINSLOT", slot), 0);
  co_await store.close();
  co_await servers.close();
}

HOCKET_PEER_TEST(redis_cluster, goes_on_when_a_replica_has_become_the_master) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  redis::cluster store(servers.options());
  const std::size_t master = co_await servers.master_of(redis::key_slot("key"), 0);
  co_await store.set("key", "before");
  const auto at = co_await store.client_for("key");
  EXPECT_EQ(co_await at->command<int>("WAIT", 1, 5000), 1) << "the replica has it";
  const std::size_t elsewhere = (master + 1) % redis_cluster::masters;
  servers.kill(master);
  EXPECT_EQ(co_await store.get("key"), "before");
  const std::size_t now = co_await servers.master_of(redis::key_slot("key"), elsewhere);
  EXPECT_EQ(now, master + 3);
  EXPECT_TRUE(co_await store.set("key", "after"));
  redis::cluster_pipeline many(store);
  for (int n = 0; n < 100; ++n) many.set(fmt::format("key{}", n), n);
  for (const redis::reply& each : co_await many.execute()) EXPECT_EQ(each.text(), "OK");
  EXPECT_EQ(co_await servers.admin(now).get("key"), "after");
  co_await store.close();
  co_await servers.close();
}

HOCKET_PEER_TEST(redis_cluster, hears_what_is_published_in_a_shard_wherever_its_slot_is) {
  HOCKET_NEEDS("redis-server");
  redis_cluster servers;
  co_await servers.start();
  redis::cluster store(servers.options());
  redis::subscriber news(store.options_for("news"));
  co_await news.ssubscribe(words("news"));
  auto first = hocket::create_task(news.next());
  while (co_await store.spublish("news", "one") == 0) co_await hocket::sleep(1ms);
  EXPECT_EQ(co_await first, (redis::message{.channel = "news", .data = "one"}));
  const std::uint16_t slot = redis::key_slot("news");
  const std::size_t from = co_await servers.master_of(slot, 0);
  auto second = hocket::create_task(news.next());
  co_await servers.migrate(slot, from, (from + 1) % redis_cluster::masters, 0ms);
  while (co_await store.spublish("news", "two") == 0) co_await hocket::sleep(1ms);
  EXPECT_EQ((co_await second).value().data, "two");
  EXPECT_GE(news.reconnections(), 1U);
  news.close();
  co_await store.close();
  co_await servers.close();
}
