// gather waits for all of its tasks and gives their results in the order of the arguments, whichever ended first.
// Run: gather_all
#include <algorithm>
#include <chrono>
#include <ctime>
#include <ranges>
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

hocket::coro<std::vector<numbers>> amain() {
  const std::vector tasks = {hocket::create_task(reversed({3, 2, 1})), hocket::create_task(reversed({10, 5, 0}))};
  fmt::print("Start: {:%H:%M:%S}\n", wall_clock());
  const auto all = co_await hocket::gather(tasks);
  fmt::print("End: {:%H:%M:%S}\n", wall_clock());  // 10 seconds later
  const bool done = std::ranges::all_of(tasks, [](const auto& task) { return task.done(); });
  fmt::print("Both tasks done: {}\n", done ? "True" : "False");
  co_return all;
}

int main() { fmt::print("{}\n", hocket::run(amain())); }
