#include <array>
#include <chrono>
#include <numeric>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <io/open_numbers.hpp>
#include <io/zero_pages.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/buffer_pool.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using namespace std::string_literals;
using hocket::as_expected;
using hocket::as_result;
using hocket::buffer;
using hocket::buffer_pool;
using hocket::coro;
using hocket::create_task;
using hocket::socket_address;
using hocket::tcp_listener;
using hocket::tcp_socket;
using hocket::testing::cancelling_ends;
using hocket::testing::connect_on_loopback;
using hocket::testing::ends_cancelled;
using hocket::testing::few_descriptors;
using hocket::testing::listen_on_loopback;
using hocket::testing::receive_to_end;
using hocket::testing::reset;
using hocket::testing::wait_all_tasks_blocked;

namespace {

bool is_error(const std::error_code& code, std::errc wanted) { return code == wanted; }

/// The error with which the task ends, or none.
template <class T>
coro<std::error_code> error_of(hocket::task<T> work) {
  try {
    co_await work;
  } catch (const std::system_error& problem) {
    co_return problem.code();
  }
  co_return std::error_code{};
}

// Larger than what the system buffers on the way.
const std::string& large_text() {
  static const std::string text = [] {
    std::string bytes(32 * 1024 * 1024, '\0');
    std::iota(bytes.begin(), bytes.end(), '\0');
    return bytes;
  }();
  return text;
}

// ---- connecting and accepting

HOCKET_TEST(tcp, both_ends_know_each_others_addresses) {
  auto [client, server] = co_await connect_on_loopback();
  EXPECT_EQ(client.peer_address(), server.local_address());
  EXPECT_EQ(server.peer_address(), client.local_address());
}

HOCKET_TEST(tcp, a_listener_at_port_0_tells_the_port_that_it_got) {
  auto listener = listen_on_loopback();
  EXPECT_NE(listener.local_address().port(), 0);
  co_return;
}

HOCKET_TEST(tcp, listening_at_a_port_in_use_says_where) {
  auto listener = listen_on_loopback();
  const socket_address taken = listener.local_address();
  try {
    static_cast<void>(tcp_listener::listen(taken));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& problem) {
    EXPECT_TRUE(is_error(problem.code(), std::errc::address_in_use));
    EXPECT_NE(std::string(problem.what()).find(taken.to_string()), std::string::npos);
  }
  co_return;
}

HOCKET_TEST(tcp, with_reuse_port_two_listeners_share_a_port) {
  auto first = listen_on_loopback({.reuse_port = true});
  const socket_address shared = first.local_address();
  auto second = tcp_listener::listen(shared, {.reuse_port = true});
  EXPECT_EQ(second.local_address(), shared);
  co_return;
}

HOCKET_TEST(tcp, connects_over_ipv6) {
  hocket::tcp_listener listener = tcp_listener::listen(*socket_address::parse("::1", 0));
  auto client = co_await tcp_socket::connect(listener.local_address());
  EXPECT_EQ(client.peer_address().host(), "::1");
}

HOCKET_TEST(tcp, connecting_where_nobody_listens_is_refused) {
  auto listener = listen_on_loopback();
  const socket_address left = listener.local_address();
  listener.close();
  const auto connected = co_await as_expected(tcp_socket::connect(left));
  EXPECT_FALSE(connected);
  if (!connected) {
    EXPECT_TRUE(is_error(connected.error(), std::errc::connection_refused));
  }
}

HOCKET_TEST(tcp, the_throwing_face_throws_what_the_other_returns) {
  auto listener = listen_on_loopback();
  const socket_address left = listener.local_address();
  listener.close();
  auto attempt = [&]() -> coro<void> { co_await tcp_socket::connect(left); };
  const std::error_code error = co_await error_of(create_task(attempt()));
  EXPECT_TRUE(is_error(error, std::errc::connection_refused));
}

HOCKET_TEST(tcp, accept_waits_for_a_connection) {
  auto listener = listen_on_loopback();
  bool accepted = false;
  auto accepting = create_task([](tcp_listener& at, bool& done) -> coro<void> {
    co_await at.accept();
    done = true;
  }(listener, accepted));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(accepted);
  auto client = co_await tcp_socket::connect(listener.local_address());
  co_await accepting;
  EXPECT_TRUE(accepted);
}

HOCKET_TEST(tcp, connect_tcp_finds_the_way_by_name) {
  auto listener = listen_on_loopback();
  auto client = co_await hocket::connect_tcp("localhost", listener.local_address().port());
  EXPECT_EQ(client.peer_address().port(), listener.local_address().port());
}

HOCKET_TEST(tcp, connect_tcp_says_where_it_could_not_connect) {
  auto listener = listen_on_loopback();
  const socket_address left = listener.local_address();
  listener.close();
  const auto outcome = co_await as_result(hocket::connect_tcp("127.0.0.1", left.port()));
  try {
    std::rethrow_exception(outcome.error());
  } catch (const std::system_error& problem) {
    EXPECT_NE(std::string(problem.what()).find(left.to_string()), std::string::npos);
  }
}

// ---- bytes

HOCKET_TEST(tcp, receive_gives_the_bytes_that_were_sent) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("good morning");
  const buffer received = co_await server.receive();
  EXPECT_EQ(received.text(), "good morning");
}

