#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <netdb.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::resolve;
using hocket::testing::ends_cancelled;

namespace {

coro<std::error_code> error_of(std::string host) {
  try {
    static_cast<void>(co_await resolve(std::move(host), 80));
  } catch (const std::system_error& problem) {
    co_return problem.code();
  }
  co_return std::error_code{};
}

HOCKET_TEST(resolve, localhost_is_on_loopback_with_the_port_asked_for) {
  const auto addresses = co_await resolve("localhost", 8080);
  EXPECT_FALSE(addresses.empty());
  for (const auto& each : addresses) {
    EXPECT_TRUE(each.is_loopback()) << each.to_string();
    EXPECT_EQ(each.port(), 8080);
  }
}

HOCKET_TEST(resolve, numbers_need_no_look_up) {
  const auto before = hocket::loop::running().counters().turns;
  const auto addresses = co_await resolve("192.0.2.1", 80);
  EXPECT_EQ(addresses.front().to_string(), "192.0.2.1:80");
  EXPECT_EQ(addresses.size(), 1U);
  EXPECT_EQ(hocket::loop::running().counters().turns, before);
}

// RFC 6761: .invalid never resolves. Without a network the answer is another, but an error all the same.
HOCKET_TEST(resolve, a_name_that_nobody_has_is_an_error_of_the_resolver) {
  const std::error_code error = co_await error_of("nobody.invalid");
  EXPECT_TRUE(error);
  EXPECT_TRUE(error.category() == hocket::resolve_category() || error.category() == std::system_category());
}

HOCKET_TEST(resolve, the_error_names_the_host) {
  try {
    static_cast<void>(co_await resolve("nobody.invalid", 80));
    ADD_FAILURE() << "it has an address";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(std::string(problem.what()).rfind("cannot resolve nobody.invalid", 0), 0U) << problem.what();
  }
}

HOCKET_TEST(resolve, an_empty_name_is_an_error) { EXPECT_TRUE(co_await error_of("")); }

HOCKET_TEST(resolve, does_not_stop_at_a_nul) { EXPECT_TRUE(co_await error_of(std::string("localhost\0.org", 14))); }

HOCKET_TEST(resolve, a_name_of_any_length_is_an_error_at_worst) {
  EXPECT_TRUE(co_await error_of(std::string(100'000, 'a')));
}

HOCKET_TEST(resolve, errors_are_told_in_the_resolvers_words) {
  EXPECT_EQ(hocket::resolve_category().message(EAI_NONAME), ::gai_strerror(EAI_NONAME));
  co_return;
}

HOCKET_TEST(resolve, cancelling_does_not_wait_for_the_look_up) {
  auto look_up = []() -> coro<void> { static_cast<void>(co_await resolve("nobody.invalid", 80)); };
  auto looking = create_task(look_up());
  co_await hocket::sleep(0s);
  const auto before = hocket::loop::running().counters().turns;
  looking.cancel();
  EXPECT_TRUE(co_await ends_cancelled(looking));
  EXPECT_LE(hocket::loop::running().counters().turns - before, 3U);
}

HOCKET_TEST(resolve, gives_one_family_if_that_is_asked_for) {
  for (const auto& each : co_await resolve("localhost", 80, AF_INET)) EXPECT_EQ(each.to_string(), "127.0.0.1:80");
  try {
    static_cast<void>(co_await resolve("127.0.0.1", 80, AF_INET6));
    ADD_FAILURE() << "it has an address";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(problem.code().category(), hocket::resolve_category());
  }
}

HOCKET_TEST(getaddrinfo, gives_what_socket_and_connect_want_to_be_told) {
  const auto found = co_await hocket::getaddrinfo("127.0.0.1", 80, {.type = SOCK_DGRAM});
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().family, AF_INET);
  EXPECT_EQ(found.front().type, SOCK_DGRAM);
  EXPECT_EQ(found.front().protocol, IPPROTO_UDP);
  EXPECT_EQ(found.front().address.to_string(), "127.0.0.1:80");
}

HOCKET_TEST(getaddrinfo, obeys_the_flags_and_the_family) {
  const auto passive =
      co_await hocket::getaddrinfo("", 0, {.family = AF_INET, .type = SOCK_STREAM, .flags = AI_PASSIVE});
  EXPECT_EQ(passive.front().address.to_string(), "0.0.0.0:0");
  const auto loopback = co_await hocket::getaddrinfo("", 0, {.family = AF_INET, .type = SOCK_STREAM});
  EXPECT_EQ(loopback.front().address.to_string(), "127.0.0.1:0");
  const auto named = co_await hocket::getaddrinfo("127.0.0.1", 0, {.type = SOCK_STREAM, .flags = AI_CANONNAME});
  EXPECT_EQ(named.front().canonical_name, "127.0.0.1");
}

HOCKET_TEST(getaddrinfo, gives_each_type_of_socket_unless_told_otherwise) {
  const auto found = co_await hocket::getaddrinfo("127.0.0.1", 80);
  EXPECT_GE(found.size(), 2U);
}

HOCKET_TEST(getaddrinfo, an_error_names_the_host_and_the_reason) {
  try {
    static_cast<void>(co_await hocket::getaddrinfo("not.numeric", 80, {.flags = AI_NUMERICHOST}));
    ADD_FAILURE() << "it has an address";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(problem.code(), std::error_code(EAI_NONAME, hocket::resolve_category()));
    EXPECT_EQ(std::string(problem.what()), std::string("cannot resolve not.numeric: ") + ::gai_strerror(EAI_NONAME));
  }
}

HOCKET_TEST(getaddrinfo, a_service_with_a_nul_is_an_error) {
  try {
    static_cast<void>(co_await hocket::getaddrinfo("127.0.0.1", std::string("80\0 ", 4)));
    ADD_FAILURE() << "it has an address";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(problem.code().category(), hocket::resolve_category());
  }
}

HOCKET_TEST(getnameinfo, gives_numbers_if_asked_for_them) {
  const auto names =
      co_await hocket::getnameinfo(*hocket::socket_address::parse("192.0.2.1", 80), NI_NUMERICHOST | NI_NUMERICSERV);
  EXPECT_EQ(names.host, "192.0.2.1");
  EXPECT_EQ(names.service, "80");
}

HOCKET_TEST(getnameinfo, knows_this_machine) {
  const auto names = co_await hocket::getnameinfo(*hocket::socket_address::parse("127.0.0.1", 0), NI_NUMERICSERV);
  EXPECT_EQ(names.host.rfind("localhost", 0), 0U) << names.host;
}

HOCKET_TEST(getnameinfo, an_error_names_the_address_and_the_reason) {
  try {
    static_cast<void>(co_await hocket::getnameinfo(hocket::socket_address::unix_path("/nowhere"), 1 << 30));
    ADD_FAILURE() << "it has a name";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(std::string(problem.what()).rfind("cannot find the name of /nowhere: ", 0), 0U) << problem.what();
  }
}

TEST(getnameinfo, cancelled_anywhere_it_leaves_nothing_behind) {
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    static_cast<void>(co_await hocket::getnameinfo(*hocket::socket_address::parse("127.0.0.1", 80), NI_NUMERICHOST));
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.runs, 2U);
  EXPECT_EQ(report.cancelled, 1U);
}

/// Knows one host, of which it says whatever it was told.
class told_resolver final : public hocket::resolver {
 public:
  explicit told_resolver(hocket::socket_address answer) : answer_(answer) {}
  coro<std::vector<hocket::socket_address>> resolve(std::string host, std::uint16_t port, int) override {
    if (host != "known.example") throw std::system_error(ENOENT, std::system_category(), "cannot resolve " + host);
    co_return std::vector{answer_.with_port(port)};
  }

 private:
  hocket::socket_address answer_;
};

HOCKET_TEST(resolver, of_the_system_says_what_resolve_says) {
  hocket::system_resolver system;
  EXPECT_EQ(co_await system.resolve("localhost", 80, AF_INET), co_await resolve("localhost", 80, AF_INET));
}

HOCKET_TEST(resolver, is_asked_by_connect_tcp_and_nobody_else) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", 0));
  const auto names = std::make_shared<told_resolver>(listener.local_address());
  const auto socket =
      co_await hocket::connect_tcp("known.example", listener.local_address().port(), {.resolver = names});
  EXPECT_EQ(socket.peer_address(), listener.local_address());
  try {
    static_cast<void>(co_await hocket::connect_tcp("localhost", listener.local_address().port(), {.resolver = names}));
    ADD_FAILURE() << "somebody else was asked";
  } catch (const std::system_error& problem) {
    EXPECT_EQ(problem.code(), std::errc::no_such_file_or_directory);
  }
}

TEST(resolve, cancelled_anywhere_it_leaves_nothing_behind) {
  const auto report = hocket::testing::cancel_at_every_suspension(
      []() -> coro<void> { static_cast<void>(co_await resolve("localhost", 80)); });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.runs, 2U);
  EXPECT_EQ(report.cancelled, 1U);
}

}  // namespace
