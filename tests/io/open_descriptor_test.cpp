#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/run.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/tcp.hpp>

#include "connected_sockets.hpp"

namespace {

std::string made_at(unsigned line) { return "\\(made at .*open_descriptor_test.cpp:" + std::to_string(line) + "\\)"; }

// Ends the program, which says where the socket or file was made that `use` leaves open.
template <class Use>
void close_too_early(Use use) {
  hocket::loop loop({.debug = true});
  auto left = hocket::run_until_complete(loop, use());
  loop.close();
}

}  // namespace

TEST(open_descriptor, of_a_connection_is_told_with_where_it_was_connected_when_the_loop_is_closed) {
  const unsigned line = __LINE__ + 3;
  const auto use = []() -> hocket::coro<hocket::tcp_socket> {
    auto listener = hocket::testing::listen_on_loopback();
    co_return co_await hocket::tcp_socket::connect(listener.local_address());
  };
  EXPECT_DEATH(
      close_too_early(use),
      "descriptor [0-9]+ was open when its loop was closed: close it, or destroy its owner first " + made_at(line));
}

TEST(open_descriptor, of_an_accepted_connection_is_told_with_where_it_was_accepted) {
  const unsigned line = __LINE__ + 4;
  const auto use = []() -> hocket::coro<hocket::tcp_socket> {
    auto listener = hocket::testing::listen_on_loopback();
    auto client = co_await hocket::tcp_socket::connect(listener.local_address());
    co_return co_await listener.accept();
  };
  EXPECT_DEATH(close_too_early(use), made_at(line));
}

TEST(open_descriptor, of_a_listener_is_told_with_where_it_began_to_listen) {
  const unsigned line = __LINE__ + 2;
  const auto use = []() -> hocket::coro<hocket::tcp_listener> {
    co_return hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  };
  EXPECT_DEATH(close_too_early(use), made_at(line));
}

TEST(open_descriptor, of_a_file_is_told_with_where_it_was_opened) {
  const unsigned line = __LINE__ + 1;
  const auto use = []() -> hocket::coro<hocket::file> { co_return co_await hocket::file::open("/dev/null"); };
  EXPECT_DEATH(close_too_early(use), made_at(line));
}