HOCKET_TEST(tcp, recv_writes_into_the_callers_memory) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("abcdef");
  std::array<char, 4> memory{};
  EXPECT_EQ(co_await server.recv(memory), 4U);
  EXPECT_EQ(std::string_view(memory.data(), memory.size()), "abcd");
  EXPECT_EQ(co_await server.recv(memory), 2U);
}

HOCKET_TEST(tcp, receive_is_empty_at_the_end) {
  auto [client, server] = co_await connect_on_loopback();
  client.close();
  const buffer received = co_await server.receive();
  EXPECT_FALSE(received);
}

HOCKET_TEST(tcp, recv_is_0_at_the_end) {
  auto [client, server] = co_await connect_on_loopback();
  client.close();
  std::array<char, 4> memory{};
  EXPECT_EQ(co_await server.recv(memory), 0U);
}

HOCKET_TEST(tcp, the_end_is_seen_by_a_receive_that_was_waiting_for_it) {
  auto [client, server] = co_await connect_on_loopback();
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  client.close();
  EXPECT_EQ(co_await waiting, "");
}

HOCKET_TEST(tcp, the_end_is_seen_again_and_again) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("last words");
  client.close();
  EXPECT_EQ(co_await receive_to_end(server), "last words");
  const buffer once_more = co_await server.receive();
  EXPECT_FALSE(once_more);
}

HOCKET_TEST(tcp, after_shutdown_send_the_other_direction_goes_on) {
  auto [client, server] = co_await connect_on_loopback();
  client.shutdown_send();
  EXPECT_EQ(co_await receive_to_end(server), "");
  co_await server.send_all("still here");
  const buffer received = co_await client.receive();
  EXPECT_EQ(received.text(), "still here");
}

HOCKET_TEST(tcp, a_reset_is_an_error) {
  auto [client, server] = co_await connect_on_loopback();
  reset(client);
  const auto received = co_await as_expected(server.receive());
  EXPECT_FALSE(received);
  if (!received) {
    EXPECT_TRUE(is_error(received.error(), std::errc::connection_reset));
  }
}

HOCKET_TEST(tcp, sending_to_a_peer_that_has_gone_is_an_error_and_no_signal) {
  auto [client, server] = co_await connect_on_loopback();
  reset(client);
  static_cast<void>(co_await as_expected(server.receive()));
  const auto sent = co_await as_expected(server.send_all("anyone?"));
  EXPECT_FALSE(sent);
  if (!sent) {
    EXPECT_TRUE(is_error(sent.error(), std::errc::broken_pipe));
  }
}

