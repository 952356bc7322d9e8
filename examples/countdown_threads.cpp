// A function that blocks, three times, each on a thread: 3 seconds again, as in countdown.
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
  co_await hocket::gather(hocket::to_thread(count_down, 'A', 1s), hocket::to_thread(count_down, 'B', 800ms),
                          hocket::to_thread(count_down, 'C', 500ms));
  fmt::print("{:-<40}\nDone.\n", "");
}

int main() { hocket::run(amain()); }
