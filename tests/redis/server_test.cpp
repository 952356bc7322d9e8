// The client against redis-server.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <peers/certificate_files.hpp>
#include <peers/peer_test.hpp>
#include <redis/redis_ports.hpp>
#include <redis/redis_server.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/redis.hpp>
#include <hocket/testing/throws.hpp>

using hocket::coro;
using hocket::testing::certificate_files;
using hocket::testing::each_protocol;
using hocket::testing::redis_server;
using hocket::testing::throws;
using hocket::testing::unused_port;
using hocket::testing::words;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

/// The code of the error that the server answers with.
template <class T>
coro<std::string> code_of(redis::call<T> asked) {
  try {
    static_cast<void>(co_await std::move(asked));
  } catch (const redis::response_error& refused) {
    co_return std::string(refused.code());
  }
  co_return "none";
}

}  // namespace

HOCKET_PEER_TEST(redis_server, keeps_what_it_is_given) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  EXPECT_EQ(co_await store.ping(), "PONG");
  EXPECT_TRUE(co_await store.set("greeting", "hello"));
  EXPECT_EQ(co_await store.get("greeting"), "hello");
  EXPECT_EQ(co_await store.get("nothing"), std::nullopt);
  EXPECT_FALSE(co_await store.set("greeting", "again", {.when = redis::set_options::condition::if_absent}));
  const std::string bytes("\r\n\0$1\r\n", 7);
  co_await store.set(bytes, bytes, {.stays = 1h});
  EXPECT_EQ(co_await store.get(bytes), bytes);
  EXPECT_GT(co_await store.pttl(bytes), 3'000'000);
  EXPECT_EQ(co_await store.incrby("count", 5), 5);
  EXPECT_EQ(co_await store.command<int>("GET", "count"), 5);
  const auto both = co_await store.mget("greeting", words("nothing", "count"));
  EXPECT_EQ(both, (std::vector<std::optional<std::string>>{"hello", std::nullopt, "5"}));
  EXPECT_EQ(co_await store.del("greeting", "nothing"), 1);
  co_await store.close();
}

HOCKET_PEER_TEST(redis_server, keeps_each_kind_of_value) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  // What is made of lists stands before what awaits: g++ 12 mistakes them otherwise.
  using scores = std::vector<std::pair<std::string, double>>;
  const std::map<std::string, int> fields{{"a", 1}, {"b", 2}};
  const std::vector<std::string> abc{"a", "b", "c"};
  const std::vector<std::string> ab{"a", "b"};
  const scores both{{"one", 1.5}, {"two", 2}};
  const scores first{{"one", 1.5}};
  for (const auto protocol : each_protocol) {
    auto options = server.options();
    options.protocol = protocol;
    redis::client store(std::move(options));
    co_await store.flushdb();
    EXPECT_EQ(co_await store.hset("hash", fields), 2);
    EXPECT_EQ((co_await store.hgetall("hash")).at("b"), "2");
    EXPECT_EQ((co_await store.command<std::map<std::string, int>>("HGETALL", "hash")).at("a"), 1);
    EXPECT_EQ(co_await store.rpush("list", "a", "b", "c"), 3);
    EXPECT_EQ(co_await store.lrange("list", 0, -1), abc);
    EXPECT_EQ(co_await store.lpop("list", 2), ab);
    EXPECT_EQ(co_await store.sadd("set", "x", "y", "x"), 2);
    EXPECT_TRUE(co_await store.sismember("set", "y"));
    EXPECT_EQ((co_await store.smembers("set")).size(), 2U);
    EXPECT_EQ(co_await store.zadd("sorted", 1.5, "one", 2, "two"), 2);
    EXPECT_EQ(co_await store.zscore("sorted", "one"), 1.5);
    EXPECT_EQ(co_await store.zscore("sorted", "three"), std::nullopt);
    EXPECT_EQ(co_await store.zrange_withscores("sorted", 0, -1), both);
    EXPECT_EQ(co_await store.zpopmin("sorted"), first);
    const std::string id = co_await store.xadd("stream", "field", "value");
    const auto entries = co_await store.xrange("stream");
    EXPECT_EQ(entries, (std::vector<redis::stream_entry>{{.id = id, .fields = {{"field", "value"}}}}));
    EXPECT_EQ(co_await store.eval<int>("return #KEYS + ARGV[1]", ab, 40), 42);
    co_await store.close();
  }
}

