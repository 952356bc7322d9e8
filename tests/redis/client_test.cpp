// The client against servers that do what the test says.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <redis/scripted_redis.hpp>

#include <hocket/base/error.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/redis.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::task;
using hocket::tcp_socket;
using hocket::testing::ends_cancelled;
using hocket::testing::options_for;
using hocket::testing::redis_peer;
using hocket::testing::scripted_server;
using hocket::testing::wait_all_tasks_blocked;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

/// What becomes of a call: "= answer", "lost", "closed", "timeout", "protocol", or what else it throws.
coro<std::string> outcome_of(redis::call<std::string> asked) {
  try {
    const std::string answer = co_await std::move(asked);
    co_return "= " + answer;
  } catch (const redis::connection_lost&) {
    co_return "lost";
  } catch (const redis::client_closed&) {
    co_return "closed";
  } catch (const hocket::timeout_error&) {
    co_return "timeout";
  } catch (const hocket::protocol_error&) {
    co_return "protocol";
  } catch (const hocket::error& other) {
    co_return other.what();
  }
}

task<std::string> ask(redis::client& by, std::string_view text) {
  return hocket::create_task(outcome_of(by.command<std::string>("ECHO", text)));
}
task<std::string> ask_idempotently(redis::client& by, std::string_view text) {
  return hocket::create_task(outcome_of(by.execute<std::string>(redis::request("ECHO", text).idempotent())));
}

}  // namespace

HOCKET_TEST(redis_client, sends_the_commands_of_a_turn_in_one_piece_and_gives_each_its_answer) {
  std::size_t receives = 0;
  scripted_server server([&receives](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    for (const char* each : {"ECHO a", "ECHO b", "ECHO c"}) co_await peer.expect(each);
    receives = peer.receives();
    co_await peer.say("$1\r\na\r\n$1\r\nb\r\n$1\r");
    co_await peer.say("\nc\r\n");
  });
  redis::client store(options_for(server));
  auto first = ask(store, "a");
  auto second = ask(store, "b");
  auto third = ask(store, "c");
  EXPECT_EQ(co_await first, "= a");
  EXPECT_EQ(co_await second, "= b");
  EXPECT_EQ(co_await third, "= c");
  EXPECT_EQ(receives, 3U) << "HELLO, PING, and all three";
  co_await store.close();
}

HOCKET_TEST(redis_client, drops_the_answer_to_whoever_was_cancelled_and_disturbs_nobody) {
  hocket::event cancelled_one;
  scripted_server server([&cancelled_one](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    for (const char* each : {"ECHO a", "ECHO b", "ECHO c"}) co_await peer.expect(each);
    co_await cancelled_one.wait();
    co_await peer.say("$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
  });
  redis::client store(options_for(server));
  auto first = ask(store, "a");
  auto second = ask(store, "b");
  auto third = ask(store, "c");
  co_await hocket::sleep(1s);
  second.cancel();
  EXPECT_TRUE(co_await ends_cancelled(second));
  cancelled_one.set();
  EXPECT_EQ(co_await first, "= a");
  EXPECT_EQ(co_await third, "= c");
  co_await store.close();
}

HOCKET_TEST(redis_client, does_not_send_what_was_cancelled_before) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ECHO b");
    co_await peer.say("$1\r\nb\r\n");
  });
  redis::client store(options_for(server));
  auto first = ask(store, "a");
  auto second = ask(store, "b");
  co_await hocket::sleep(0s);
  co_await hocket::sleep(0s);
  first.cancel();
  EXPECT_EQ(co_await second, "= b");
  EXPECT_TRUE(co_await ends_cancelled(first));
  co_await store.close();
}

