// What has a connection of its own, against redis-server: blocking commands, transactions that watch, subscribers; and what is made of calls: pipelines, scripts,
// scans.

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <peers/peer_test.hpp>
#include <redis/redis_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/redis.hpp>
#include <hocket/testing/ends_cancelled.hpp>
#include <hocket/testing/throws.hpp>

using hocket::coro;
using hocket::testing::each_protocol;
using hocket::testing::ends_cancelled;
using hocket::testing::redis_server;
using hocket::testing::throws;
using hocket::testing::words;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

/// Waits until the server has so many clients that are blocked.
coro<void> until_blocked(redis::client& by, int clients) {
  const std::string wanted = fmt::format("blocked_clients:{}\r\n", clients);
  for (;;) {
    const auto found = co_await by.command<std::string>("INFO", "clients");
    if (found.contains(wanted)) co_return;
    co_await hocket::sleep(1ms);
  }
}

/// Waits until somebody listens to the channel.
coro<void> until_subscribed(redis::client& by, std::string channel) {
  for (;;) {
    const auto found = co_await by.command<std::vector<std::string>>("PUBSUB", "NUMSUB", channel);
    if (found.at(1) != "0") co_return;
    co_await hocket::sleep(1ms);
  }
}

}  // namespace

HOCKET_PEER_TEST(redis_pipeline, gives_an_answer_for_each_of_its_commands) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  redis::pipeline many(store);
  many.set("a", 1).incr("a").lpop("a").command("GET", "a");
  EXPECT_EQ(many.size(), 4U);
  const auto answers = co_await many.execute();
  EXPECT_TRUE(answers.at(0).as<bool>());
  EXPECT_EQ(answers.at(1).as<int>(), 2);
  EXPECT_EQ(answers.at(2).code(), "WRONGTYPE");
  EXPECT_EQ(answers.at(3).as<int>(), 2);
  EXPECT_TRUE(many.empty());
  EXPECT_TRUE((co_await many.execute()).empty());
  co_await store.close();
}

HOCKET_PEER_TEST(redis_pipeline, may_be_a_transaction_of_which_all_or_nothing_is_run) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  redis::pipeline writes(store);
  writes.set("a", 1).incrby("a", 2);
  const auto answers = co_await writes.execute_transaction();
  EXPECT_EQ(answers.at(1).as<int>(), 3);
  writes.set("a", 7).command("NONSENSE");
  EXPECT_TRUE(co_await throws<redis::response_error>(writes.execute_transaction()));
  EXPECT_EQ(co_await store.get("a"), "3");
  co_await store.close();
}

HOCKET_PEER_TEST(redis_transaction, begins_again_when_what_it_watches_was_changed) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  co_await store.set("n", 1);
  int times = 0;
  const auto answers =
      co_await redis::transaction(store, words("n"), [&](redis::session& reads, redis::pipeline& writes) -> coro<void> {
        const int seen = co_await reads.command<int>("GET", "n");
        if (++times == 1) co_await store.set("n", 10);
        writes.set("n", 2 * seen).get("n");
      });
  EXPECT_EQ(times, 2);
  EXPECT_EQ(answers.at(1).as<int>(), 20);
  const auto nothing = co_await redis::transaction(store, words("n"),
                                                   [](redis::session&, redis::pipeline&) -> coro<void> { co_return; });
  EXPECT_TRUE(nothing.empty());
  co_await store.close();
}

HOCKET_PEER_TEST(redis_transaction, gives_up_after_so_many_attempts) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  int times = 0;
  const auto meddle = [&](redis::session&, redis::pipeline& writes) -> coro<void> {
    co_await store.set("n", ++times);
    writes.set("m", 1);
  };
  EXPECT_TRUE(co_await throws<redis::watch_error>(redis::transaction(store, words("n"), meddle, {.attempts = 3})));
  EXPECT_EQ(times, 3);
  EXPECT_EQ(co_await store.exists("m"), 0);
  co_await store.close();
}

HOCKET_PEER_TEST(redis_session, waits_for_an_item_without_holding_up_others) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  auto waiting = hocket::create_task(store.blpop(words("jobs", "more"), 0s));
  co_await until_blocked(store, 1);
  co_await store.rpush("more", "work");
  const auto item = co_await waiting;
  EXPECT_EQ(item, (redis::list_item{"more", "work"}));
  EXPECT_EQ(co_await store.brpop(words("jobs"), 10ms), std::nullopt);
  const auto stats = co_await store.command<std::string>("INFO", "stats");
  EXPECT_TRUE(stats.contains("total_connections_received:3\r\n")) << "the one that has waited is used again";
  co_await store.close();
}

