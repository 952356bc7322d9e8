#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/loop/timer_queue.hpp>

namespace {

using namespace std::chrono_literals;
using hocket::timer_queue;

timer_queue::time_point at(std::chrono::nanoseconds when) { return timer_queue::time_point(when); }

struct alarm final : hocket::timer_node {
  explicit alarm(int number = 0) : number(number) {}
  void run() noexcept override {}
  int number;
};

/// So many timers at the end of time that the queue does not do with its heap alone.
class crowd {
 public:
  explicit crowd(timer_queue& timers) : timers_(timers), alarms_(100) {
    for (alarm& each : alarms_) timers_.schedule(each, timer_queue::time_point::max());
  }
  ~crowd() {
    for (alarm& each : alarms_) timers_.cancel(each);
  }

 private:
  timer_queue& timers_;
  std::vector<alarm> alarms_;
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
  EXPECT_FALSE(one.is_scheduled());
}

TEST(timer_queue, takes_a_timer_again_after_it_fired) {
  timer_queue timers;
  alarm one(1);
  timers.schedule(one, at(10ns));
  numbers_due(timers, at(10ns));
  EXPECT_FALSE(one.is_scheduled());
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
  EXPECT_FALSE(sooner.is_scheduled());
  EXPECT_EQ(&timers.pop(), &later);
  EXPECT_TRUE(timers.empty());
}

TEST(timer_queue, knows_the_next_deadline_to_the_nanosecond_however_distant) {
  for (const auto distance : {1ns, 65'535ns, 65'536ns, 4'194'303ns, 123'456'789'012ns, 876'543'210'987'654'321ns}) {
    SCOPED_TRACE(distance.count());
    timer_queue timers;
    alarm first, second;
    timers.start_from(at(1s));
    crowd others(timers);
    timers.schedule(second, at(1s + distance + 1ns));
    timers.schedule(first, at(1s + distance));
    EXPECT_EQ(timers.next_deadline(), at(1s + distance));
    timers.cancel(first);
    EXPECT_EQ(timers.next_deadline(), at(1s + distance + 1ns));
    timers.cancel(second);
  }
}

TEST(timer_queue, is_looked_at_once_for_timers_that_were_cancelled) {
  timer_queue timers;
  std::vector<alarm> limits(100);
  alarm distant;
  timers.schedule(distant, at(1h));
  for (alarm& each : limits) timers.schedule(each, at(1s));
  EXPECT_EQ(timers.time_to_look(at(0s)), at(1s));
  for (alarm& each : limits) timers.cancel(each);
  EXPECT_EQ(timers.time_to_look(at(999ms)), at(1s));
  EXPECT_EQ(timers.time_to_look(at(1s)), at(1h));
  timers.schedule(limits[0], at(2s));
  EXPECT_EQ(timers.time_to_look(at(1s)), at(2s));
  EXPECT_EQ(timers.time_to_look(at(3s)), at(3s)) << "it is due";
}

TEST(timer_queue, does_not_remember_when_to_look_once_it_was_empty) {
  timer_queue timers;
  alarm first, second;
  timers.schedule(first, at(1s));
  timers.cancel(first);
  timers.schedule(second, at(2s));
  EXPECT_EQ(timers.time_to_look(at(0s)), at(2s));
}

TEST(timer_queue, serves_the_ends_of_time) {
  timer_queue timers;
  alarm first(1), second(2), now(3), last(4), last_too(5);
  timers.start_from(at(0ns));
  timers.schedule(last, timer_queue::time_point::max());
  timers.schedule(now, at(0ns));
  timers.schedule(first, timer_queue::time_point::min());
  timers.schedule(second, at(-1ns));
  EXPECT_EQ(timers.next_deadline(), timer_queue::time_point::min());
  EXPECT_EQ(numbers_due(timers, at(0ns)), (std::vector{1, 2, 3}));
  EXPECT_EQ(timers.next_deadline(), timer_queue::time_point::max());
  timers.schedule(last_too, timer_queue::time_point::max());
  EXPECT_EQ(numbers_due(timers, timer_queue::time_point::max() - 1ns), (std::vector<int>{}));
  EXPECT_EQ(numbers_due(timers, timer_queue::time_point::max()), (std::vector{4, 5}));
}

TEST(timer_queue, lets_no_timer_overtake_an_equal_one_that_was_distant_when_it_was_scheduled) {
  for (const auto boundary : {65'536ns, 4'194'304ns, 268'435'456ns, 17'179'869'184ns}) {
    SCOPED_TRACE(boundary.count());
    timer_queue timers;
    alarm early(1), distant(2), near(3);
    timers.start_from(at(0ns));
    crowd others(timers);
    timers.schedule(distant, at(boundary + 100us));
    timers.schedule(early, at(boundary - 1ns));
    EXPECT_EQ(numbers_due(timers, at(boundary - 1ns)), (std::vector{1}));
    timers.schedule(near, at(boundary + 100us));
    EXPECT_EQ(numbers_due(timers, at(boundary + 100us)), (std::vector{2, 3}));
  }
}

TEST(timer_queue, serves_many_timers_that_come_before_distant_ones_it_has_looked_at) {
  timer_queue timers;
  alarm distant(-1), beside(-2), behind(-3);
  timers.start_from(at(0ns));
  crowd others(timers);
  timers.schedule(distant, at(1h));
  timers.schedule(behind, at(1h + 1s));
  timers.schedule(beside, at(1h + 1ms));
  EXPECT_EQ(timers.next_deadline(), at(1h));
  std::vector<alarm> alarms(1000);
  std::vector<int> expected;
  for (int n = 0; n < 1000; ++n) {
    alarms[static_cast<std::size_t>(n)].number = n;
    timers.schedule(alarms[static_cast<std::size_t>(n)], at(1ms * (1 + n / 10)));
    expected.push_back(n);
  }
  EXPECT_EQ(timers.next_deadline(), at(1ms));
  EXPECT_EQ(numbers_due(timers, at(1min)), expected);
  EXPECT_EQ(timers.next_deadline(), at(1h));
  EXPECT_EQ(numbers_due(timers, at(2h)), (std::vector{-1, -2, -3}));
}

TEST(timer_queue, holds_as_many_timers_as_were_scheduled_and_not_cancelled) {
  timer_queue timers;
  crowd others(timers);
  alarm near, distant, late;
  timers.schedule(near, at(1ns));
  timers.schedule(distant, at(1h));
  timers.schedule(late, at(-1h));
  EXPECT_EQ(timers.size(), 103U);
  timers.cancel(distant);
  timers.cancel(late);
  EXPECT_EQ(timers.size(), 101U);
  timers.cancel(near);
  EXPECT_EQ(timers.size(), 100U);
}

/// What the queue must do, done plainly: a multimap keeps equal keys in the order in which they came.
class plain_timers {
 public:
  void schedule(int number, timer_queue::time_point deadline) { entries_.emplace(deadline, number); }
  void cancel(int number) {
    std::erase_if(entries_, [number](const auto& each) { return each.second == number; });
  }
  std::vector<int> due(timer_queue::time_point now) {
    std::vector<int> numbers;
    for (; !entries_.empty() && entries_.begin()->first <= now; entries_.erase(entries_.begin()))
      numbers.push_back(entries_.begin()->second);
    return numbers;
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] timer_queue::time_point next_deadline() const { return entries_.begin()->first; }

