#include <string>
#include <vector>

#include <hocket/core/future.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;

/// Keeps what is reported in debug mode, and ends the deadlock by what is given.
template <class Function>
class in_debug_mode {
 public:
  explicit in_debug_mode(Function end) {
    loop_.set_debug(true);
    loop_.set_exception_handler([this, end](const hocket::exception_context& report) {
      reports.push_back(report.message);
      end();
    });
  }
  ~in_debug_mode() {
    loop_.set_exception_handler({});
    loop_.set_debug(false);
  }
  in_debug_mode(const in_debug_mode&) = delete;

  std::vector<std::string> reports;

 private:
  hocket::loop& loop_ = hocket::loop::running();
};

hocket::coro<void> take_both(hocket::lock& first, hocket::lock& second) {
  const auto mine = co_await first.scoped_lock();
  co_await hocket::sleep(1s);
  const auto other = co_await second.scoped_lock();
}

}  // namespace

HOCKET_TEST(deadlock, is_told_in_debug_mode_with_the_tasks_that_wait) {
  hocket::lock fork;
  hocket::lock knife;
  std::vector<hocket::task<void>> eating;
  in_debug_mode told([&eating] { eating.front().cancel(); });
  eating.push_back(hocket::create_task(take_both(fork, knife), {.name = "left hand"}));
  eating.push_back(hocket::create_task(take_both(knife, fork), {.name = "right hand"}));
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(eating.front()));
  co_await eating.back();
  EXPECT_EQ(told.reports.size(), 1U);
  const std::string& report = told.reports.at(0);
  for (const char* part :
       {"nothing can happen any more", "3 tasks", "left hand", "right hand", "take_both",
        "'left hand' waits for 'right hand' waits for 'left hand'\n", ": lock, held by 'right hand'\n"})
    EXPECT_NE(report.find(part), std::string::npos) << part << " is not in " << report;
}

HOCKET_TEST(deadlock, is_not_where_a_timer_will_come) {
  in_debug_mode told([] {});
  co_await hocket::sleep(24h);
  EXPECT_TRUE(told.reports.empty());
}

HOCKET_TEST(deadlock, is_told_again_when_there_is_another_one) {
  hocket::event never;
  in_debug_mode told([&never] { never.set(); });
  co_await never.wait();
  never.clear();
  co_await never.wait();
  EXPECT_EQ(told.reports.size(), 2U);
}
