#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/loop/timer_queue.hpp>

namespace {

using namespace std::chrono_literals;
using hocket::timer_queue;

timer_queue::time_point at(std::chrono::nanoseconds when) { return timer_queue::time_point(when); }

struct alarm final : hocket::ready_node {
  explicit alarm(int number = 0) : number(number) {}
  void run() noexcept override {}
  int number;
};

std::vector<int> numbers_due(timer_queue& timers, timer_queue::time_point now) {
  hocket::ready_queue ready;
  timers.collect_due(now, ready);
  std::vector<int> numbers;
  while (!ready.empty()) numbers.push_back(static_cast<alarm&>(ready.pop_front()).number);
  return numbers;
}

TEST(timer_queue, serves_timers_in_the_order_of_their_deadlines) {
  timer_queue timers;
  alarm first(1), second(2), third(3);
  timers.schedule(third, at(30ns));
  timers.schedule(first, at(10ns));
  timers.schedule(second, at(20ns));
  EXPECT_EQ(numbers_due(timers, at(30ns)), (std::vector{1, 2, 3}));
}

TEST(timer_queue, serves_equal_deadlines_in_the_order_of_registration) {
  timer_queue timers;
  std::vector<alarm> alarms(1000);
  std::vector<int> expected;
  for (int n = 0; n < 1000; ++n) {
    alarms[static_cast<std::size_t>(n)].number = n;
    timers.schedule(alarms[static_cast<std::size_t>(n)], at(5ns));
    expected.push_back(n);
  }
  EXPECT_EQ(numbers_due(timers, at(5ns)), expected);
}

TEST(timer_queue, leaves_what_is_not_due_yet) {
  timer_queue timers;
  alarm due(1), later(2);
  timers.schedule(later, at(11ns));
  timers.schedule(due, at(10ns));
  EXPECT_EQ(numbers_due(timers, at(10ns)), (std::vector{1}));
  EXPECT_EQ(timers.next_deadline(), at(11ns));
  timers.cancel(later);
}

TEST(timer_queue, keeps_nothing_of_a_cancelled_timer) {
  timer_queue timers;
  alarm one;
  timers.schedule(one, at(10ns));
  timers.cancel(one);
  EXPECT_TRUE(timers.empty());
  EXPECT_FALSE(timer_queue::is_scheduled(one));
}

TEST(timer_queue, takes_a_timer_again_after_it_fired) {
  timer_queue timers;
  alarm one(1);
  timers.schedule(one, at(10ns));
  numbers_due(timers, at(10ns));
  EXPECT_FALSE(timer_queue::is_scheduled(one));
  timers.schedule(one, at(20ns));
  EXPECT_EQ(numbers_due(timers, at(20ns)), (std::vector{1}));
}

TEST(timer_queue, gives_up_the_timer_that_is_due_first) {
  timer_queue timers;
  alarm later;
  alarm sooner;
  timers.schedule(later, at(20ns));
  timers.schedule(sooner, at(10ns));
  EXPECT_EQ(&timers.pop(), &sooner);
  EXPECT_FALSE(timer_queue::is_scheduled(sooner));
  EXPECT_EQ(&timers.pop(), &later);
  EXPECT_TRUE(timers.empty());
}

/// What the queue must do, done slowly.
class plain_timers {
 public:
  void schedule(int number, timer_queue::time_point deadline) { entries_.push_back({deadline, number}); }
  void cancel(int number) {
    std::erase_if(entries_, [number](const entry& each) { return each.number == number; });
  }
  std::vector<int> due(timer_queue::time_point now) {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const entry& a, const entry& b) { return a.deadline < b.deadline; });
    std::vector<int> numbers;
    while (!entries_.empty() && entries_.front().deadline <= now) {
      numbers.push_back(entries_.front().number);
      entries_.erase(entries_.begin());
    }
    return numbers;
  }

 private:
  struct entry {
    timer_queue::time_point deadline;
    int number;
  };
  std::vector<entry> entries_;
};

TEST(timer_queue, agrees_with_a_sorted_list_on_random_programs) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](unsigned limit) { return static_cast<int>(random() % limit); };
    std::vector<alarm> alarms(100);
    for (int n = 0; n < 100; ++n) alarms[static_cast<std::size_t>(n)].number = n;
    timer_queue timers;
    plain_timers plain;
    auto now = at(0ns);
    for (int step = 0; step < 500; ++step) {
      alarm& chosen = alarms[static_cast<std::size_t>(below(100))];
      if (below(8) == 0) {
        now += std::chrono::nanoseconds(below(30));
        ASSERT_EQ(numbers_due(timers, now), plain.due(now));
      } else if (timer_queue::is_scheduled(chosen)) {
        timers.cancel(chosen);
        plain.cancel(chosen.number);
      } else {
        const auto deadline = now + std::chrono::nanoseconds(below(50));
        timers.schedule(chosen, deadline);
        plain.schedule(chosen.number, deadline);
      }
    }
    now += 1s;
    ASSERT_EQ(numbers_due(timers, now), plain.due(now));
  }
}

}  // namespace
