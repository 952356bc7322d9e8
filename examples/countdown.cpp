// Three count-downs that wait at the same time: 3 seconds, as long as the slowest, and the first line after half of one.
// Run: countdown
#include <chrono>
#include <string>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

const auto start = std::chrono::steady_clock::now();

hocket::coro<void> count_down(char name, std::chrono::milliseconds delay) {
  const std::string indents(static_cast<std::size_t>(name - 'A'), '\t');
  for (int n = 3; n > 0; --n) {
    co_await hocket::sleep(delay);
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    fmt::print("{:-<40}\n{:.4f} \t{}{} = {}\n", "", duration.count(), indents, name, n);
  }
}

hocket::coro<void> amain() {
  co_await hocket::gather(count_down('A', 1s), count_down('B', 800ms), count_down('C', 500ms));
}

int main() {
  hocket::run(amain());
  fmt::print("{:-<40}\nDone.\n", "");
}