HOCKET_TEST(redis_client, sends_again_what_is_idempotent_and_fails_what_is_not) {
  scripted_server server([](tcp_socket& connection, std::size_t nth) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    if (nth == 0) {
      for (const char* each : {"ECHO a", "ECHO b", "ECHO c"}) co_await peer.expect(each);
      co_return;
    }
    co_await peer.expect("ECHO b");
    co_await peer.expect("ECHO c");
    co_await peer.expect("ECHO d");
    co_await peer.say("$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n");
  });
  redis::client store(options_for(server));
  auto first = ask(store, "a");
  auto second = ask_idempotently(store, "b");
  auto third = ask_idempotently(store, "c");
  EXPECT_EQ(co_await first, "lost");
  auto fourth = ask(store, "d");
  EXPECT_EQ(co_await second, "= b");
  EXPECT_EQ(co_await third, "= c");
  EXPECT_EQ(co_await fourth, "= d");
  co_await store.close();
}

HOCKET_TEST(redis_client, sends_again_only_so_often) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ECHO a");
  });
  redis::client store(options_for(server));
  EXPECT_EQ(co_await ask_idempotently(store, "a"), "lost");
  EXPECT_EQ(server.connections(), 3U);
  co_await store.close();
}

HOCKET_TEST(redis_client, tries_to_connect_so_often_and_tells_all_who_wait_why_it_could_not) {
  scripted_server server([](tcp_socket&, std::size_t) -> coro<void> { co_return; });
  auto options = options_for(server);
  server.refuse();
  redis::client store(std::move(options));
  std::string why;
  auto other = ask(store, "b");
  const auto begun = hocket::loop::running().time();
  try {
    static_cast<void>(co_await store.get("a"));
  } catch (const redis::connection_lost& problem) {
    why = problem.what();
  }
  EXPECT_TRUE(why.starts_with("no connection to Redis at 127.0.0.1:")) << why;
  EXPECT_TRUE(why.ends_with("Connection refused")) << why;
  EXPECT_EQ(co_await other, "lost");
  const auto took = hocket::loop::running().time() - begun;
  EXPECT_GE(took, 175ms);  // half of 50 + 100 + 200
  EXPECT_LE(took, 360ms);
  co_await store.close();
}

HOCKET_TEST(redis_client, is_patient_with_a_command_for_its_limit_only) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ECHO a");
    co_await hocket::sleep(20s);
    co_await peer.expect("ECHO b");
    co_await hocket::sleep(15s);
    co_await peer.say("$1\r\na\r\n$1\r\nb\r\n");
    co_await peer.say_ok_to_all();
  });
  redis::client store(options_for(server));
  auto first = ask(store, "a");
  co_await hocket::sleep(20s);
  auto second = ask(store, "b");
  EXPECT_EQ(co_await first, "timeout");
  EXPECT_EQ(co_await second, "lost") << "nothing came for 30 s: the connection was given up";
  co_await store.close();
}

HOCKET_TEST(redis_client, keeps_a_slow_connection_on_which_something_comes) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ECHO a");
    for (int n = 0; n < 5; ++n) {
      co_await hocket::sleep(8s);
      co_await peer.say(">1\r\n+news\r\n");
    }
    co_await peer.expect("ECHO b");
    co_await peer.say("$1\r\na\r\n$1\r\nb\r\n");
  });
  redis::client store(options_for(server));
  auto first = ask(store, "a");
  co_await hocket::sleep(20s);
  auto second = ask(store, "b");
  EXPECT_EQ(co_await first, "timeout");
  EXPECT_EQ(co_await second, "= b");
  EXPECT_EQ(server.connections(), 1U);
  co_await store.close();
}

HOCKET_TEST(redis_client, asks_a_quiet_connection_whether_it_is_there) {
  std::vector<std::string> asked;
  scripted_server server([&asked](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    for (;;) {
      asked.push_back(co_await peer.next());
      if (asked.back().empty()) co_return;
      if (asked.size() < 3) co_await peer.say("+PONG\r\n");
    }
  });
  redis::client store(options_for(server));
  EXPECT_EQ(co_await ask(store, "a"), "= PONG");
  co_await hocket::sleep(59s);
  EXPECT_EQ(asked, (std::vector<std::string>{"ECHO a", "PING"}));
  EXPECT_TRUE(store.is_connected());
  co_await hocket::sleep(20s);
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_TRUE(store.is_connected());
  co_await hocket::sleep(30s);
  EXPECT_FALSE(store.is_connected()) << "the second PING was not answered";
  co_await store.close();
}

