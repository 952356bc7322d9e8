#include <atomic>
#include <cerrno>
#include <latch>
#include <system_error>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/shared_address.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::loop_place;
using hocket::shared_address;
using hocket::socket_address;
using hocket::tcp_listener;
using hocket::tcp_socket;

namespace {

socket_address loopback(std::uint16_t port = 0) { return *socket_address::parse("127.0.0.1", port); }

HOCKET_TEST(shared_address, lets_the_first_listener_choose_a_port_and_gives_it_to_the_others) {
  shared_address address(loopback());
  EXPECT_EQ(address.address().port(), 0);
  const auto first = address.listen();
  const auto second = address.listen();
  EXPECT_NE(first.local_address().port(), 0);
  EXPECT_EQ(second.local_address(), first.local_address());
  EXPECT_EQ(address.address(), first.local_address());
  co_return;
}

HOCKET_TEST(shared_address, is_not_shared_with_a_stranger_by_accident) {
  const auto stranger = tcp_listener::listen(loopback(), {.reuse_port = true});
  shared_address address(stranger.local_address());
  try {
    static_cast<void>(address.listen());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& refused) {
    EXPECT_EQ(refused.code(), std::errc::address_in_use);
  }
  co_return;
}

HOCKET_TEST(shared_address, is_shared_with_a_stranger_who_is_expected) {
  const auto stranger = tcp_listener::listen(loopback(), {.reuse_port = true});
  shared_address address(stranger.local_address());
  EXPECT_EQ(address.listen({.reuse_port = true}).local_address(), stranger.local_address());
  co_return;
}

HOCKET_TEST(shared_address, takes_a_port_that_is_given) {
  const std::uint16_t port = tcp_listener::listen(loopback()).local_address().port();  // free by now
  shared_address address(loopback(port));
  const auto first = address.listen();
  EXPECT_EQ(address.listen().local_address(), loopback(port));
  co_return;
}

/// Says which loop has answered, in one byte.
coro<void> answer(hocket::stream_writer writer, char name) {
  writer.write({&name, 1});
  co_await writer.drain();
}

TEST(shared_address, serves_clients_on_all_loops) {
  constexpr std::size_t loops = 3;
  shared_address address(loopback());
  std::latch all_listen(loops);
  std::latch over(1);
  std::vector<int> answered(loops, 0);
  hocket::run_loops(loops + 1, [&](loop_place place) -> coro<void> {
    if (place.index < loops) {
      const char name = static_cast<char>(place.index);
      auto server = hocket::start_server(
          [name](hocket::stream_reader, hocket::stream_writer writer) -> coro<void> {
            co_await answer(std::move(writer), name);
          },
          address.listen());
      all_listen.count_down();
      co_await hocket::to_thread([&over] { over.wait(); });
      server.close();
      co_await server.wait_closed();
      co_return;
    }
    co_await hocket::to_thread([&all_listen] { all_listen.wait(); });
    const auto ask = [&]() -> coro<void> {
      auto client = co_await tcp_socket::connect(address.address());
      char name = 0;
      co_await client.recv({&name, 1});
      ++answered.at(static_cast<std::size_t>(name));
    };
    const auto outcome = co_await hocket::as_result([&]() -> coro<void> {
      for (int n = 0; n < 300; ++n) co_await ask();
    });
    over.count_down();
    if (!outcome) std::rethrow_exception(outcome.error());
  });
  for (const int each : answered) EXPECT_GT(each, 0);  // by a hash: all of 300 on two loops would be a wonder
}

}  // namespace
