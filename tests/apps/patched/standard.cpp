// Threads of the C++ library, and what it has to wait with: prints "ok" and of how many threads of the system they were.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <set>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

constexpr int many = 100;

void check(bool is_so, int line) {
  if (is_so) return;
  std::fprintf(stderr, "standard.cpp:%d: not so\n", line);
  std::exit(1);
}
#define CHECK(...) check((__VA_ARGS__), __LINE__)

int initialized = 0;

int slow_value() {
  static const int value = [] {
    std::this_thread::sleep_for(1ms);
    return ++initialized;
  }();
  return value;
}

struct work {
  std::latch all_there{many + 1};
  std::counting_semaphore<> tokens{0};
  std::atomic<int> turn = 0;
  std::once_flag once;
  int called = 0;
  std::mutex mutex;
  std::shared_mutex shared;
  std::condition_variable condition;
  int done = 0;
  std::set<pid_t> carriers;
  std::promise<int> promise;
  std::shared_future<int> answer = promise.get_future().share();

  void run(int number) {
    CHECK(slow_value() == 1);
    all_there.arrive_and_wait();
    std::call_once(once, [this] {
      std::this_thread::sleep_for(1ms);
      ++called;
    });
    CHECK(called == 1);
    for (int now = turn; now != number; now = turn) turn.wait(now);  // one after another
    turn = number + 1;
    turn.notify_all();
    tokens.acquire();
    CHECK(!tokens.try_acquire_for(0s) || (tokens.release(), true));
    CHECK(answer.get() == 7);
    try {
      throw std::runtime_error(std::to_string(number));
    } catch (const std::runtime_error& caught) {
      std::this_thread::sleep_for(100us);
      CHECK(caught.what() == std::to_string(number));
    }
    {
      const std::shared_lock reading(shared);
      std::this_thread::sleep_for(10us);
    }
    const std::unique_lock writing(shared);
    const std::lock_guard guard(mutex);
    carriers.insert(::gettid());
    ++done;
    condition.notify_one();
  }
};

int main() {
  work all;
  std::vector<std::thread> threads;
  for (int n = 0; n < many; ++n) threads.emplace_back(&work::run, &all, n);
  all.all_there.arrive_and_wait();
  all.tokens.release(many);
  all.promise.set_value(7);
  {
    std::unique_lock lock(all.mutex);
    CHECK(all.condition.wait_for(lock, 60s, [&] { return all.done == many; }));
  }
  for (std::thread& each : threads) each.join();
  CHECK(std::async(std::launch::async, [] { return 3; }).get() == 3);
  std::printf("ok %zu\n", all.carriers.size());
}