HOCKET_TEST(redis_client, has_so_many_commands_in_flight_and_no_more) {
  std::size_t most = 0;
  scripted_server server([&most](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    for (int left = 10; left > 0;) {
      std::size_t came = 0;
      for (; came < 3 && left > 0; ++came, --left) static_cast<void>(co_await peer.next());
      co_await wait_all_tasks_blocked();
      most = std::max(most, came);
      std::string answers;
      for (; came > 0; --came) answers += "+x\r\n";
      co_await peer.say(std::move(answers));
    }
  });
  auto options = options_for(server);
  options.max_in_flight = 3;
  redis::client store(std::move(options));
  std::vector<task<std::string>> asked;
  for (int n = 0; n < 10; ++n) asked.push_back(ask(store, "a"));
  for (auto& each : asked) {
    EXPECT_LE(store.in_flight(), 3U);
    EXPECT_EQ(co_await each, "= x");
  }
  EXPECT_EQ(most, 3U);
  co_await store.close();
}

HOCKET_TEST(redis_client, lets_a_command_that_is_larger_than_allowed_in_flight_go_alone) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.say_ok_to_all();
  });
  auto options = options_for(server);
  options.max_in_flight_bytes = 100;
  redis::client store(std::move(options));
  auto first = ask(store, "a");
  auto large = ask(store, std::string(1'000'000, 'x'));
  auto last = ask(store, "b");
  EXPECT_EQ(co_await first, "= OK");
  EXPECT_EQ(co_await large, "= OK");
  EXPECT_EQ(co_await last, "= OK");
  co_await store.close();
}

HOCKET_TEST(redis_client, ends_a_connection_on_which_something_else_is_spoken) {
  for (const char* nonsense : {"HTTP/1.1 200 OK\r\n", "$-7\r\n", "*1\r\n*1\r\n>1\r\n"}) {
    scripted_server server([nonsense](tcp_socket& connection, std::size_t) -> coro<void> {
      redis_peer peer(connection);
      co_await peer.greet();
      co_await peer.expect("ECHO a");
      co_await peer.say(nonsense);
    });
    redis::client store(options_for(server));
    EXPECT_EQ(co_await ask_idempotently(store, "a"), "protocol") << nonsense;
    EXPECT_FALSE(store.is_connected());
    co_await store.close();
  }
}

HOCKET_TEST(redis_client, ends_a_connection_on_which_it_gets_answers_that_it_did_not_ask_for) {
  scripted_server server([](tcp_socket& connection, std::size_t nth) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect(nth == 0 ? "ECHO a" : "ECHO b");
    co_await peer.say("+x\r\n");
    co_await hocket::sleep(1s);
    if (nth == 0) co_await peer.say("+for nobody\r\n");
  });
  redis::client store(options_for(server));
  EXPECT_EQ(co_await ask(store, "a"), "= x");
  co_await hocket::sleep(2s);
  EXPECT_FALSE(store.is_connected());
  EXPECT_EQ(co_await ask(store, "b"), "= x");
  co_await store.close();
}

HOCKET_TEST(redis_client, greets_a_server_that_knows_no_hello_as_of_old) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.expect("HELLO 3 AUTH default secret SETNAME tester");
    co_await peer.say("-ERR unknown command `HELLO`\r\n");
    co_await peer.expect("AUTH secret");
    co_await peer.say("+OK\r\n");
    co_await peer.expect("CLIENT SETNAME tester");
    co_await peer.say("+OK\r\n");
    co_await peer.expect("PING");
    co_await peer.say("-NOPERM\r\n");
    co_await peer.expect("SELECT 2");
    co_await peer.say("+OK\r\n");
    co_await peer.expect("ECHO a");
    co_await peer.say("$1\r\na\r\n");
  });
  auto options = options_for(server);
  options.password = "secret";
  options.client_name = "tester";
  options.database = 2;
  redis::client store(std::move(options));
  EXPECT_EQ(co_await ask(store, "a"), "= a");
  co_await store.close();
}

