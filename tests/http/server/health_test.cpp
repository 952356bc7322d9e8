#include <string>

#include <http/server/answers.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/health.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::health;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

coro<std::string> page_of(health& state) {
  running_server server(state.page());
  const std::string answer = co_await answer_to(server.address(), request_of("GET", "/"));
  co_await server.stop();
  co_return fmt::format("{} {}", statuses(answer), body_of(answer));
}

HOCKET_TEST(health, is_well_without_checks) {
  health state;
  EXPECT_EQ(co_await page_of(state), R"(200 {"status":"pass"})");
}

HOCKET_TEST(health, fails_if_a_check_does) {
  health state;
  bool is_broken = false;
  state.add("first", []() -> coro<void> { co_await hocket::sleep(1s); });
  state.add("second", [&]() -> coro<void> {
    if (is_broken) throw std::runtime_error("a secret");
    co_return;
  });
  EXPECT_EQ(co_await page_of(state), R"(200 {"status":"pass","checks":{"first":"pass","second":"pass"}})");
  is_broken = true;
  EXPECT_EQ(co_await page_of(state), R"(503 {"status":"fail","checks":{"first":"pass","second":"fail"}})");
}

HOCKET_TEST(health, does_not_wait_for_a_check_for_ever) {
  health state(3s);
  state.add("slow", []() -> coro<void> { co_await hocket::sleep(1h); });
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await page_of(state), R"(503 {"status":"fail","checks":{"slow":"fail"}})");
  EXPECT_EQ(hocket::loop::running().time() - begun, 3s);
}

HOCKET_TEST(health, fails_while_the_server_is_not_ready) {
  health state;
  state.set_ready(false);
  EXPECT_EQ(co_await page_of(state), R"(503 {"status":"fail","ready":false})");
  state.set_ready(true);
  EXPECT_EQ(co_await page_of(state), R"(200 {"status":"pass"})");
}

}  // namespace