HOCKET_TEST(tcp, sending_nothing_does_nothing) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("");
  client.close();
  EXPECT_EQ(co_await receive_to_end(server), "");
}

HOCKET_TEST(tcp, a_transfer_larger_than_all_buffers_arrives_whole) {
  auto [client, server] = co_await connect_on_loopback();
  auto send = [&]() -> coro<void> {
    co_await client.send_all(large_text());
    client.shutdown_send();
  };
  auto sending = create_task(send());
  const std::string received = co_await receive_to_end(server);
  EXPECT_TRUE(received == large_text());
  co_await sending;
}

HOCKET_TEST(tcp, a_sender_waits_for_a_peer_that_does_not_read) {
  auto [client, server] = co_await connect_on_loopback();
  auto sending = hocket::testing::send_in_background(client, large_text());
  co_await hocket::sleep(1min);
  EXPECT_FALSE(sending.done());
  auto receiving = create_task(receive_to_end(server));
  co_await sending;
  client.close();
  EXPECT_EQ((co_await receiving).size(), large_text().size());
}

HOCKET_TEST(tcp, both_directions_are_full_at_once_without_a_deadlock) {
  auto [client, server] = co_await connect_on_loopback();
  auto talk = [](tcp_socket& socket) -> coro<std::size_t> {
    auto sending = hocket::testing::send_in_background(socket, large_text());
    std::size_t size = 0;
    while (size < large_text().size()) size += (co_await socket.receive()).size();
    co_await sending;
    co_return size;
  };
  const auto [one, other] = co_await hocket::gather(talk(client), talk(server));
  EXPECT_EQ(one, other);
}

HOCKET_TEST(tcp, has_something_to_read_tells_bytes_and_ends_without_waiting) {
  auto [client, server] = co_await connect_on_loopback();
  EXPECT_FALSE(server.has_something_to_read());
  co_await client.send_all("x");
  EXPECT_TRUE(server.has_something_to_read());
  static_cast<void>(co_await server.receive());
  EXPECT_FALSE(server.has_something_to_read());
  client.close();
  EXPECT_TRUE(server.has_something_to_read());
}

// ---- buffers

HOCKET_TEST(tcp, who_waits_for_bytes_holds_no_buffer) {
  auto [client, server] = co_await connect_on_loopback();
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(hocket::loop::running().io().lent_buffers(), 0U);
  client.close();
  co_await waiting;
}

HOCKET_TEST(tcp, more_tasks_receive_than_the_pool_has_buffers) {
  constexpr std::size_t many = 450;  // connections: fewer than select(2) can wait for
  std::vector<buffer> held_before;
  for (auto [client, server] = co_await connect_on_loopback(); held_before.size() + many < buffer_pool::count + 100;) {
    co_await client.send_all("x");
    held_before.push_back(co_await server.receive());
  }
  std::vector<hocket::testing::connected_sockets> all;
  for (std::size_t n = 0; n < many; ++n) all.push_back(co_await connect_on_loopback());
  std::vector<buffer> held(many);
  auto receive = [&](std::size_t n) -> coro<void> { held[n] = co_await all[n].server.receive(); };
  std::vector<hocket::task<void>> receiving;
  for (std::size_t n = 0; n < many; ++n) receiving.push_back(create_task(receive(n)));
  co_await wait_all_tasks_blocked();
  for (std::size_t n = 0; n < many; ++n) co_await all[n].client.send_all(std::to_string(n));
  for (auto& each : receiving) co_await each;
  EXPECT_EQ(hocket::loop::running().io().lent_buffers(), many + held_before.size());
  for (std::size_t n = 0; n < many; ++n) EXPECT_EQ(held[n].text(), std::to_string(n));
}

HOCKET_TEST(tcp, a_receive_that_found_no_buffer_can_be_cancelled) {
  std::vector<buffer> held;
  auto [client, server] = co_await connect_on_loopback();
  for (std::uint32_t n = 0; n < buffer_pool::count; ++n) {
    co_await client.send_all("x");
    held.push_back(co_await server.receive());
  }
  co_await client.send_all("y");
  static_cast<void>(co_await server.receive());
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(waiting));
  co_await client.send_all("z");
  EXPECT_EQ((co_await server.receive()).text(), "z");
}

