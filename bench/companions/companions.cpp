// What generators, pipelines and executors cost, on hocket's public headers: companions METRIC; prints
// "METRIC ns_per_operation". Beside it stand by_hand.cpp, with_asio.cpp and with_python.py.

#include <chrono>
#include <cstdio>
#include <string_view>

#include <hocket/flow.hpp>
#include <hocket/hocket.hpp>
#include <hocket/process_pool.hpp>

namespace {

constexpr long items = 5'000'000;

template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "m"(value) : "memory");
}

class stopwatch {
 public:
  [[nodiscard]] double nanoseconds_per(long operations) const {
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin_;
    return spent.count() / static_cast<double>(operations);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

hocket::generator<long> numbers(long end) {
  for (long n = 0; n < end; ++n) co_yield n;
}

hocket::async_generator<long> async_numbers(long end) {
  for (long n = 0; n < end; ++n) co_yield n;
}

hocket::coro<double> generator() {
  const stopwatch watch;
  long sum = 0;
  for (const long n : numbers(items)) sum += n;
  keep(sum);
  co_return watch.nanoseconds_per(items);
}

hocket::coro<double> async_generator() {
  const stopwatch watch;
  long sum = 0;
  auto source = async_numbers(items);
  while (const auto n = co_await source.next()) sum += *n;
  keep(sum);
  co_return watch.nanoseconds_per(items);
}

hocket::coro<double> pipeline() {
  namespace flow = hocket::flow;
  const stopwatch watch;
  long sum = 0;
  co_await (async_numbers(items) | flow::map([](long n) { return 3 * n + 1; }) |
            flow::filter([](long n) { return n % 4 != 0; }) | flow::takewhile([](long n) { return n >= 0; }) |
            flow::enumerate() | flow::starmap([](long index, long n) { return index + n; }) |
            flow::for_each([&sum](long n) { sum += n; }));
  keep(sum);
  co_return watch.nanoseconds_per(items);
}

hocket::coro<double> merge() {
  constexpr long merged = 1'000'000;
  const stopwatch watch;
  long sum = 0;
  co_await (hocket::flow::merge(async_numbers(merged / 2), async_numbers(merged / 2)) |
            hocket::flow::for_each([&sum](long n) { sum += n; }));
  keep(sum);
  co_return watch.nanoseconds_per(merged);
}

hocket::coro<double> thread() {
  constexpr long calls = 100'000;
  hocket::thread_pool_executor pool({.max_workers = 1});
  const stopwatch watch;
  for (long n = 0; n < calls; ++n) co_await hocket::run_in_executor(pool, [] {});
  co_return watch.nanoseconds_per(calls);
}

long same(long value) { return value; }

hocket::coro<double> process() {
  constexpr long calls = 20'000;
  hocket::process_pool_executor pool({.max_workers = 1});
  co_await hocket::run_in_executor<same>(pool, 0);  // the worker has started
  const stopwatch watch;
  for (long n = 0; n < calls; ++n) co_await hocket::run_in_executor<same>(pool, n);
  co_return watch.nanoseconds_per(calls);
}

struct metric {
  std::string_view name;
  hocket::coro<double> (*measure)();
};

constexpr metric metrics[] = {
    {"generator", generator}, {"async_generator", async_generator},
    {"pipeline", pipeline},   {"merge", merge},
    {"thread", thread},       {"process", process},
};

}  // namespace

int main(int count, char** arguments) {
  hocket::serve_if_worker();
  for (const metric& each : metrics) {
    if (count < 2 || each.name != arguments[1]) continue;
    std::printf("%s %.1f\n", arguments[1], hocket::run(each.measure()));
    return 0;
  }
  std::fprintf(stderr, "usage: companions METRIC, which is one of");
  for (const metric& each : metrics)
    std::fprintf(stderr, " %.*s", static_cast<int>(each.name.size()), each.name.data());
  std::fprintf(stderr, "\n");
  return 2;
}
