// Cases for Google Benchmark, to see what a change does to one primitive: micro_cases [--benchmark_filter=REGEX].
// What hocket is measured against others with stands in micro.cpp.

#include <chrono>
#include <stdexcept>
#include <vector>

#include <benchmark/benchmark.h>

#include <hocket/hocket.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace {

using namespace std::chrono_literals;

using body = hocket::coro<void> (*)(benchmark::State& state);

void run_body(body measured, benchmark::State& state) { hocket::run(measured(state)); }

// Time jumps, so that sleeping costs nothing but the timers' own work.
void run_body_in_virtual_time(body measured, benchmark::State& state) {
  hocket::testing::virtual_clock clock;
  hocket::run(measured(state), {.clock = &clock});
}

// A benchmark whose body is a coroutine. What follows the name is given to BENCHMARK: `->Arg(10)`.
#define HOCKET_BENCHMARK_BY(runner, name, ...)                       \
  hocket::coro<void> name##_body(benchmark::State& state);           \
  void name(benchmark::State& state) { runner(name##_body, state); } \
  BENCHMARK(name) __VA_ARGS__;                                       \
  hocket::coro<void> name##_body([[maybe_unused]] benchmark::State& state)
#define HOCKET_BENCHMARK(name, ...) HOCKET_BENCHMARK_BY(run_body, name, __VA_ARGS__)
#define HOCKET_VIRTUAL_TIME_BENCHMARK(name, ...) HOCKET_BENCHMARK_BY(run_body_in_virtual_time, name, __VA_ARGS__)

void count_items(benchmark::State& state, std::int64_t each_time) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * each_time);
}

hocket::coro<void> nothing() { co_return; }
hocket::coro<void> sleep_for(hocket::duration length) { co_await hocket::sleep(length); }

// ---- coroutines and tasks

[[gnu::noinline]] hocket::coro<void> descend(std::int64_t depth) {
  if (depth > 1) co_await descend(depth - 1);
}

HOCKET_BENCHMARK(await_coroutines, ->Arg(1)->Arg(100)) {
  for (auto _ : state) co_await descend(state.range(0));
  count_items(state, state.range(0));
}

HOCKET_BENCHMARK(create_and_join_task) {
  for (auto _ : state) co_await hocket::create_task(nothing());
}

HOCKET_BENCHMARK(join_task_that_has_ended) {
  auto ended = hocket::create_task(nothing());
  co_await hocket::sleep(0s);
  for (auto _ : state) co_await ended;
}

HOCKET_BENCHMARK(yield_alone) {
  for (auto _ : state) co_await hocket::sleep(0s);
}

HOCKET_BENCHMARK(gather_coroutines, ->Arg(1)->Arg(10)->Arg(1000)->Arg(100'000)) {
  for (auto _ : state) {
    std::vector<hocket::coro<void>> children;
    for (std::int64_t i = 0; i < state.range(0); ++i) children.push_back(nothing());
    co_await hocket::gather(std::move(children));
  }
  count_items(state, state.range(0));
}

[[gnu::noinline]] hocket::coro<void> throw_from(std::int64_t depth) {
  if (depth == 1) throw std::runtime_error("thrown");
  co_await throw_from(depth - 1);
}

HOCKET_BENCHMARK(exception_through_coroutines, ->Arg(1)->Arg(10)->Arg(100)) {
  for (auto _ : state) {
    try {
      co_await throw_from(state.range(0));
    } catch (const std::runtime_error&) {
    }
  }
}

// ---- callbacks and timers

HOCKET_BENCHMARK(call_soon) {
  constexpr std::int64_t calls = 1000;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < calls; ++i) hocket::loop::running().call_soon([] {});
    co_await hocket::sleep(0s);
  }
  count_items(state, calls);
}