HOCKET_TEST(tcp, a_receive_cancelled_in_the_moment_in_which_buffers_ran_out_ends) {
  std::vector<buffer> held;
  auto [client, server] = co_await connect_on_loopback();
  for (std::uint32_t n = 0; n < buffer_pool::count; ++n) {
    co_await client.send_all("x");
    held.push_back(co_await server.receive());
  }
  auto waiting =
      create_task([](tcp_socket& from) -> coro<std::size_t> { co_return (co_await from.receive()).size(); }(server));
  co_await hocket::sleep(0s);  // it has asked for a buffer
  EXPECT_TRUE(co_await cancelling_ends(waiting));
}

// ---- cancellation

HOCKET_TEST(tcp, accept_can_be_cancelled_and_the_listener_goes_on) {
  auto listener = listen_on_loopback();
  auto accept = [&]() -> coro<void> { co_await listener.accept(); };
  auto accepting = create_task(accept());
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(accepting));
  auto client = co_await tcp_socket::connect(listener.local_address());
  auto server = co_await listener.accept();
  EXPECT_EQ(server.peer_address(), client.local_address());
}

HOCKET_TEST(tcp, receive_can_be_cancelled_and_the_socket_goes_on) {
  auto [client, server] = co_await connect_on_loopback();
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(waiting));
  co_await client.send_all("after");
  EXPECT_EQ((co_await server.receive()).text(), "after");
}

HOCKET_TEST(tcp, recv_can_be_cancelled_and_takes_nothing) {
  auto [client, server] = co_await connect_on_loopback();
  std::array<char, 8> memory{};
  auto receive = [&]() -> coro<void> { static_cast<void>(co_await server.recv(memory)); };
  auto waiting = create_task(receive());
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(waiting));
  co_await client.send_all("after");
  EXPECT_EQ(memory[0], '\0');
  EXPECT_EQ(co_await server.recv(memory), 5U);
}

HOCKET_TEST(tcp, send_all_can_be_cancelled_while_it_waits) {
  auto [client, server] = co_await connect_on_loopback();
  auto sending = hocket::testing::send_in_background(client, large_text());
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(sending));
}

HOCKET_TEST(tcp, a_send_that_was_cancelled_after_a_part_sends_nothing_more) {
  auto [client, server] = co_await connect_on_loopback();
  auto sending = hocket::testing::send_in_background(client, large_text());
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(sending));
  client.close();
  const std::string received = co_await receive_to_end(server);
  EXPECT_LT(received.size(), large_text().size());
  EXPECT_TRUE(std::string_view(large_text()).starts_with(received));
}

// What does not fit into the backlog gets no answer.
HOCKET_TEST(tcp, connect_can_be_cancelled) {
  auto listener = listen_on_loopback({.backlog = 0});
  auto connect = [&]() -> coro<tcp_socket> { co_return co_await tcp_socket::connect(listener.local_address()); };
  std::vector<hocket::task<tcp_socket>> connecting;
  for (int n = 0; n < 16; ++n) connecting.push_back(create_task(connect()));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(connecting.back().done());
  for (const auto& each : connecting) {
    if (!each.done()) {
      EXPECT_TRUE(co_await cancelling_ends(each));
    }
  }
}

HOCKET_TEST(tcp, connect_obeys_a_time_out_when_the_backlog_is_full) {
  auto listener = listen_on_loopback({.backlog = 0});
  std::vector<tcp_socket> kept;
  bool timed_out = false;
  for (int n = 0; n < 16 && !timed_out; ++n) {
    const auto connected = co_await as_result(hocket::with_timeout(1s, tcp_socket::connect(listener.local_address())));
    if (!connected) {
      try {
        std::rethrow_exception(connected.error());
      } catch (const hocket::timeout_error&) {
        timed_out = true;
      }
    }
    kept.emplace_back();
  }
  EXPECT_TRUE(timed_out) << "sixteen connections fitted into a backlog of none";
}

