#include <sstream>
#include <string>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/to_string.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;

const std::string file = __FILE__;

constexpr int nap_line = __LINE__ + 1;
hocket::coro<void> nap() { co_await hocket::sleep(1h); }
hocket::coro<void> rest() { co_await nap(); }
hocket::coro<std::string> own_description() { co_return to_string(hocket::current_task()); }

// Without the folders before the file's name.
std::string shortened(std::string text) {
  const std::size_t begin = text.find(file.substr(0, file.rfind('/') + 1));
  return begin == std::string::npos ? text : text.erase(begin, file.rfind('/') + 1);
}

std::string at(int line) { return "to_string_test.cpp:" + std::to_string(line); }

}  // namespace

HOCKET_TEST(to_string, of_a_task_says_what_it_waits_for_and_in_which_coroutine) {
  auto task = hocket::create_task(rest(), {.name = "resting"});
  EXPECT_TRUE(to_string(task).ends_with("rest() ready>")) << to_string(task);
  co_await hocket::testing::wait_all_tasks_blocked();
  const std::string text = shortened(to_string(task));
  EXPECT_TRUE(text.starts_with("<Task pending name='resting' coro=")) << text;
  EXPECT_TRUE(text.contains("rest() waiting for sleep in ")) << text;
  EXPECT_TRUE(text.ends_with("nap() " + at(nap_line) + ">")) << text;
  task.cancel();
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_TRUE(shortened(to_string(task)).starts_with("<Task cancelled name='resting' made at to_string_test.cpp:"));
}

HOCKET_TEST(to_string, of_the_task_that_asks_says_that_it_runs) {
  const std::string text = co_await hocket::create_task(own_description(), {.name = "asking"});
  EXPECT_TRUE(text.starts_with("<Task pending name='asking' coro=")) << text;
  EXPECT_TRUE(text.ends_with("own_description() running>")) << text;
}

HOCKET_TEST(to_string, of_a_task_that_failed_leaves_its_exception_to_be_looked_at) {
  auto task = hocket::create_task(
      []() -> hocket::coro<void> {
        throw std::runtime_error("no route");
        co_return;
      }(),
      {.name = "fail\n"});
  std::string reported;
  hocket::loop::running().set_exception_handler([&](const auto& context) { reported = context.message; });
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_TRUE(to_string(task).starts_with("<Task failed name='fail\xef\xbf\xbd' made at "));
  task = {};
  EXPECT_TRUE(reported.contains("nobody looked at its exception"));
}

HOCKET_TEST(to_string, of_a_future_says_where_it_was_made) {
  hocket::future<int> answer;
  const int line = __LINE__ - 1;
  EXPECT_EQ(shortened(to_string(answer)), "<Future pending made at " + at(line) + ">");
  answer.set_result(1);
  EXPECT_EQ(shortened(to_string(answer)), "<Future finished made at " + at(line) + ">");
  co_return;
}

HOCKET_TEST(to_string, is_what_streams_and_fmt_are_given) {
  const hocket::any_task asking = hocket::current_task();
  std::ostringstream stream;
  stream << asking;
  EXPECT_EQ(stream.str(), to_string(asking));
  EXPECT_EQ(format_as(asking), to_string(asking));
  co_return;
}