 private:
  std::multimap<timer_queue::time_point, int> entries_;
};

/// Deadlines as programs have them, and as the queue might not like them.
class deadlines {
 public:
  explicit deadlines(unsigned seed) : random_(seed) {}

  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  timer_queue::time_point after(timer_queue::time_point now) {
    switch (below(8)) {
      case 0:
        return now + std::chrono::nanoseconds(below(50));
      case 1:  // in clusters
        return now + 100ms * below(3);
      case 2:  // around a boundary of slots and levels
        return boundary_after(now) + std::chrono::nanoseconds(below(3) - 1);
      case 3:  // in the past
        return now - std::chrono::microseconds(below(1'000'000));
      case 4:
        return now + std::chrono::hours(below(100'000));
      case 5:
        return below(2) == 0 ? timer_queue::time_point::max() : timer_queue::time_point::min();
      default:
        return now + std::chrono::microseconds(below(2'000'000));
    }
  }

  timer_queue::time_point boundary_after(timer_queue::time_point now) {
    const std::int64_t size = std::int64_t{1} << (16 + below(32));
    return at(std::chrono::nanoseconds((now.time_since_epoch().count() / size + 1) * size));
  }

 private:
  std::mt19937 random_;
};

void run_random_program(unsigned seed, std::size_t most, timer_queue::time_point now) {
  deadlines random(seed);
  std::vector<alarm> alarms(most);
  for (std::size_t n = 0; n < most; ++n) alarms[n].number = static_cast<int>(n);
  timer_queue timers;
  plain_timers plain;
  for (int step = 0; step < 2000; ++step) {
    alarm& chosen = alarms[static_cast<std::size_t>(random.below(static_cast<int>(most)))];
    if (timers.empty()) timers.start_from(now);
    if (random.below(20) == 0) {
      now =
          random.below(2) == 0 ? now + std::chrono::microseconds(random.below(3'000'000)) : random.boundary_after(now);
      ASSERT_EQ(numbers_due(timers, now), plain.due(now));
    } else if (random.below(20) == 0 && !plain.empty()) {
      ASSERT_EQ(timers.next_deadline(), plain.next_deadline());
    } else if (random.below(20) == 0 && !plain.empty()) {
      const auto look = timers.time_to_look(now);
      ASSERT_GE(look, now);
      ASSERT_LE(look, std::max(now, plain.next_deadline()));
      ASSERT_EQ(look == now, plain.next_deadline() <= now);
    } else if (chosen.is_scheduled()) {
      timers.cancel(chosen);
      plain.cancel(chosen.number);
    } else {
      const auto deadline = random.after(now);
      timers.schedule(chosen, deadline);
      plain.schedule(chosen.number, deadline);
    }
    ASSERT_EQ(timers.empty(), plain.empty());
  }
  ASSERT_EQ(numbers_due(timers, timer_queue::time_point::max()), plain.due(timer_queue::time_point::max()));
  ASSERT_TRUE(timers.empty());
}

TEST(timer_queue, agrees_with_a_sorted_map_on_random_programs) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(run_random_program(seed, 10, at(0ns)));
    ASSERT_NO_FATAL_FAILURE(run_random_program(seed, 100, at(-1h)));
    ASSERT_NO_FATAL_FAILURE(run_random_program(seed, 1000, at(12'345'678'901'234ns)));
  }
}

}  // namespace
