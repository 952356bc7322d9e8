// Pings, pongs and the end, whatever else a websocket is at: large messages, slow links, handlers that do not receive.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <http/websocket/frames.hpp>
#include <http/websocket/sockets.hpp>
#include <io/connected_sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::wait_for;
using hocket::http::websocket;
using hocket::http::websocket_closed;
using hocket::http::websocket_options;
using hocket::http::websocket_role;
using hocket::testing::client_close_frame;
using hocket::testing::client_frame;
using hocket::testing::close_frame;
using hocket::testing::connected;
using hocket::testing::opcode;
using hocket::testing::server_frame;
using hocket::testing::silent;
using hocket::testing::with_bytes;

namespace {

constexpr websocket_options beating{.heartbeat = 20s, .heartbeat_timeout = 5s};
constexpr std::size_t four_mib = std::size_t{4} * 1024 * 1024;

// 64 KiB a second: a message of a minute.
HOCKET_TEST(websocket, a_heartbeat_keeps_a_websocket_that_carries_a_large_message_slowly) {
  constexpr hocket::testing::memory_link_options slow{.capacity = 64 * 1024, .delay = 1s};
  for (const bool beats_at_sender : {true, false}) {
    for (const bool client_sends : {true, false}) {
      const websocket_options of_sender = beats_at_sender ? beating : silent;
      const websocket_options of_receiver = beats_at_sender ? silent : beating;
      auto [client, server] = connected({.to_server = slow, .to_client = slow}, client_sends ? of_sender : of_receiver,
                                        client_sends ? of_receiver : of_sender);
      websocket& sender = client_sends ? client : server;
      websocket& receiver = client_sends ? server : client;
      const auto listening = create_task(as_result(sender.receive()));
      const std::string large(four_mib, 'x');
      const auto sending = create_task(sender.send_binary(large));
      const auto message = co_await receiver.receive();
      EXPECT_EQ(message->data.size(), large.size());
      co_await sending;
      co_await gather(receiver.close(), sender.close());
      static_cast<void>(co_await listening);
    }
  }
}

// Nobody answers: the other side does nothing but take bytes.
HOCKET_TEST(websocket, a_heartbeat_takes_it_for_life_that_the_other_side_takes_what_is_sent) {
  auto [server, client] = with_bytes({.to_client = {.capacity = 64 * 1024, .delay = 1s}}, beating);
  const std::string large(four_mib, 'x');
  const auto sending = create_task(as_result(server.send_binary(large)));
  std::size_t taken = 0;
  while (taken < four_mib) {
    const auto came = co_await client.receive();
    if (!came) break;
    taken += came.size();
  }
  EXPECT_TRUE(co_await sending);
  EXPECT_TRUE(server.is_open());
  co_await hocket::sleep(30s);
  EXPECT_EQ(server.close_code(), 1006);
}

HOCKET_TEST(websocket, answers_a_ping_amid_a_large_message) {
  auto [server, client] = with_bytes({.to_client = {.capacity = 1000}});
  const auto receiving = create_task(as_result(server.receive()));
  const std::string large(four_mib, 'x');
  const auto sending = create_task(server.send_binary(large));
  co_await client.send_all(client_frame(opcode::ping, "amid"));
  std::string sent;
  while (!sent.contains(server_frame(opcode::pong, "amid"))) {
    const auto came = co_await client.receive();
    if (!came) break;
    sent += came.text();
  }
  EXPECT_LT(sent.size(), 200'000U);
  server.abort();
  static_cast<void>(co_await as_result(sending));
  static_cast<void>(co_await receiving);
}

HOCKET_TEST(websocket, a_close_frame_waits_for_the_end_of_a_large_message) {
  auto [client, server] = connected({.to_server = {.capacity = 1000}}, silent, silent);
  const std::string large(four_mib, 'x');
  const auto sending = create_task(client.send_binary(large));
  co_await hocket::sleep(1ms);
  const auto closing = create_task(client.close());
  const auto message = co_await server.receive();
  EXPECT_EQ(message->data.size(), large.size());
  EXPECT_FALSE(co_await server.receive());
  co_await sending;
  co_await server.close();
  co_await closing;
  EXPECT_EQ(client.close_code(), 1000);
}

HOCKET_TEST(websocket, a_large_message_gives_other_tasks_their_turns) {
  auto [client, server] = connected({.to_server = {.capacity = std::size_t{1} << 30}}, silent, silent);
  std::size_t turns = 0;
  const auto ticking = create_task([](std::size_t& count) -> coro<void> {
    for (;; ++count) co_await hocket::sleep(hocket::duration::zero());
  }(turns));
  const std::string large(std::size_t{16} * 1024 * 1024, 'x');
  co_await client.send_binary(large);
  EXPECT_GE(turns, 250U);
  ticking.cancel();
  static_cast<void>(co_await as_result(ticking));
}

HOCKET_TEST(websocket, lives_while_a_handler_works_for_minutes_between_two_messages) {
  auto [client, server] = connected({}, {}, silent);
  const auto answering = create_task([](websocket& socket) -> coro<void> {
    while (auto message = co_await socket.receive()) {
      co_await hocket::sleep(5min);
      co_await socket.send_text(message->data);
    }
  }(server));
  for (int nth = 0; nth < 3; ++nth) {
    co_await client.send_text("work");
    co_await hocket::sleep(3min);
    EXPECT_EQ((co_await client.receive())->data, "work");
  }
  co_await gather(client.close(), [](websocket& socket, const hocket::task<void>& echo) -> coro<void> {
    co_await echo;
    co_await socket.close();
  }(server, answering));
}

HOCKET_TEST(websocket, answers_pings_while_nobody_receives_as_far_as_the_next_message) {
  auto [server, client] = with_bytes();
  co_await client.send_all(client_frame(opcode::ping, "one"));
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::pong, "one"));
  co_await client.send_all(client_frame(opcode::ping, "two") + client_frame(opcode::text, "first") +
                           client_frame(opcode::ping, "three"));
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::pong, "two"));
  EXPECT_THROW(co_await wait_for(client.receive(), 1min), hocket::timeout_error);
  EXPECT_EQ((co_await server.receive())->data, "first");
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::pong, "three"));
}

