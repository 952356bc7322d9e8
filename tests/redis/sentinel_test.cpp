// Sentinels: a master, a replica, and three who watch over them.

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <peers/peer_test.hpp>
#include <redis/redis_ports.hpp>
#include <redis/redis_server.hpp>
#include <redis/scripted_redis.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/redis.hpp>
#include <hocket/testing/throws.hpp>

using hocket::coro;
using hocket::tcp_socket;
using hocket::testing::redis_peer;
using hocket::testing::redis_server;
using hocket::testing::scripted_server;
using hocket::testing::throws;
using hocket::testing::unused_port;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

/// A server that other processes reach, and its port.
struct member {
  redis_server server{};
  std::uint16_t port = unused_port();

  [[nodiscard]] coro<void> start(std::vector<std::string> further) {
    const std::vector<std::string> own{"--port", std::to_string(port), "--bind", "127.0.0.1"};
    further.insert(further.begin(), own.begin(), own.end());
    co_await server.start(std::move(further));
  }
};

struct watched_servers {
  member master{};
  member replica{};
  std::vector<std::unique_ptr<member>> sentinels{};

  /// Waits until all sentinels know each other and the replica.
  [[nodiscard]] coro<void> start() {
    std::vector<std::string> nothing{"--repl-diskless-sync-delay", "0"};
    co_await master.start(std::move(nothing));
    std::vector<std::string> following{"--replicaof", fmt::format("127.0.0.1 {}", master.port)};
    co_await replica.start(std::move(following));
    for (int n = 0; n < 3; ++n) {
      auto made = std::make_unique<member>();
      // What sentinels are told they write down: the name of the file comes first.
      const std::string file = made->server.folder() / "sentinel.conf";
      co_await hocket::write_file(
          file, fmt::format("sentinel monitor orders 127.0.0.1 {} 2\nsentinel down-after-milliseconds orders 500\n"
                            "sentinel failover-timeout orders 3000\n",
                            master.port));
      made->server.set_file(file);
      std::vector<std::string> options{"--sentinel"};
      co_await made->start(std::move(options));
      sentinels.push_back(std::move(made));
    }
    for (const auto& each : sentinels) co_await until_it_knows_all(*each);
  }
  [[nodiscard]] redis::sentinel_options options() const {
    redis::sentinel_options made;
    for (const auto& each : sentinels) made.sentinels.push_back({.host = "127.0.0.1", .port = each->port});
    return made;
  }

 private:
  static coro<void> until_it_knows_all(member& sentinel) {
    redis::client asks(sentinel.server.options());
    for (;;) {
      const auto said = co_await asks.command<std::string>("INFO", "sentinel");
      if (said.contains("status=ok") && said.contains("slaves=1,sentinels=3")) break;
      co_await hocket::sleep(10ms);
    }
    asks.abort();
  }
};

}  // namespace

HOCKET_PEER_TEST(redis_sentinel, knows_who_is_the_master_and_who_follows_it) {
  HOCKET_NEEDS("redis-server");
  watched_servers servers;
  co_await servers.start();
  redis::sentinel watchers(servers.options());
  const auto found = co_await watchers.discover_master("orders");
  EXPECT_EQ(found.port, servers.master.port);
  auto replicas = co_await watchers.discover_slaves("orders");
  while (replicas.empty()) {  // it may not have told yet that it hears from its master
    co_await hocket::sleep(10ms);
    replicas = co_await watchers.discover_slaves("orders");
  }
  EXPECT_EQ(replicas.at(0).port, servers.replica.port);
  EXPECT_TRUE(co_await throws<redis::not_connected>(watchers.discover_master("nobody")));
  redis::client reads = watchers.slave_for("orders");
  EXPECT_EQ((co_await reads.command("ROLE")).items().at(0).text(), "slave");
  co_await reads.close();
}

HOCKET_PEER_TEST(redis_sentinel, leads_clients_to_the_new_master_when_the_old_one_is_gone) {
  HOCKET_NEEDS("redis-server");
  watched_servers servers;
  co_await servers.start();
  redis::sentinel watchers(servers.options());
  redis::client_options patient;
  patient.connect_attempts = 200;
  patient.pause = {.first = 50ms, .longest = 100ms};
  redis::client store = watchers.master_for("orders", patient);
  co_await store.set("order", "one");
  EXPECT_EQ(co_await store.command<int>("WAIT", 1, 5000), 1) << "the replica has it";
  servers.sentinels.front()->server.kill();  // two are enough
  servers.master.server.kill();
  EXPECT_EQ(co_await store.get("order"), "one");
  EXPECT_TRUE(co_await store.set("order", "two"));
  redis::client is_it(servers.replica.server.options());
  EXPECT_EQ(co_await is_it.get("order"), "two");
  co_await is_it.close();
  co_await store.close();
}

HOCKET_TEST(redis_sentinel, is_not_believed_when_the_server_says_that_it_is_no_master) {
  std::size_t asked = 0;
  scripted_server server([&asked](tcp_socket& connection, std::size_t nth) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ROLE");
    ++asked;
    co_await peer.say(nth == 0 ? "*1\r\n$5\r\nslave\r\n" : "*1\r\n$6\r\nmaster\r\n");
    co_await peer.say_ok_to_all();
  });
  scripted_server watcher([&server](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("SENTINEL GET-MASTER-ADDR-BY-NAME orders");
    co_await peer.say(fmt::format("*2\r\n$9\r\n127.0.0.1\r\n$5\r\n{:05}\r\n", server.port()));
  });
  scripted_server silent([](tcp_socket&, std::size_t) -> coro<void> { co_await hocket::sleep(1h); });
  redis::sentinel_options options;
  options.sentinels.push_back({.host = "127.0.0.1", .port = silent.port()});
  options.sentinels.push_back({.host = "127.0.0.1", .port = watcher.port()});
  redis::sentinel watchers(std::move(options));
  redis::client store = watchers.master_for("orders");
  EXPECT_TRUE(co_await store.set("order", "one"));
  EXPECT_EQ(asked, 2U);
  EXPECT_EQ(silent.connections(), 1U) << "whoever has answered is asked first";
  EXPECT_EQ(watcher.connections(), 2U);
  co_await store.close();
}

TEST(redis_sentinel, must_be_named) { EXPECT_THROW(redis::sentinel{redis::sentinel_options()}, std::invalid_argument); }