HOCKET_TEST(redis_client, waits_for_a_server_that_is_loading) {
  scripted_server server([](tcp_socket& connection, std::size_t nth) -> coro<void> {
    redis_peer peer(connection);
    if (nth < 2) {
      co_await peer.expect("HELLO 3");
      co_await peer.say("%0\r\n");
      co_await peer.expect("PING");
      co_await peer.say("-LOADING Redis is loading the dataset in memory\r\n");
      co_return;
    }
    co_await peer.greet();
    co_await peer.say_ok_to_all();
  });
  redis::client store(options_for(server));
  EXPECT_EQ(co_await ask(store, "a"), "= OK");
  co_await store.close();
}

HOCKET_TEST(redis_client, closes_when_what_was_asked_is_answered) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ECHO a");
    co_await hocket::sleep(5s);
    co_await peer.say("$1\r\na\r\n");
  });
  redis::client store(options_for(server));
  auto asked = ask(store, "a");
  co_await hocket::sleep(1s);
  auto closing = hocket::create_task(store.close());
  co_await hocket::sleep(0s);
  EXPECT_EQ(co_await ask(store, "b"), "closed");
  EXPECT_EQ(co_await asked, "= a");
  co_await closing;
  co_await store.close();  // again
}

HOCKET_TEST(redis_client, closes_in_bounded_time) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await hocket::sleep(1h);
  });
  redis::client store(options_for(server));
  auto asked = ask_idempotently(store, "a");
  co_await hocket::sleep(1s);
  const auto begun = hocket::loop::running().time();
  co_await store.close();
  EXPECT_LE(hocket::loop::running().time() - begun, 11s);
  EXPECT_EQ(co_await asked, "closed");
}

HOCKET_TEST(redis_client, fails_what_is_under_way_when_it_goes) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await hocket::sleep(1h);
  });
  task<std::string> asked = [&server] {
    redis::client store(options_for(server));
    return ask(store, "a");
  }();
  EXPECT_EQ(co_await asked, "closed");
  auto store = std::make_unique<redis::client>(options_for(server));
  auto sent = ask(*store, "b");
  co_await hocket::sleep(1s);
  store.reset();
  EXPECT_EQ(co_await sent, "closed");
}

HOCKET_TEST(redis_client, tells_when_its_connection_was_lost) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await peer.greet();
    co_await peer.expect("ECHO a");
    co_await peer.say("+x\r\n");
  });
  redis::client store(options_for(server));
  int times = 0;
  store.on_lost([&times] { ++times; });
  EXPECT_EQ(co_await ask(store, "a"), "= x");
  co_await hocket::sleep(1s);
  EXPECT_EQ(times, 1);
  co_await store.close();
}

TEST(redis_client, may_be_cancelled_anywhere) {
  const auto scenario = []() -> coro<void> {
    scripted_server server([](tcp_socket& connection, std::size_t nth) -> coro<void> {
      redis_peer peer(connection);
      if (nth > 0) co_return co_await peer.say_ok_to_all();
      for (int said = 0; said < 2; ++said) {  // the greeting; the first connection is lost behind that
        static_cast<void>(co_await peer.next());
        co_await peer.say("+OK\r\n");
      }
      static_cast<void>(co_await peer.next());
    });
    redis::client store(options_for(server));
    auto beside = ask_idempotently(store, "b");
    static_cast<void>(co_await store.execute<std::string>(redis::request("ECHO", "a").idempotent()));
    co_await beside;
    co_await store.close();
  };
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(scenario, {.backend = backend});
    EXPECT_GT(report.cancelled, 5U);
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_EQ(report.leaked_descriptors, 0U);
  }
}
