#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <io/connected_sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::connect_options;
using hocket::connect_tcp;
using hocket::coro;
using hocket::create_task;
using hocket::socket_address;
using hocket::tcp_listener;
using hocket::tcp_socket;
using hocket::testing::ends_cancelled;

namespace {

/// An address where nobody listens.
socket_address refusing(const char* host = "127.0.0.1") {
  return tcp_listener::listen(*socket_address::parse(host, 0)).local_address();
}

/// An address that does not answer, because its backlog is full.
struct silent {
  static coro<silent> make(const char* host) {
    silent made;
    made.listener = tcp_listener::listen(*socket_address::parse(host, 0), {.backlog = 0});
    made.first = co_await tcp_socket::connect(made.listener.local_address());
    co_return made;
  }
  [[nodiscard]] socket_address address() const { return listener.local_address(); }

  tcp_listener listener;
  tcp_socket first;
};

bool has_ipv6() {
  try {
    static_cast<void>(tcp_listener::listen(*socket_address::parse("::1", 0)));
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

std::size_t open_descriptors() { return hocket::loop::running().io().open_descriptors(); }

coro<std::string> error_text(coro<tcp_socket> connecting) {
  const auto outcome = co_await as_result(std::move(connecting));
  try {
    if (!outcome) std::rethrow_exception(outcome.error());
  } catch (const std::system_error& problem) {
    co_return problem.what();
  }
  co_return "it connected";
}

HOCKET_TEST(connect_tcp, tries_the_next_address_at_once_when_one_refuses) {
  auto listener = hocket::testing::listen_on_loopback();
  const auto before = hocket::loop::running().time();
  auto socket = co_await connect_tcp({refusing(), refusing(), listener.local_address()});
  EXPECT_EQ(socket.peer_address(), listener.local_address());
  EXPECT_EQ(hocket::loop::running().time(), before);
}

HOCKET_TEST(connect_tcp, tries_the_next_address_beside_one_that_is_silent_after_250_ms) {
  const auto mute = co_await silent::make("127.0.0.2");
  auto listener = hocket::testing::listen_on_loopback();
  const auto before = hocket::loop::running().time();
  auto socket = co_await connect_tcp({mute.address(), listener.local_address()});
  EXPECT_EQ(socket.peer_address(), listener.local_address());
  EXPECT_EQ(hocket::loop::running().time() - before, 250ms);
}

HOCKET_TEST(connect_tcp, waits_between_attempts_for_as_long_as_it_is_told) {
  const auto mute = co_await silent::make("127.0.0.2");
  auto listener = hocket::testing::listen_on_loopback();
  const auto before = hocket::loop::running().time();
  auto socket = co_await connect_tcp({mute.address(), mute.address(), listener.local_address()}, {.attempt_delay = 7s});
  EXPECT_EQ(hocket::loop::running().time() - before, 14s);
}

HOCKET_TEST(connect_tcp, closes_the_attempts_that_lost_before_it_returns) {
  const auto mute = co_await silent::make("127.0.0.2");
  auto listener = hocket::testing::listen_on_loopback();
  const std::size_t before = open_descriptors();
  auto socket = co_await connect_tcp({mute.address(), listener.local_address()});
  EXPECT_EQ(open_descriptors(), before + 1);
}

HOCKET_TEST(connect_tcp, names_every_address_that_failed_in_one_line) {
  const socket_address one = refusing(), other = refusing("127.0.0.2");
  EXPECT_EQ(co_await error_text(connect_tcp({one, other}, {}, "example.org:443")),
            "cannot connect to example.org:443: " + one.to_string() + ": Connection refused; " + other.to_string() +
                ": Connection refused");
  EXPECT_EQ(co_await error_text(connect_tcp({one})), "cannot connect: " + one.to_string() + ": Connection refused");
}

HOCKET_TEST(connect_tcp, names_the_host_that_was_asked_for) {
  const socket_address v4 = refusing();
  const std::string port = std::to_string(v4.port());
  EXPECT_EQ(co_await error_text(connect_tcp("127.0.0.1", v4.port())),
            "cannot connect to 127.0.0.1:" + port + ": 127.0.0.1:" + port + ": Connection refused");
  const std::string text = co_await error_text(connect_tcp("::1", v4.port()));
  EXPECT_TRUE(text.starts_with("cannot connect to [::1]:" + port + ": [::1]:" + port + ": ")) << text;
}

HOCKET_TEST(connect_tcp, takes_families_in_turns) {
  if (!has_ipv6()) {
    std::fputs("SKIPPED: this machine has no ::1\n", stderr);
    co_return;
  }
  std::vector<socket_address> given;
  for (const char* host : {"::1", "::1", "::1", "127.0.0.1", "127.0.0.1"}) given.push_back(refusing(host));
  const std::string text = co_await error_text(connect_tcp(given));
  std::vector<std::size_t> places;
  for (const std::size_t n : {0U, 3U, 1U, 4U, 2U}) places.push_back(text.find(given[n].to_string()));
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end())) << text;
}

HOCKET_TEST(connect_tcp, does_not_try_what_is_not_allowed) {
  auto listener = hocket::testing::listen_on_loopback();
  const socket_address there = listener.local_address();
  EXPECT_EQ(co_await error_text(connect_tcp({there}, {.allow = [](const socket_address&) { return false; }})),
            "cannot connect: " + there.to_string() + ": Permission denied");
  auto other = hocket::testing::listen_on_loopback();
  auto socket = co_await connect_tcp({there, other.local_address()}, {.allow = [&](const socket_address& address) {
                                       return address != listener.local_address();
                                     }});
  EXPECT_EQ(socket.peer_address(), other.local_address());
  auto first_to_come = create_task(listener.accept());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_FALSE(first_to_come.done());
  first_to_come.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(first_to_come)));
}

