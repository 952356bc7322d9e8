#include <chrono>
#include <string>

#include <netdb.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/resolve.hpp>
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

TEST(resolve, cancelled_anywhere_it_leaves_nothing_behind) {
  const auto report = hocket::testing::cancel_at_every_suspension(
      []() -> coro<void> { static_cast<void>(co_await resolve("localhost", 80)); });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.runs, 2U);
  EXPECT_EQ(report.cancelled, 1U);
}

}  // namespace