HOCKET_PEER_TEST(redis_session, lets_the_server_know_of_a_wait_that_was_cancelled) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  auto options = server.options();
  options.max_sessions = 1;
  redis::client store(std::move(options));
  auto waiting = hocket::create_task(store.blpop(words("jobs"), 0s));
  co_await until_blocked(store, 1);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  co_await until_blocked(store, 0);
  co_await store.rpush("jobs", "kept");
  EXPECT_EQ((co_await store.blpop(words("jobs"), 0s)).value().second, "kept");
  co_await store.close();
}

HOCKET_PEER_TEST(redis_session, ends_with_its_client) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  auto waiting = hocket::create_task(store.blpop(words("jobs"), 0s));
  co_await until_blocked(store, 1);
  co_await store.close();
  EXPECT_TRUE(co_await throws<redis::connection_lost>(std::move(waiting)));
  EXPECT_TRUE(co_await throws<redis::client_closed>(store.session()));
}

HOCKET_PEER_TEST(redis_streams, are_read_by_groups_of_consumers) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  for (const auto protocol : each_protocol) {
    auto options = server.options();
    options.protocol = protocol;
    redis::client store(std::move(options));
    co_await store.flushdb();
    co_await store.xgroup_create("events", "workers");
    const std::string first = co_await store.xadd("events", "n", 1);
    const std::string second = co_await store.xadd("events", "n", 2);
    std::vector<std::pair<std::string, std::string>> fresh;
    fresh.emplace_back("events", ">");
    const auto one = co_await store.xreadgroup("workers", "ann", fresh, {.count = 1});
    EXPECT_EQ(one.at(0).first, "events");
    EXPECT_EQ(one.at(0).second, (std::vector<redis::stream_entry>{{.id = first, .fields = {{"n", "1"}}}}));
    const auto other = co_await store.xreadgroup("workers", "bob", fresh, {.block = 1s});
    EXPECT_EQ(other.at(0).second.at(0).id, second);
    EXPECT_EQ(co_await store.xack("events", "workers", first, second), 2);
    const auto none = co_await store.xreadgroup("workers", "ann", fresh, {.block = 5ms});
    EXPECT_TRUE(none.empty());
    co_await store.close();
  }
}

HOCKET_PEER_TEST(redis_streams, are_taken_over_from_consumers_that_are_gone) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  for (const auto protocol : each_protocol) {
    auto options = server.options();
    options.protocol = protocol;
    redis::client store(std::move(options));
    co_await store.flushdb();
    co_await store.xgroup_create("events", "workers");
    const auto nothing = co_await store.xpending("events", "workers");
    EXPECT_EQ(nothing.count, 0);
    EXPECT_EQ(nothing.first, std::nullopt);
    std::vector<std::string> ids;
    for (int n = 0; n < 3; ++n) ids.push_back(co_await store.xadd("events", "n", n));
    std::vector<std::pair<std::string, std::string>> fresh;
    fresh.emplace_back("events", ">");
    static_cast<void>(co_await store.xreadgroup("workers", "ann", fresh));
    const auto all = co_await store.xpending("events", "workers");
    EXPECT_EQ(all.count, 3);
    EXPECT_EQ(all.first, ids[0]);
    EXPECT_EQ(all.last, ids[2]);
    EXPECT_EQ(all.consumers.at("ann"), 3);
    const auto claimed = co_await store.xclaim("events", "workers", "bob", 0ms, ids[1]);
    EXPECT_EQ(claimed.at(0).id, ids[1]);
    const auto of_bob = co_await store.xpending_range("events", "workers", "-", "+", 10, {.consumer = "bob"});
    EXPECT_EQ(of_bob.size(), 1U);
    EXPECT_EQ(of_bob.at(0).id, ids[1]);
    EXPECT_EQ(of_bob.at(0).deliveries, 2);
    const auto none = co_await store.xpending_range("events", "workers", "-", "+", 10, {.idle = 1h});
    EXPECT_TRUE(none.empty());
    co_await store.command("XCLAIM", "events", "workers", "bob", 0, ids[1], "IDLE", 7'200'000,
                           "JUSTID");  // as if for two hours
    const auto idle = co_await store.xpending_range("events", "workers", "-", "+", 10, {.idle = 1h});
    EXPECT_EQ(idle.size(), 1U);
    EXPECT_EQ(idle.at(0).id, ids[1]);
    EXPECT_EQ(std::chrono::floor<std::chrono::hours>(idle.at(0).idle), 2h);
    co_await store.xdel("events", ids[0]);
    const auto first = co_await store.xautoclaim("events", "workers", "cy", 0ms, "0-0", 2);
    EXPECT_EQ(first.next, ids[2]);
    EXPECT_EQ(first.entries.size(), 1U);
    EXPECT_EQ(first.deleted, std::vector<std::string>{ids[0]});
    const auto rest = co_await store.xautoclaim("events", "workers", "cy", 0ms, first.next);
    EXPECT_EQ(rest.next, "0-0");
    EXPECT_EQ(rest.entries.at(0).id, ids[2]);
    EXPECT_EQ((co_await store.xrevrange("events")).at(0).id, ids[2]);
    EXPECT_EQ(co_await store.xgroup_delconsumer("events", "workers", "cy"), 2);
    EXPECT_TRUE(co_await store.xgroup_destroy("events", "workers"));
    co_await store.close();
  }
}