HOCKET_TEST(tcp, bytes_that_came_with_the_cancellation_are_returned_and_the_request_stays) {
  auto [client, server] = co_await connect_on_loopback();
  std::string got;
  bool cancelled_next = false;
  auto receive = [&]() -> coro<void> {
    got = (co_await server.receive()).text();
    try {
      static_cast<void>(co_await server.receive());
    } catch (const hocket::cancelled&) {
      cancelled_next = true;
      throw;
    }
  };
  auto receiving = create_task(receive());
  co_await wait_all_tasks_blocked();
  co_await client.send_all("just in time");
  while (got.empty() && !receiving.done()) {
    // Until the bytes have been taken from the socket: then the receive has completed, its task has not run.
    if (!server.has_something_to_read()) receiving.cancel();
    co_await hocket::sleep(0s);
    if (receiving.cancelling() > 0) break;
  }
  EXPECT_TRUE(co_await ends_cancelled(receiving));
  if (!got.empty()) {
    EXPECT_EQ(got, "just in time");
    EXPECT_TRUE(cancelled_next);
  }
}

// Whatever the order of bytes and cancellation: they are in the task's hands or still in the socket.
HOCKET_TEST(tcp, no_byte_is_lost_to_a_cancellation) {
  for (int turns = 0; turns < 6; ++turns) {
    auto [client, server] = co_await connect_on_loopback();
    std::string got;
    auto receive = [&]() -> coro<void> {
      for (;;) got += (co_await server.receive()).text();
    };
    auto receiving = create_task(receive());
    co_await wait_all_tasks_blocked();
    auto send = create_task([](tcp_socket& to) -> coro<void> { co_await to.send_all("precious"); }(client));
    for (int n = 0; n < turns; ++n) co_await hocket::sleep(0s);
    receiving.cancel();
    EXPECT_TRUE(co_await ends_cancelled(receiving));
    co_await send;
    client.close();
    got += co_await receive_to_end(server);
    EXPECT_EQ(got, "precious") << "cancelled after " << turns << " turns";
  }
}

HOCKET_TEST(tcp, a_pending_cancellation_is_thrown_before_anything_starts) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all("there already");
  auto receive = [&]() -> coro<void> {
    hocket::task_base::current()->cancel();
    static_cast<void>(co_await server.receive());
  };
  EXPECT_TRUE(co_await ends_cancelled(create_task(receive())));
  EXPECT_EQ((co_await server.receive()).text(), "there already");
}

HOCKET_TEST(tcp, a_pending_cancellation_sends_nothing) {
  auto [client, server] = co_await connect_on_loopback();
  auto send = [&]() -> coro<void> {
    hocket::task_base::current()->cancel();
    co_await client.send_all("never");
  };
  EXPECT_TRUE(co_await ends_cancelled(create_task(send())));
  client.close();
  EXPECT_EQ(co_await receive_to_end(server), "");
}

HOCKET_TEST(tcp, the_twin_that_does_not_throw_lets_cancelled_pass) {
  auto [client, server] = co_await connect_on_loopback();
  auto receive = [&]() -> coro<void> { static_cast<void>(co_await as_expected(server.receive())); };
  auto receiving = create_task(receive());
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(receiving));
}

TEST(tcp, a_conversation_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          auto [client, server] = co_await connect_on_loopback();
          auto answer = [&]() -> coro<void> {
            const buffer question = co_await server.receive();
            co_await server.send_all(question.text());
            server.shutdown_send();
          };
          auto ask = [&]() -> coro<void> {
            co_await client.send_all("question");
            static_cast<void>(co_await receive_to_end(client));
          };
          co_await hocket::gather(ask(), answer());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_EQ(report.cancelled, report.runs - 1);
    EXPECT_GE(report.runs, 4U);
  }
}