HOCKET_TEST(connect_tcp, an_error_of_the_filter_passes) {
  const auto broken = [](const socket_address&) -> bool { throw std::runtime_error("the filter is broken"); };
  const auto outcome = co_await as_result(connect_tcp({refusing(), refusing()}, {.allow = broken}));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::runtime_error);
}

HOCKET_TEST(connect_tcp, has_nothing_to_do_without_addresses) {
  EXPECT_EQ(co_await error_text(connect_tcp(std::vector<socket_address>())),
            "there is nothing to connect to: Cannot assign requested address");
}

HOCKET_TEST(connect_tcp, closes_everything_when_it_is_cancelled) {
  const auto mute = co_await silent::make("127.0.0.2");
  const std::size_t before = open_descriptors();
  auto connecting = create_task(connect_tcp({mute.address(), mute.address(), mute.address()}));
  co_await hocket::sleep(300ms);
  EXPECT_EQ(open_descriptors(), before + 2);
  connecting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(connecting)));
  EXPECT_EQ(open_descriptors(), before);
}

HOCKET_TEST(connect_tcp, is_bounded_by_a_timeout_around_it) {
  const auto mute = co_await silent::make("127.0.0.2");
  const std::size_t before = open_descriptors();
  const auto outcome = co_await as_result(hocket::with_timeout(5s, connect_tcp({mute.address(), mute.address()})));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), hocket::timeout_error);
  EXPECT_EQ(open_descriptors(), before);
}

HOCKET_TEST(connect_tcp, connects_from_the_address_that_was_asked_for) {
  auto listener = hocket::testing::listen_on_loopback();
  auto socket =
      co_await connect_tcp({listener.local_address()}, {.local_address = socket_address::parse("127.0.0.3", 0)});
  EXPECT_EQ(socket.local_address().host(), "127.0.0.3");
  const std::string text =
      co_await error_text(connect_tcp({listener.local_address()}, {.local_address = socket_address::parse("::1", 0)}));
  EXPECT_TRUE(text.ends_with("Address family not supported by protocol")) << text;
}

}  // namespace
