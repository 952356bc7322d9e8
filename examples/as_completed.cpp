// as_completed gives tasks as they end: the first result is there while the other task still sleeps.
// Run: as_completed
#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <hocket/hocket.hpp>

using numbers = std::vector<int>;

auto wall_clock() { return fmt::localtime(std::time(nullptr)); }

// What it waits for takes as many seconds as its largest number.
hocket::coro<numbers> reversed(numbers sequence) {
  co_await hocket::sleep(std::chrono::seconds(std::ranges::max(sequence)));
  co_return numbers(sequence.rbegin(), sequence.rend());
}

hocket::coro<void> amain() {
  const std::vector tasks = {hocket::create_task(reversed({10, 5, 0})), hocket::create_task(reversed({3, 2, 1}))};
  fmt::print("Start: {:%H:%M:%S}\n", wall_clock());
  hocket::as_completed finished(tasks);
  while (const auto result = co_await finished.next_result())
    fmt::print("res: {} completed at {:%H:%M:%S}\n", *result, wall_clock());
  fmt::print("End: {:%H:%M:%S}\n", wall_clock());
  const bool done = std::ranges::all_of(tasks, [](const auto& task) { return task.done(); });
  fmt::print("Both tasks done: {}\n", done ? "True" : "False");
}

int main() { hocket::run(amain()); }