// ---- closing

HOCKET_TEST(tcp, closing_a_socket_ends_its_pending_receive) {
  auto [client, server] = co_await connect_on_loopback();
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  server.close();
  EXPECT_TRUE(is_error(co_await error_of(waiting), std::errc::operation_canceled));
}

HOCKET_TEST(tcp, closing_a_socket_ends_its_pending_send) {
  auto [client, server] = co_await connect_on_loopback();
  auto sending = hocket::testing::send_in_background(client, large_text());
  co_await wait_all_tasks_blocked();
  client.close();
  co_await hocket::sleep(1s);
  EXPECT_TRUE(sending.done());
  server.close();  // would end it, too
  EXPECT_TRUE(is_error(co_await error_of(sending), std::errc::operation_canceled));
}

HOCKET_TEST(tcp, closing_a_listener_ends_its_pending_accept) {
  auto listener = listen_on_loopback();
  auto accept = [&]() -> coro<void> { co_await listener.accept(); };
  auto accepting = create_task(accept());
  co_await wait_all_tasks_blocked();
  listener.close();
  EXPECT_TRUE(is_error(co_await error_of(accepting), std::errc::operation_canceled));
}

HOCKET_TEST(tcp, the_peer_sees_the_end_of_a_socket_that_was_closed_while_receiving) {
  auto [client, server] = co_await connect_on_loopback();
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  server.close();
  EXPECT_EQ(co_await receive_to_end(client), "");
  static_cast<void>(co_await error_of(waiting));
}

HOCKET_TEST(tcp, a_reused_number_does_not_feed_the_receive_of_the_closed_socket) {
  auto [client, server] = co_await connect_on_loopback();
  const int number = server.number();
  auto waiting = create_task(receive_to_end(server));
  co_await wait_all_tasks_blocked();
  server.close();
  // Everything opened from here on may get the number.
  std::vector<hocket::testing::connected_sockets> later;
  bool reused = false;
  for (int n = 0; n < 8; ++n) {
    later.push_back(co_await connect_on_loopback());
    co_await later.back().client.send_all("for the new one");
    co_await later.back().server.send_all("for the new one");
    reused |= later.back().client.number() == number || later.back().server.number() == number;
  }
  EXPECT_TRUE(is_error(co_await error_of(waiting), std::errc::operation_canceled));
  EXPECT_TRUE(reused);
  for (auto& each : later) {
    EXPECT_EQ((co_await each.server.receive()).text(), "for the new one");
    EXPECT_EQ((co_await each.client.receive()).text(), "for the new one");
  }
}

HOCKET_TEST(tcp, a_receive_that_begins_after_its_socket_was_closed_never_reads_from_another) {
  auto [client, server] = co_await connect_on_loopback();
  auto [other_client, other_server] = co_await connect_on_loopback();
  co_await other_client.send_all("for the other one");
  auto receiving = create_task(server.receive());  // begins in the next turn
  server.close();
  const tcp_socket same_number{hocket::io_handle(::dup(other_server.number()))};
  EXPECT_TRUE(is_error(co_await error_of(receiving), std::errc::operation_canceled));
}

HOCKET_TEST(tcp, a_send_that_begins_after_its_socket_was_closed_never_writes_to_another) {
  auto [client, server] = co_await connect_on_loopback();
  auto [other_client, other_server] = co_await connect_on_loopback();
  auto sending = create_task(client.send_all("for the closed one"));  // begins in the next turn
  client.close();
  const tcp_socket same_number{hocket::io_handle(::dup(other_client.number()))};
  EXPECT_TRUE(is_error(co_await error_of(sending), std::errc::operation_canceled));
  EXPECT_FALSE(other_server.has_something_to_read());
}

HOCKET_TEST(tcp, a_moved_socket_takes_its_connection_along) {
  auto [client, server] = co_await connect_on_loopback();
  tcp_socket elsewhere = std::move(server);
  EXPECT_FALSE(server.is_open());
  co_await client.send_all("hello");
  EXPECT_EQ((co_await elsewhere.receive()).text(), "hello");
}

