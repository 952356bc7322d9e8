#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/testing/leak_check.hpp>
#include <hocket/testing/test.hpp>

#include "io/connected_sockets.hpp"

using namespace std::chrono_literals;
using hocket::testing::leak_check;

namespace {

TEST(leak_check, finds_nothing_after_a_run) {
  const leak_check check;
  hocket::run(hocket::sleep(0s));
  EXPECT_EQ(check.left().to_string(), "nothing");
}

TEST(leak_check, finds_a_coroutine_that_is_held) {
  const leak_check check;
  const std::unique_ptr<hocket::coro<void>> held(new auto([]() -> hocket::coro<void> { co_return; }()));
  EXPECT_EQ(check.left().to_string(), "1 block");
}

TEST(leak_check, finds_a_descriptor_that_is_open) {
  const leak_check check;
  const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(check.left().to_string(), "1 descriptor");
  ::close(number);
  EXPECT_TRUE(check.left().none());
}

HOCKET_TEST(leak_check, finds_tasks_that_run) {
  const leak_check check;
  auto one = hocket::create_task(hocket::sleep(1s));
  auto other = hocket::create_task(hocket::sleep(1s));
  EXPECT_EQ(check.left().leaked_tasks, 2U);
  co_await one;
  co_await other;
  EXPECT_EQ(check.left().leaked_tasks, 0U);
}

HOCKET_TEST(leak_check, finds_a_buffer_that_is_held) {
  auto both = co_await hocket::testing::connect_on_loopback();
  co_await both.client.send_all("x");
  const leak_check check;
  {
    const auto held = co_await both.server.receive();
    EXPECT_EQ(check.left().leaked_buffers, 1U);
  }
  EXPECT_EQ(check.left().leaked_buffers, 0U);
}

}  // namespace
