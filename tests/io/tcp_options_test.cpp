#include <chrono>
#include <cstdio>
#include <string>

#include <io/connected_sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/io/accept_failure.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::accept_failure;
using hocket::as_expected;
using hocket::coro;
using hocket::create_task;
using hocket::socket_address;
using hocket::tcp_listener;
using hocket::tcp_options;
using hocket::tcp_socket;
using hocket::testing::listen_on_loopback;

namespace {

const tcp_options all_options{.no_delay = false,
                              .keep_alive = {{.idle = 33s, .interval = 7s, .count = 3}},
                              .reset_on_close = true,
                              .send_buffer_bytes = 20'000,
                              .receive_buffer_bytes = 30'000,
                              .user_timeout = 12'345ms,
                              .congestion_algorithm = "reno",
                              .device = "lo"};

void expect_all_options(const tcp_socket& socket) {
  EXPECT_FALSE(socket.no_delay());
  const auto keep_alive = socket.keep_alive();
  EXPECT_TRUE(keep_alive && keep_alive->idle == 33s && keep_alive->interval == 7s && keep_alive->count == 3);
  EXPECT_TRUE(socket.reset_on_close());
  EXPECT_EQ(socket.send_buffer_bytes(), 2 * 20'000);
  EXPECT_EQ(socket.receive_buffer_bytes(), 2 * 30'000);
  EXPECT_EQ(socket.user_timeout(), 12'345ms);
  EXPECT_EQ(socket.congestion_algorithm(), "reno");
}

HOCKET_TEST(tcp_options, are_set_before_a_connection) {
  auto listener = listen_on_loopback();
  const auto socket = co_await tcp_socket::connect(listener.local_address(), {.socket = all_options});
  expect_all_options(socket);
}

HOCKET_TEST(tcp_options, are_inherited_by_accepted_sockets) {
  auto listener = listen_on_loopback({.socket = all_options});
  auto client = co_await tcp_socket::connect(listener.local_address());
  expect_all_options(co_await listener.accept());
}

HOCKET_TEST(tcp_options, are_set_while_there_is_a_connection) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  EXPECT_TRUE(client.no_delay());
  EXPECT_FALSE(client.keep_alive());
  EXPECT_FALSE(client.reset_on_close());
  client.set_no_delay(false);
  client.set_keep_alive(all_options.keep_alive);
  client.set_reset_on_close(true);
  client.set_send_buffer_bytes(20'000);
  client.set_receive_buffer_bytes(30'000);
  client.set_user_timeout(12'345ms);
  client.set_congestion_algorithm("reno");
  client.set_quick_ack(true);
  expect_all_options(client);
  client.set_keep_alive({});
  EXPECT_FALSE(client.keep_alive());
}

HOCKET_TEST(tcp_options, reach_the_socket_of_a_byte_stream) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  hocket::byte_stream stream(std::move(client));
  hocket::set_options(stream.socket(), all_options);
  expect_all_options(tcp_socket(stream.release_socket()));
}

HOCKET_TEST(tcp_options, what_the_system_refuses_is_thrown) {
  auto listener = listen_on_loopback();
  const auto connected =
      co_await as_expected(tcp_socket::connect(listener.local_address(), {.socket = {.device = "no-such-one"}}));
  EXPECT_FALSE(connected);
  if (!connected) {
    EXPECT_EQ(connected.error(), std::errc::no_such_device);
  }
}

HOCKET_TEST(tcp_options, a_socket_that_resets_on_close_ends_the_peers_receive_with_an_error) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  client.set_reset_on_close(true);
  client.close();
  const auto received = co_await as_expected(server.receive());
  EXPECT_FALSE(received);
  if (!received) {
    EXPECT_EQ(received.error(), std::errc::connection_reset);
  }
}

HOCKET_TEST(listen_options, an_ipv6_listener_takes_ipv4_too_if_it_is_to) {
  tcp_listener listener;
  try {
    listener = tcp_listener::listen(*socket_address::parse("::", 0), {.dual_stack = true});
  } catch (const std::system_error&) {
    std::fputs("SKIPPED: this machine has no IPv6\n", stderr);
    co_return;
  }
  const std::uint16_t port = listener.local_address().port();
  auto client = co_await tcp_socket::connect(*socket_address::parse("127.0.0.1", port));
  const auto server = co_await listener.accept();
  EXPECT_TRUE(server.peer_address().is_v4_mapped());
  EXPECT_EQ(server.peer_address().from_v4_mapped(), client.local_address());
}

HOCKET_TEST(listen_options, an_ipv6_listener_takes_no_ipv4_otherwise) {
  tcp_listener listener;
  try {
    listener = tcp_listener::listen(*socket_address::parse("::", 0));
  } catch (const std::system_error&) {
    std::fputs("SKIPPED: this machine has no IPv6\n", stderr);
    co_return;
  }
  const std::uint16_t port = listener.local_address().port();
  const auto refused = co_await as_expected(tcp_socket::connect(*socket_address::parse("127.0.0.1", port)));
  EXPECT_FALSE(refused);
}

HOCKET_TEST(listen_options, a_deferred_connection_is_accepted_when_it_has_sent_something) {
  auto listener = listen_on_loopback({.defer_accept = 30s});
  auto client = co_await tcp_socket::connect(listener.local_address());
  auto accepting = create_task(listener.accept());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_FALSE(accepting.done());
  co_await client.send_all("x");
  auto server = co_await std::move(accepting);
  EXPECT_EQ((co_await server.receive()).text(), "x");
}

HOCKET_TEST(listen_options, fast_open_connects_with_the_first_bytes) {
  auto listener = listen_on_loopback({.fast_open = 16});
  for (int n = 0; n < 2; ++n) {  // the first time there is no cookie yet
    auto client = co_await tcp_socket::connect(listener.local_address(), {.fast_open = true});
    co_await client.send_all("hello");
    auto server = co_await listener.accept();
    EXPECT_EQ((co_await server.receive()).text(), "hello");
    co_await server.send_all("and back");
    EXPECT_EQ((co_await client.receive()).text(), "and back");
  }
}

HOCKET_TEST(listen_options, a_port_is_taken_again_at_once_unless_forbidden) {
  auto listener = listen_on_loopback();
  const socket_address there = listener.local_address();
  auto client = co_await tcp_socket::connect(there);
  auto server = co_await listener.accept();
  server.close();  // who closes first keeps the address for a while
  static_cast<void>(co_await client.receive());
  client.close();
  listener.close();
  EXPECT_THROW(static_cast<void>(tcp_listener::listen(there, {.reuse_address = false})), std::system_error);
  EXPECT_NO_THROW(static_cast<void>(tcp_listener::listen(there)));
}

TEST(accept_failure, tells_what_to_do_about_each_error_that_accept_can_give) {
  const auto of = [](int error) { return hocket::accept_failure_of({error, std::system_category()}); };
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) EXPECT_EQ(of(error), accept_failure::out_of_resources);
  for (const int error : {ECONNABORTED, EPERM, EPROTO}) EXPECT_EQ(of(error), accept_failure::of_connection);
  for (const int error : {EBADF, EINVAL, ECANCELED}) EXPECT_EQ(of(error), accept_failure::of_listener);
  for (const int error : hocket::testing::possible_errors(hocket::io_op::accept))
    EXPECT_NE(of(error), accept_failure::of_listener) << error;
}

}  // namespace
