// A function that blocks, three times, each on a thread of a pool: 3 seconds again, as in countdown.
// Run: countdown_threads
#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

const auto start = std::chrono::steady_clock::now();

void count_down(char name, std::chrono::milliseconds delay) {
  const std::string indents(static_cast<std::size_t>(name - 'A'), '\t');
  for (int n = 3; n > 0; --n) {
    std::this_thread::sleep_for(delay);
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    fmt::print("{:-<40}\n{:.4f} \t{}{} = {}\n", "", duration.count(), indents, name, n);
  }
}

hocket::coro<void> amain() {
  hocket::thread_pool_executor executor({.max_workers = 3});
  co_await hocket::gather(hocket::run_in_executor(executor, count_down, 'A', 1s),
                          hocket::run_in_executor(executor, count_down, 'B', 800ms),
                          hocket::run_in_executor(executor, count_down, 'C', 500ms));
  fmt::print("{:-<40}\nDone.\n", "");
}

int main() { hocket::run(amain()); }
