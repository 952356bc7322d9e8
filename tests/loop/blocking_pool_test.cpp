#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <semaphore>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>

#include <hocket/loop/blocking_pool.hpp>

namespace {

using hocket::blocking_pool;

class job final : public hocket::blocking_job {
 public:
  explicit job(std::function<void()> what) : what_(std::move(what)) {}
  void work() noexcept override { what_(); }

 private:
  std::function<void()> what_;
};

void wait_until_idle(const blocking_pool& pool) {
  while (pool.pending() > 0) std::this_thread::yield();
}

TEST(blocking_pool, runs_jobs_on_another_thread) {
  std::thread::id where;
  job one([&where] { where = std::this_thread::get_id(); });
  {
    blocking_pool pool;
    pool.submit(one);
  }
  EXPECT_NE(where, std::thread::id{});
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST(blocking_pool, serves_first_come_first_served) {
  std::vector<int> order;
  std::vector<job> jobs;
  for (int n = 0; n < 50; ++n) jobs.emplace_back([&order, n] { order.push_back(n); });
  {
    blocking_pool pool(1);
    for (job& each : jobs) pool.submit(each);
  }
  std::vector<int> expected;
  for (int n = 0; n < 50; ++n) expected.push_back(n);
  EXPECT_EQ(order, expected);
}

TEST(blocking_pool, runs_as_many_jobs_at_once_as_it_has_threads) {
  std::latch together(3);
  std::vector<job> jobs;
  for (int n = 0; n < 3; ++n) jobs.emplace_back([&together] { together.arrive_and_wait(); });
  blocking_pool pool(3);
  for (job& each : jobs) pool.submit(each);
  wait_until_idle(pool);
}

TEST(blocking_pool, starts_no_more_threads_than_its_limit) {
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  std::vector<job> jobs;
  for (int n = 0; n < 20; ++n) {
    jobs.emplace_back([&] {
      const int now = ++at_once;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      --at_once;
    });
  }
  {
    blocking_pool pool(2);
    for (job& each : jobs) pool.submit(each);
  }
  EXPECT_LE(most, 2);
}

TEST(blocking_pool, uses_an_idle_thread_again) {
  std::set<std::thread::id> threads;
  blocking_pool pool(8);
  for (int n = 0; n < 20; ++n) {
    job one([&threads] { threads.insert(std::this_thread::get_id()); });
    pool.submit(one);
    wait_until_idle(pool);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // to let it go back to waiting
  }
  EXPECT_LT(threads.size(), 8U);
}

TEST(blocking_pool, takes_back_a_job_that_has_not_begun) {
  std::latch go(1);
  bool ran = false;
  job blocker([&go] { go.wait(); });
  job second([&ran] { ran = true; });
  {
    blocking_pool pool(1);
    pool.submit(blocker);
    pool.submit(second);
    EXPECT_TRUE(pool.withdraw(second));
    go.count_down();
  }
  EXPECT_FALSE(ran);
}

TEST(blocking_pool, does_not_take_back_a_job_that_has_begun) {
  std::latch begun(1);
  std::latch go(1);
  job blocker([&] {
    begun.count_down();
    go.wait();
  });
  blocking_pool pool(1);
  pool.submit(blocker);
  begun.wait();
  EXPECT_FALSE(pool.withdraw(blocker));
  go.count_down();
  wait_until_idle(pool);
}

TEST(blocking_pool, counts_waiting_and_running_jobs_as_pending) {
  std::latch begun(1);
  std::latch go(1);
  job running([&] {
    begun.count_down();
    go.wait();
  });
  job waiting([] {});
  blocking_pool pool(1);
  pool.submit(running);
  pool.submit(waiting);
  begun.wait();
  EXPECT_EQ(pool.pending(), 2U);
  go.count_down();
  wait_until_idle(pool);
}

TEST(blocking_pool, ends_only_when_its_jobs_have_ended) {
  std::atomic<int> ended{0};
  std::vector<job> jobs;
  for (int n = 0; n < 10; ++n) {
    jobs.emplace_back([&ended] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++ended;
    });
  }
  {
    blocking_pool pool(2);
    for (job& each : jobs) pool.submit(each);
  }
  EXPECT_EQ(ended, 10);
}

TEST(blocking_pool, takes_work_again_after_it_was_finished) {
  std::counting_semaphore<2> ran(0);
  job first([&ran] { ran.release(); });
  job second([&ran] { ran.release(); });
  blocking_pool pool(1);
  pool.finish();
  pool.submit(first);
  EXPECT_TRUE(ran.try_acquire_for(std::chrono::seconds(10)));
  pool.submit(second);
  EXPECT_TRUE(ran.try_acquire_for(std::chrono::seconds(10)));
}

TEST(blocking_pool, finishes_within_its_limit_or_says_that_it_did_not) {
  std::latch go(1);
  job blocker([&go] { go.wait(); });
  blocking_pool pool(1);
  pool.submit(blocker);
  EXPECT_FALSE(pool.finish(std::chrono::milliseconds(5)));
  EXPECT_FALSE(pool.finish(std::chrono::nanoseconds(-1)));
  EXPECT_EQ(pool.pending(), 1U);
  go.count_down();
  EXPECT_TRUE(pool.finish(std::chrono::seconds(10)));
}

TEST(blocking_pool, finishes_without_time_if_its_threads_only_wait_for_work) {
  std::counting_semaphore<1> ran(0);
  job one([&ran] { ran.release(); });
  blocking_pool pool(4);
  for (int n = 0; n < 20; ++n) {
    pool.submit(one);
    ran.acquire();
    wait_until_idle(pool);
    EXPECT_TRUE(pool.finish(std::chrono::nanoseconds(0)));
  }
}

TEST(blocking_pool, runs_what_waits_in_line_before_it_is_finished) {
  std::atomic<int> ran{0};
  std::vector<job> jobs;
  for (int n = 0; n < 20; ++n) jobs.emplace_back([&ran] { ++ran; });
  blocking_pool pool(1);
  for (job& each : jobs) pool.submit(each);
  EXPECT_TRUE(pool.finish());
  EXPECT_EQ(ran, 20);
}

TEST(blocking_pool, takes_no_work_once_it_is_closed) {
  job one([] {});
  blocking_pool pool(1);
  pool.close();
  EXPECT_THROW(pool.submit(one), hocket::invalid_state_error);
}

TEST(blocking_pool, runs_what_waits_when_it_is_closed) {
  std::latch go(1);
  bool ran = false;
  job blocker([&go] { go.wait(); });
  job second([&ran] { ran = true; });
  {
    blocking_pool pool(1);
    pool.submit(blocker);
    pool.submit(second);
    pool.close();
    go.count_down();
  }
  EXPECT_TRUE(ran);
}

TEST(blocking_pool, refuses_what_waits_if_it_is_closed_so) {
  struct refusable final : hocket::blocking_job {
    void work() noexcept override { ran = true; }
    void refuse(std::exception_ptr why) noexcept override { refused = why != nullptr; }
    bool ran = false;
    bool refused = false;
  } second;
  std::latch begun(1);
  std::latch go(1);
  job blocker([&] {
    begun.count_down();
    go.wait();
  });
  blocking_pool pool(1);
  pool.submit(blocker);
  begun.wait();
  pool.submit(second);
  pool.close(std::make_exception_ptr(hocket::error("closed")));
  EXPECT_TRUE(second.refused);
  EXPECT_EQ(pool.pending(), 1U);
  go.count_down();
  pool.finish();
  EXPECT_FALSE(second.ran);
}

TEST(blocking_pool, that_never_had_work_is_finished_at_once) {
  blocking_pool pool;
  EXPECT_TRUE(pool.finish(std::chrono::nanoseconds(0)));
}

TEST(blocking_pool, keeps_signals_away_from_its_threads) {
  bool blocked = false;
  job one([&blocked] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = ::sigismember(&mask, SIGINT) == 1 && ::sigismember(&mask, SIGCHLD) == 1;
  });
  {
    blocking_pool pool;
    pool.submit(one);
  }
  EXPECT_TRUE(blocked);
}

TEST(blocking_pool, leaves_its_threads_the_signals_of_their_own_faults) {
  bool blocked = true;
  job one([&blocked] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = ::sigismember(&mask, SIGSEGV) == 1 || ::sigismember(&mask, SIGABRT) == 1;
  });
  {
    blocking_pool pool;
    pool.submit(one);
  }
  EXPECT_FALSE(blocked);
}

TEST(blocking_pool, leaves_the_signal_mask_of_whoever_submits) {
  sigset_t mask;
  job one([] {});
  {
    blocking_pool pool;
    pool.submit(one);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  }
  EXPECT_EQ(::sigismember(&mask, SIGINT), 0);
}

}  // namespace
