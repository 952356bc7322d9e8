// What a green thread costs, beside switches by hand (Boost.Context's functions and nothing else) and Boost.Fiber: a line for each, "WHAT/WHOSE NUMBER", in
// nanoseconds, and for those that are parked in bytes.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <vector>

#include <boost/context/detail/fcontext.hpp>
#include <boost/fiber/all.hpp>
#include <unistd.h>

#include <hocket/green.hpp>
#include <hocket/hocket.hpp>

namespace context = boost::context::detail;
namespace green = hocket::green;
using std::chrono::steady_clock;

constexpr int switches = 2'000'000;
constexpr int spawned = 300'000;
constexpr int parked = 10'000;

class stopwatch {
 public:
  void tell(const char* what, int times) const {
    const std::chrono::duration<double, std::nano> took = steady_clock::now() - begun_;
    std::printf("%s %.1f\n", what, took.count() / times);
  }

 private:
  steady_clock::time_point begun_ = steady_clock::now();
};

long resident_bytes() {
  long whole = 0;
  long resident = 0;
  std::ifstream("/proc/self/statm") >> whole >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

[[noreturn]] void bounce(context::transfer_t from) {
  for (;;) from = context::jump_fcontext(from.fctx, nullptr);
}

void by_hand() {
  std::vector<char> stack(64 * 1024);
  context::transfer_t there{context::make_fcontext(stack.data() + stack.size(), stack.size(), &bounce), nullptr};
  const stopwatch watch;
  for (int n = 0; n < switches / 2; ++n) there = context::jump_fcontext(there.fctx, nullptr);
  watch.tell("switch/by-hand", switches);
}

void with_boost_fiber() {
  {
    const auto work = [] {
      for (int n = 0; n < switches / 2; ++n) boost::this_fiber::yield();
    };
    const stopwatch watch;
    boost::fibers::fiber other(boost::fibers::launch::dispatch, work);
    work();
    other.join();
    watch.tell("switch/boost-fiber", switches);
  }
  const stopwatch watch;
  for (int n = 0; n < spawned; ++n) boost::fibers::fiber([] {}).join();
  watch.tell("spawn/boost-fiber", spawned);
}

/// Suspends nobody: to whoever carries the green thread, and back.
struct round_trip {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
  void await_resume() const noexcept {}
};

hocket::coro<void> with_hocket() {
  {
    const stopwatch watch;
    co_await green::spawn([] {
      for (int n = 0; n < switches / 2; ++n) green::wait(round_trip{});
    });
    watch.tell("switch/hocket", switches);
  }
  {
    const stopwatch watch;
    for (int n = 0; n < spawned; ++n) co_await green::spawn([] {});
    watch.tell("spawn/hocket", spawned);
  }
  const long before = resident_bytes();
  std::vector<hocket::task<>> all;
  for (int n = 0; n < parked; ++n) all.push_back(green::spawn([] { green::sleep(std::chrono::hours(1)); }));
  co_await hocket::sleep(std::chrono::milliseconds(1));
  std::printf("parked/hocket %ld\n", (resident_bytes() - before) / parked);
  for (auto& each : all) each.cancel();
  co_await hocket::wait(all);
}

int main() {
  by_hand();
  with_boost_fiber();
  hocket::run(with_hocket());
}