HOCKET_PEER_TEST(redis_script, is_sent_once_and_again_to_a_server_that_has_forgotten_it) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  redis::script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  EXPECT_EQ(co_await add.run<int>(store, words("n"), 2), 2);
  EXPECT_EQ(co_await add.run<int>(store, words("n"), "3"), 5);
  co_await store.command<void>("SCRIPT", "FLUSH");
  EXPECT_EQ(co_await add.run<int>(store, words("n"), 4), 9);
  co_await store.close();
}

HOCKET_PEER_TEST(redis_scan, gives_all_there_are) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  redis::pipeline many(store);
  for (int n = 0; n < 300; ++n) many.set(fmt::format("key{}", n), n).hset("hash", fmt::format("field{}", n), n);
  many.sadd("set", "a", "b").zadd("sorted", 1.5, "x");
  static_cast<void>(co_await many.execute());
  std::set<std::string> keys;
  auto found = redis::scan(store, {.match = "key*", .count = 17});
  while (auto key = co_await found.next()) keys.insert(std::move(*key));
  EXPECT_EQ(keys.size(), 300U);
  std::set<std::string> hashes;
  auto typed = redis::scan(store, {.type = "hash"});
  while (auto key = co_await typed.next()) hashes.insert(std::move(*key));
  EXPECT_EQ(hashes, std::set<std::string>{"hash"});
  int sum = 0;
  auto fields = redis::hscan(store, "hash");
  while (auto field = co_await fields.next()) sum += std::stoi(field->second);
  EXPECT_EQ(sum, 299 * 300 / 2);
  auto members = redis::zscan(store, "sorted");
  EXPECT_EQ(co_await members.next(), (std::pair<std::string, double>("x", 1.5)));
  co_await store.close();
}

HOCKET_PEER_TEST(redis_subscriber, hears_what_is_published_on_its_channels) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  for (const auto protocol : each_protocol) {
    auto options = server.options();
    options.protocol = protocol;
    redis::client store(server.options());
    redis::subscriber news(std::move(options));
    co_await news.subscribe(words("weather"));
    co_await news.psubscribe(words("sport.*"));
    auto heard = hocket::create_task(news.next());
    co_await until_subscribed(store, "weather");
    EXPECT_EQ(co_await store.publish("weather", "rain"), 1);
    EXPECT_EQ(co_await store.publish("sport.chess", "mate"), 1);
    EXPECT_EQ(co_await heard, (redis::message{.channel = "weather", .data = "rain"}));
    EXPECT_EQ(co_await news.next(), (redis::message{.channel = "sport.chess", .pattern = "sport.*", .data = "mate"}));
    co_await news.ssubscribe(words("shard"));
    co_await news.unsubscribe(words("weather"));
    auto last = hocket::create_task(news.next());
    while (co_await store.spublish("shard", "here") == 0) co_await hocket::sleep(1ms);
    EXPECT_EQ(co_await last, (redis::message{.channel = "shard", .data = "here"}));
    EXPECT_EQ(co_await store.publish("weather", "sun"), 0);
    news.close();
    EXPECT_EQ(co_await news.next(), std::nullopt);
    co_await store.close();
  }
}

HOCKET_PEER_TEST(redis_subscriber, subscribes_again_when_its_connection_was_lost) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  redis::subscriber news(server.options());
  co_await news.subscribe(words("weather"));
  auto heard = hocket::create_task(news.next());
  co_await until_subscribed(store, "weather");
  co_await store.command<void>("CLIENT", "KILL", "TYPE", "pubsub");
  co_await until_subscribed(store, "weather");
  co_await store.publish("weather", "rain");
  EXPECT_EQ((co_await heard).value().data, "rain");
  EXPECT_EQ(news.reconnections(), 1U);
  co_await store.close();
}

HOCKET_PEER_TEST(redis_subscriber, gives_its_messages_to_a_loop_until_it_is_closed) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  redis::subscriber news(server.options());
  co_await news.subscribe(words("numbers"));
  auto sum = hocket::create_task([](redis::subscriber& from) -> coro<int> {
    int all = 0;
    auto messages = from.listen();
    while (auto said = co_await messages.next()) {
      all += std::stoi(said->data);
      if (said->data == "100") from.close();
    }
    co_return all;
  }(news));
  co_await until_subscribed(store, "numbers");
  for (int n = 1; n <= 100; ++n) co_await store.publish("numbers", std::to_string(n));
  EXPECT_EQ(co_await sum, 5050);
  co_await store.close();
}