HOCKET_TEST(tcp, assigning_closes_what_was_there) {
  auto [client, server] = co_await connect_on_loopback();
  server = tcp_socket();
  EXPECT_EQ(co_await receive_to_end(client), "");
}

TEST(tcp_death_test, a_socket_that_outlives_its_loop_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto misuse = [] {
    hocket::testing::connected_sockets kept;
    const auto connect = [&kept]() -> coro<void> { kept = co_await connect_on_loopback(); };
    hocket::run(connect());
  };
  EXPECT_DEATH(misuse(), "a loop was closed while a socket or file of it was open");
}

// ---- sockets made elsewhere

/// One end belongs to the loop, the other to whoever calls the system by hand. `type_flags`: as for socketpair(2).
struct adopted_pair {
  explicit adopted_pair(int type_flags = 0) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | type_flags, 0, ends.data()), 0);
    adopted = tcp_socket(hocket::io_handle(ends[0]));
    by_hand = ends[1];
  }
  ~adopted_pair() { ::close(by_hand); }
  adopted_pair(const adopted_pair&) = delete;

  void send_by_hand(std::string_view text) const { ::send(by_hand, text.data(), text.size(), MSG_NOSIGNAL); }
  void take_by_hand(std::size_t size) const {
    std::array<char, 65536> piece;
    while (size > 0) {
      pollfd state{.fd = by_hand, .events = POLLIN, .revents = 0};
      if (TEMP_FAILURE_RETRY(::poll(&state, 1, -1)) < 0) break;
      size -= static_cast<std::size_t>(
          std::max<ssize_t>(0, TEMP_FAILURE_RETRY(::recv(by_hand, piece.data(), std::min(size, piece.size()), 0))));
    }
  }

  tcp_socket adopted;
  int by_hand = -1;
};

HOCKET_TEST(tcp, a_blocking_socket_that_was_adopted_does_not_block_the_loop) {
  adopted_pair pair;
  auto receiving = create_task(pair.adopted.receive());
  std::binary_semaphore timer_fired(0);
  std::thread rescue([&] {
    if (!timer_fired.try_acquire_for(10s)) pair.send_by_hand("the loop was blocked");
  });
  co_await hocket::sleep(1s);
  timer_fired.release();
  rescue.join();
  pair.send_by_hand("after the timer");
  EXPECT_EQ((co_await receiving).text(), "after the timer");
}

HOCKET_TEST(tcp, a_socket_that_was_adopted_keeps_its_flags_for_those_who_share_it) {
  for (const int type_flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    const adopted_pair pair(type_flags);
    const bool nonblocking = (::fcntl(pair.adopted.number(), F_GETFL) & O_NONBLOCK) != 0;
    EXPECT_EQ(nonblocking, type_flags == SOCK_NONBLOCK);
  }
  co_return;
}

HOCKET_TEST(tcp, a_socket_that_was_adopted_receives_and_sends_whether_it_blocks_or_not) {
  for (const int type_flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    adopted_pair pair(type_flags);
    auto receiving = create_task(pair.adopted.receive());
    co_await hocket::testing::wait_all_tasks_blocked();
    pair.send_by_hand("late");
    EXPECT_EQ((co_await receiving).text(), "late");
    const std::string large(8 << 20, 'x');
    const auto sending = hocket::testing::send_in_background(pair.adopted, large);
    co_await hocket::testing::wait_all_tasks_blocked();
    EXPECT_FALSE(sending.done());
    std::thread taker([&pair, size = large.size()] { pair.take_by_hand(size); });
    co_await sending;
    taker.join();
  }
}