HOCKET_TEST(websocket, sees_that_it_was_closed_while_nobody_receives) {
  auto [server, client] = with_bytes();
  co_await client.send_all(client_close_frame(1000, "bye"));
  EXPECT_EQ((co_await client.receive()).text(), close_frame(1000));
  EXPECT_FALSE(server.is_open());
  EXPECT_EQ(server.close_reason(), "bye");
  EXPECT_THROW(co_await server.send_text("late"), websocket_closed);
}

HOCKET_TEST(websocket, sees_that_the_connection_has_ended_while_nobody_receives) {
  for (const bool is_reset : {false, true}) {
    auto ends = co_await hocket::testing::connect_on_loopback();
    websocket server(byte_stream(std::move(ends.server)), {}, {.role = websocket_role::server}, silent);
    co_await ends.client.send_all(client_frame(opcode::pong, "nobody asked"));
    co_await hocket::sleep(3s);
    EXPECT_TRUE(server.is_open());
    if (is_reset)
      hocket::testing::reset(ends.client);
    else
      ends.client.close();
    co_await wait_for(server.wait_closed(), 1min);
    EXPECT_EQ(server.close_code(), 1006);
  }
}

HOCKET_TEST(websocket, hears_that_the_other_side_has_gone_though_a_message_of_it_is_unread) {
  auto ends = co_await hocket::testing::connect_on_loopback();
  websocket server(byte_stream(std::move(ends.server)), {}, {.role = websocket_role::server}, beating);
  co_await ends.client.send_all(client_frame(opcode::text, "unread"));
  ends.client.close();
  co_await wait_for(server.wait_closed(), 5min);
  EXPECT_FALSE(server.is_open());
  EXPECT_THROW(co_await server.send_text("late"), websocket_closed);
  EXPECT_EQ((co_await server.receive())->data, "unread");
  EXPECT_THROW(co_await server.receive(), websocket_closed);
}

HOCKET_TEST(websocket, ends_though_nobody_receives_if_the_other_side_answers_no_more) {
  auto [server, client] = with_bytes({}, beating);
  co_await client.send_all(client_frame(opcode::pong, "1"));
  co_await hocket::sleep(1min);
  EXPECT_EQ(server.close_code(), 1006);
}

HOCKET_TEST(websocket, a_ping_that_is_not_waited_for_any_more_does_no_harm) {
  auto [server, client] = with_bytes({.to_client = {.capacity = 1}});
  EXPECT_THROW(co_await wait_for(server.ping(), 5s), hocket::timeout_error);
  EXPECT_TRUE(server.is_open());
  const auto sending = create_task(server.send_text("on"));
  std::string sent;
  const std::string expected = server_frame(opcode::ping, "1") + server_frame(opcode::text, "on");
  while (sent.size() < expected.size()) {
    const auto came = co_await client.receive();
    if (!came) break;
    sent += came.text();
  }
  EXPECT_EQ(sent, expected);
  co_await sending;
}

HOCKET_TEST(websocket, a_pong_answers_all_pings_before_it_whoever_waits_still) {
  auto [server, client] = with_bytes();
  const auto receiving = create_task(as_result(server.receive()));
  const auto first = create_task(server.ping());
  co_await hocket::sleep(1s);
  EXPECT_THROW(co_await wait_for(server.ping(), 1s), hocket::timeout_error);
  const auto third = create_task(server.ping());
  co_await hocket::sleep(1s);
  co_await client.send_all(client_frame(opcode::pong, "99") + client_frame(opcode::pong, "2x") +
                           client_frame(opcode::pong, ""));
  co_await hocket::sleep(1s);
  EXPECT_FALSE(first.done());
  co_await client.send_all(client_frame(opcode::pong, "2"));
  EXPECT_EQ(co_await first, 4s);
  EXPECT_FALSE(third.done());
  server.abort();
  EXPECT_THROW(co_await third, websocket_closed);
  static_cast<void>(co_await receiving);
}

HOCKET_TEST(websocket, a_send_to_which_a_cancellation_is_due_leaves_the_websocket_as_it_was) {
  auto [client, server] = connected({}, silent, silent);
  const auto sending = create_task([](websocket& socket) -> coro<void> {
    hocket::cancel_scope scope;
    scope.cancel();
    co_await scope.run(socket.send_text("never"));
  }(client));
  co_await sending;
  EXPECT_TRUE(client.is_open());
  co_await client.send_text("still here");
  EXPECT_EQ((co_await server.receive())->data, "still here");
}

HOCKET_TEST(websocket, a_send_that_is_cancelled_between_two_fragments_ends_the_connection) {
  auto [client, server] = connected({.to_server = {.capacity = 1000}}, silent, silent);
  const std::string large(four_mib, 'x');
  const auto sending = create_task(as_result(client.send_binary(large)));
  const auto ping = create_task(as_result(client.ping()));
  co_await hocket::sleep(1ms);
  sending.cancel();
  static_cast<void>(co_await as_result(sending));
  EXPECT_FALSE(client.is_open());
  EXPECT_FALSE(co_await ping) << "nobody receives, and yet it hears of the end";
  EXPECT_THROW(co_await client.send_text("next"), websocket_closed);
}

}  // namespace
