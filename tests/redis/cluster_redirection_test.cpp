// The client of a cluster against nodes that say what the test wants, under a clock that jumps.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <redis/scripted_redis.hpp>

#include <hocket/base/function.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/redis.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

using hocket::coro;
using hocket::tcp_socket;
using hocket::testing::redis_peer;
using hocket::testing::scripted_server;
using hocket::testing::throws;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

/// A node that greets everybody, says that the node at `*owner` has all slots, and answers all else by `answer`.
class scripted_node {
 public:
  using answers = hocket::function<std::string(const std::string& command)>;

  scripted_node(const std::uint16_t& owner, answers answer)
      : server_([this, &owner](tcp_socket& connection, std::size_t) -> coro<void> {
          redis_peer peer(connection);
          for (;;) {
            const std::string command = co_await peer.next();
            if (command.empty()) co_return;
            co_await peer.say(reply_to(command, owner));
          }
        }),
        answer_(std::move(answer)) {}

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  /// What it was asked, but for what all are.
  [[nodiscard]] const std::vector<std::string>& asked() const noexcept { return asked_; }

 private:
  std::string reply_to(const std::string& command, std::uint16_t owner) {
    if (command == "HELLO 3") return "%1\r\n+server\r\n+redis\r\n";
    if (command == "PING") return "+PONG\r\n";
    if (command == "CLUSTER SLOTS")
      return fmt::format("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:{}\r\n$2\r\nid\r\n", owner);
    asked_.push_back(command);
    return answer_(command);
  }

  scripted_server server_;
  answers answer_;
  std::vector<std::string> asked_;
};

redis::cluster_options options_for(const scripted_node& seed) {
  redis::cluster_options made;
  made.seeds.push_back({.host = "127.0.0.1", .port = seed.port()});
  return made;
}

std::string sent_to(std::string_view code, std::uint16_t port) {
  return fmt::format("-{} {} 127.0.0.1:{}\r\n", code, redis::key_slot("a"), port);
}

}  // namespace

HOCKET_TEST(redis_cluster_redirection, asks_once_elsewhere_for_a_key_that_is_on_the_move) {
  std::uint16_t owner = 0;
  std::uint16_t target = 0;
  scripted_node second(owner,
                       [](const std::string& command) { return command == "ASKING" ? "+OK\r\n" : "+moved\r\n"; });
  scripted_node first(owner, [&target](const std::string&) { return sent_to("ASK", target); });
  owner = first.port();
  target = second.port();
  redis::cluster store(options_for(first));
  EXPECT_EQ(co_await store.get("a"), "moved");
  EXPECT_EQ(co_await store.get("a"), "moved");
  const std::vector<std::string> wanted{"ASKING", "GET a", "ASKING", "GET a"};
  EXPECT_EQ(second.asked(), wanted);
  EXPECT_EQ(first.asked().size(), 2U) << "the slot is still that one's";
  co_await store.close();
}

HOCKET_TEST(redis_cluster_redirection, remembers_where_a_slot_has_moved) {
  std::uint16_t owner = 0;
  std::uint16_t target = 0;
  scripted_node second(owner, [](const std::string&) { return "+here\r\n"; });
  scripted_node first(owner, [&](const std::string&) {
    owner = target;
    return sent_to("MOVED", target);
  });
  owner = first.port();
  target = second.port();
  redis::cluster store(options_for(first));
  EXPECT_EQ(co_await store.get("a"), "here");
  EXPECT_EQ(co_await store.get("a"), "here");
  co_await hocket::sleep(1s);
  EXPECT_EQ(co_await store.get("b"), "here") << "it has asked for all of the table meanwhile";
  EXPECT_EQ(first.asked().size(), 1U);
  co_await store.close();
}

HOCKET_TEST(redis_cluster_redirection, is_not_followed_for_ever) {
  std::uint16_t owner = 0;
  scripted_node only(owner, [&owner](const std::string&) { return sent_to("MOVED", owner); });
  owner = only.port();
  auto options = options_for(only);
  options.most_redirections = 5;
  redis::cluster store(std::move(options));
  EXPECT_TRUE(co_await throws<redis::response_error>(store.get("a")));
  EXPECT_EQ(only.asked().size(), 6U);
  co_await store.close();
}

HOCKET_TEST(redis_cluster_redirection, waits_for_a_cluster_that_is_down_as_long_as_a_command_may_take) {
  std::uint16_t owner = 0;
  int left = 3;
  scripted_node only(owner, [&left](const std::string&) { return left-- > 0 ? "-CLUSTERDOWN so\r\n" : "+up\r\n"; });
  owner = only.port();
  redis::cluster store(options_for(only));
  EXPECT_EQ(co_await store.get("a"), "up");
  left = 1'000'000;
  const auto begun = hocket::loop::running().time();
  EXPECT_TRUE(co_await throws<redis::response_error>(store.get("a")));
  const auto took = hocket::loop::running().time() - begun;
  EXPECT_GE(took, 28s);
  EXPECT_LE(took, 31s);
  co_await store.close();
}