HOCKET_PEER_TEST(redis_server, counts_bits_and_places_and_different_ones) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  EXPECT_FALSE(co_await store.setbit("bits", 7, true));
  EXPECT_TRUE(co_await store.getbit("bits", 7));
  EXPECT_EQ(co_await store.bitcount("bits"), 1);
  EXPECT_TRUE(co_await store.msetnx("x", 1, "y", 2));
  EXPECT_FALSE(co_await store.msetnx("y", 3, "z", 4));
  co_await store.rpush("list", "a", "c");
  EXPECT_EQ(co_await store.linsert_before("list", "c", "b"), 3);
  EXPECT_EQ(co_await store.linsert_after("list", "nothing", "b"), -1);
  EXPECT_EQ(co_await store.lpos("list", "b"), 1);
  EXPECT_EQ(co_await store.lpos("list", "nothing"), std::nullopt);
  EXPECT_TRUE(co_await store.pfadd("seen", "a", "b", "a"));
  EXPECT_TRUE(co_await store.pfadd("others", "c"));
  EXPECT_EQ(co_await store.pfcount("seen", "others"), 3);
  co_await store.pfmerge("all", "seen", "others");
  EXPECT_EQ(co_await store.pfcount("all"), 3);
  EXPECT_TRUE(co_await store.expireat("x", std::chrono::sys_days(std::chrono::year(2100) / 1 / 1)));
  EXPECT_GT(co_await store.pttl("x"), 0);
  EXPECT_TRUE(co_await store.expireat("y", std::chrono::sys_days(std::chrono::year(2000) / 1 / 1)));
  EXPECT_EQ(co_await store.exists("y"), 0);
  co_await store.close();
}

HOCKET_PEER_TEST(redis_server, is_spoken_to_over_tls) {
  HOCKET_NEEDS("redis-server");
  certificate_files files;
  const auto its_own = files.issue();
  const auto of_client = files.issue();
  const std::string port = std::to_string(unused_port());
  redis_server server;
  co_await server.start(words("--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", its_own.certificate,
                              "--tls-key-file", its_own.key, "--tls-ca-cert-file", files.cafile(), "--user", "me", "on",
                              ">mine", "~mine:*", "&*", "+@all"));
  const std::string url = fmt::format("rediss://me:mine@localhost:{}/1", port);
  redis::client_options trusting;
  trusting.tls = hocket::tls_context::client({.cafile = files.cafile(), .identity = of_client.identity()});
  redis::client store(url, trusting);
  EXPECT_TRUE(co_await store.set("mine:key", std::string(100'000, 'x')));
  EXPECT_EQ((co_await store.get("mine:key")).value().size(), 100'000U);
  EXPECT_EQ(co_await code_of(store.get("theirs")), "NOPERM") << "the user may not";
  redis::subscriber news(store.options());
  co_await news.subscribe(words("news"));
  auto heard = hocket::create_task(news.next());
  while (co_await store.publish("news", "here") == 0) co_await hocket::sleep(1ms);
  EXPECT_EQ((co_await heard).value().data, "here");
  redis::client_options nameless = trusting;
  nameless.tls = hocket::tls_context::client({.cafile = files.cafile()});
  nameless.connect_attempts = 1;
  redis::client refused(url, nameless);
  EXPECT_TRUE(co_await throws<redis::connection_lost>(refused.ping())) << "the server wants a certificate";
  nameless.tls = hocket::tls_context::client();
  redis::client distrusting(url, nameless);
  EXPECT_TRUE(co_await throws<redis::not_connected>(distrusting.ping())) << "nobody vouches for the server";
  news.close();
  co_await hocket::gather(store.close(), refused.close(), distrusting.close());
}

HOCKET_PEER_TEST(redis_server, says_what_is_wrong_with_a_command) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  co_await store.rpush("list", "a");
  EXPECT_EQ(co_await code_of(store.get("list")), "WRONGTYPE");
  EXPECT_EQ(co_await code_of(store.command("NONSENSE")), "ERR");
  EXPECT_EQ(co_await code_of(store.evalsha("0123456789012345678901234567890123456789", {})), "NOSCRIPT");
  EXPECT_EQ(co_await store.llen("list"), 1);
  co_await store.close();
}

HOCKET_PEER_TEST(redis_server, answers_many_tasks_by_one_connection) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  auto options = server.options();
  options.max_in_flight = 16;
  redis::client store(std::move(options));
  co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
    for (int n = 0; n < 200; ++n) {
      group.create_task([](redis::client& by, int number) -> coro<void> {
        const std::string key = fmt::format("key{}", number);
        for (int round = 0; round < 10; ++round) {
          co_await by.set(key, number * round);
          EXPECT_EQ(co_await by.command<int>("GET", key), number * round);
          EXPECT_LE(by.in_flight(), 16U);
        }
      }(store, n));
    }
    co_return;
  });
  EXPECT_EQ(co_await store.dbsize(), 200);
  const auto connections = co_await store.command<std::string>("INFO", "stats");
  EXPECT_NE(connections.find("total_connections_received:2\r\n"), std::string::npos)
      << connections;  // one was `start`'s
  co_await store.close();
}