HOCKET_TEST(tcp, a_listener_that_was_adopted_accepts_whether_it_blocks_or_not) {
  for (const int type_flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    auto original = listen_on_loopback();
    const int copy = ::dup(original.number());
    const int flags = ::fcntl(copy, F_GETFL);
    ::fcntl(copy, F_SETFL, (flags & ~O_NONBLOCK) | (type_flags == 0 ? 0 : O_NONBLOCK));
    hocket::tcp_listener adopted{hocket::io_handle(copy)};
    auto accepting = create_task(adopted.accept());
    co_await hocket::testing::wait_all_tasks_blocked();
    EXPECT_FALSE(accepting.done());
    auto client = co_await tcp_socket::connect(original.local_address());
    auto server = co_await std::move(accepting);
    co_await client.send_all("hello");
    EXPECT_EQ((co_await server.receive()).text(), "hello");
  }
}

// ---- fairness and limits

HOCKET_TEST(tcp, a_hot_connection_lets_others_run_after_64_completions) {
  auto [client, server] = co_await connect_on_loopback();
  co_await client.send_all(std::string(1000, 'x'));
  std::size_t received = 0;
  auto take_all = [&]() -> coro<void> {
    std::array<char, 1> one{};
    while (received < 1000) received += co_await server.recv(one);
  };
  auto taking = create_task(take_all());
  std::size_t longest = 0;
  for (std::size_t before = 0; !taking.done(); before = received) {
    co_await hocket::sleep(0s);
    longest = std::max(longest, received - before);
  }
  co_await taking;
  EXPECT_LE(longest, 64U);
}

HOCKET_TEST(tcp, connecting_without_a_free_descriptor_is_an_error) {
  auto listener = listen_on_loopback();
  const few_descriptors none(0);
  auto connect = [&]() -> coro<void> { co_await tcp_socket::connect(listener.local_address()); };
  EXPECT_TRUE(is_error(co_await error_of(create_task(connect())), std::errc::too_many_files_open));
}

HOCKET_TEST(tcp, connecting_without_a_free_descriptor_is_an_error_also_as_a_value) {
  auto listener = listen_on_loopback();
  const socket_address there = listener.local_address();
  const few_descriptors none(0);
  const auto connected = co_await as_expected(tcp_socket::connect(there));
  EXPECT_FALSE(connected);
  if (!connected) {
    EXPECT_TRUE(is_error(connected.error(), std::errc::too_many_files_open));
  }
}

HOCKET_REAL_TIME_TEST(tcp, sends_more_than_two_gib_at_once) {
  const hocket::testing::zero_pages all(hocket::testing::more_than_two_gib);
  adopted_pair pair;
  std::size_t drained = 0;
  std::thread sink([&] {
    std::vector<char> piece(1024 * 1024);
    for (ssize_t count = 1; count > 0; drained += static_cast<std::size_t>(std::max<ssize_t>(0, count)))
      count = TEMP_FAILURE_RETRY(::recv(pair.by_hand, piece.data(), piece.size(), 0));
  });
  const auto sent = co_await as_expected(pair.adopted.send_all(all.bytes()));
  pair.adopted.close();
  sink.join();
  EXPECT_TRUE(sent);
  EXPECT_EQ(drained, all.bytes().size());
}

HOCKET_TEST(tcp, accepting_without_a_free_descriptor_is_an_error_and_the_connection_waits) {
  auto listener = listen_on_loopback();
  auto client = co_await tcp_socket::connect(listener.local_address());
  {
    const few_descriptors none(0);
    const auto refused = co_await as_expected(listener.accept());
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_TRUE(is_error(refused.error(), std::errc::too_many_files_open));
    }
  }
  const auto server = co_await listener.accept();
  EXPECT_EQ(server.peer_address(), client.local_address());
}

HOCKET_TEST(tcp, a_socket_that_is_not_open_answers_with_an_error) {
  tcp_socket closed;
  const auto received = co_await as_expected(closed.receive());
  EXPECT_FALSE(received);
  if (!received) {
    EXPECT_TRUE(is_error(received.error(), std::errc::bad_file_descriptor));
  }
}

}  // namespace