HOCKET_VIRTUAL_TIME_BENCHMARK(schedule_and_cancel_timer_beside, ->Arg(0)->Arg(1000)->Arg(1'000'000)) {
  std::vector<hocket::handle> others;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    others.push_back(hocket::loop::running().call_later(1ms * (1 + i * 7919 % 100'000), [] {}));
  std::int64_t round = 0;
  for (auto _ : state) hocket::loop::running().call_later(1ms * (1 + ++round * 7919 % 100'000), [] {}).cancel();
  for (hocket::handle& each : others) each.cancel();
  co_return;
}

HOCKET_VIRTUAL_TIME_BENCHMARK(fire_timers, ->Arg(1)->Arg(1000)->Arg(1'000'000)) {
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i)
      hocket::loop::running().call_later(1ms * (1 + i * 7919 % 1000), [] {});
    co_await hocket::sleep(2s);
  }
  count_items(state, state.range(0));
}

HOCKET_VIRTUAL_TIME_BENCHMARK(sleep_with_a_timeout) {
  for (auto _ : state) co_await hocket::with_timeout(1h, hocket::sleep(1ms));
}

// ---- synchronisation

HOCKET_BENCHMARK(queue_put_and_get) {
  hocket::queue<int> numbers;
  for (auto _ : state) {
    co_await numbers.put(1);
    benchmark::DoNotOptimize(co_await numbers.get());
  }
}

hocket::coro<void> echo(hocket::queue<int>& questions, hocket::queue<int>& answers) {
  for (;;) co_await answers.put(co_await questions.get());
}

HOCKET_BENCHMARK(queue_between_tasks) {
  hocket::queue<int> questions, answers;
  auto echoing = hocket::create_task(echo(questions, answers));
  for (auto _ : state) {
    co_await questions.put(1);
    benchmark::DoNotOptimize(co_await answers.get());
  }
  echoing.cancel();
  co_await hocket::as_result(echoing);
}

HOCKET_BENCHMARK(lock_that_is_free) {
  hocket::lock mutex;
  for (auto _ : state) auto held = co_await mutex.scoped_lock();
}

HOCKET_BENCHMARK(semaphore_that_is_free) {
  hocket::semaphore places(10);
  for (auto _ : state) auto taken = co_await places.scoped_acquire();
}

hocket::coro<void> take_turns(hocket::semaphore& places, std::int64_t times) {
  for (std::int64_t i = 0; i < times; ++i) {
    auto taken = co_await places.scoped_acquire();
    co_await hocket::sleep(0s);
  }
}

HOCKET_BENCHMARK(semaphore_that_is_wanted, ->Arg(1)->Arg(10)) {
  constexpr std::int64_t tasks = 20, times = 100;
  hocket::semaphore places(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::vector<hocket::coro<void>> waiting;
    for (std::int64_t i = 0; i < tasks; ++i) waiting.push_back(take_turns(places, times));
    co_await hocket::gather(std::move(waiting));
  }
  count_items(state, tasks * times);
}

HOCKET_BENCHMARK(event_that_is_set) {
  hocket::event happened;
  happened.set();
  for (auto _ : state) co_await happened.wait();
}

hocket::coro<void> wait_for_each(hocket::event& happened) {
  for (;;) co_await happened.wait();
}

HOCKET_BENCHMARK(event_that_wakes, ->Arg(1)->Arg(1000)) {
  hocket::event happened;
  std::vector<hocket::task<void>> waiting;
  for (std::int64_t i = 0; i < state.range(0); ++i) waiting.push_back(hocket::create_task(wait_for_each(happened)));
  co_await hocket::sleep(0s);
  for (auto _ : state) {
    happened.set();
    happened.clear();
    co_await hocket::sleep(0s);
  }
  count_items(state, state.range(0));
  for (auto& each : waiting) {
    each.cancel();
    co_await hocket::as_result(each);
  }
}

// ---- cancellation

HOCKET_BENCHMARK(cancel_a_waiting_task) {
  for (auto _ : state) {
    auto sleeping = hocket::create_task(sleep_for(1h));
    co_await hocket::sleep(0s);
    sleeping.cancel();
    co_await hocket::as_result(sleeping);
  }
}

HOCKET_BENCHMARK(cancel_a_scope) {
  for (auto _ : state) {
    hocket::cancel_scope scope;
    hocket::loop::running().call_soon([&scope] { scope.cancel(); });
    co_await scope.run(hocket::sleep(1h));
  }
}

HOCKET_BENCHMARK(enter_and_leave_a_scope) {
  for (auto _ : state) {
    hocket::cancel_scope scope;
    co_await scope.run(nothing());
  }
}

}  // namespace

BENCHMARK_MAIN();