HOCKET_PEER_TEST(redis_server, runs_a_batch_with_nothing_between) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client store(server.options());
  std::vector<redis::request> batch;
  batch.emplace_back("MULTI");
  batch.emplace_back("INCR", "n");
  batch.emplace_back("LPOP", "n");
  batch.emplace_back("EXEC");
  const auto answers = co_await store.execute(std::move(batch));
  EXPECT_EQ(answers.size(), 4U);
  const auto& results = answers.back().items();
  EXPECT_EQ(results.at(0).integer(), 1);
  EXPECT_EQ(results.at(1).code(), "WRONGTYPE");
  co_await store.close();
}

HOCKET_PEER_TEST(redis_server, is_greeted_with_password_name_and_database) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start(words("--requirepass", "secret", "--user", "me", "on", ">mine", "~*", "&*", "+@all"));
  redis::client store(fmt::format("unix://{}?db=3&password=secret&client_name=tester", server.socket()));
  EXPECT_EQ(co_await store.command<std::string>("CLIENT", "GETNAME"), "tester");
  co_await store.set("here", 1);
  EXPECT_EQ(co_await store.command<std::string>("ACL", "WHOAMI"), "default");
  redis::client elsewhere(fmt::format("unix://{}?username=me&password=mine&protocol=2", server.socket()));
  EXPECT_EQ(co_await elsewhere.exists("here"), 0);
  EXPECT_EQ(co_await elsewhere.command<std::string>("ACL", "WHOAMI"), "me");
  redis::client wrong(fmt::format("unix://{}?password=wrong", server.socket()));
  EXPECT_EQ(co_await code_of(wrong.get("here")), "WRONGPASS");
  redis::client silent(server.options());
  EXPECT_EQ(co_await code_of(silent.get("here")), "NOAUTH");
  co_await hocket::gather(store.close(), elsewhere.close(), wrong.close(), silent.close());
}

HOCKET_PEER_TEST(redis_server, may_start_anew) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start(words("--appendonly", "yes", "--appendfsync", "always"));
  auto options = server.options();
  options.connect_attempts = 50;
  redis::client store(std::move(options));
  co_await store.set("kept", "through it");
  server.kill();
  auto asked = hocket::create_task(
      [](redis::client& by) -> coro<std::optional<std::string>> { co_return co_await by.get("kept"); }(store));
  co_await server.restart();
  EXPECT_EQ(co_await asked, "through it");
  co_await store.close();
}

HOCKET_PEER_TEST(redis_server, says_unasked_what_was_asked_to_be_told) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  auto options = server.options();
  options.on_connect.emplace_back("CLIENT", "TRACKING", "ON");
  redis::client store(std::move(options));
  std::vector<std::string> told;
  store.on_push([&told](const redis::reply& said) { told.push_back(said.items().at(0).text()); });
  static_cast<void>(co_await store.get("watched"));
  redis::client other(server.options());
  co_await other.set("watched", 1);
  co_await store.ping();
  EXPECT_EQ(told, std::vector<std::string>{"invalidate"});
  co_await other.close();
  co_await store.close();
}
