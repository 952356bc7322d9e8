// Three tasks whose sleep blocks the loop: though they are gathered, they run one after another, as in countdown_sync.
// Run: countdown_blocking
#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

const auto start = std::chrono::steady_clock::now();

hocket::coro<void> count_down(char name, std::chrono::milliseconds delay) {
  const std::string indents(static_cast<std::size_t>(name - 'A'), '\t');
  for (int n = 3; n > 0; --n) {
    std::this_thread::sleep_for(delay);  // no other task runs meanwhile
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    fmt::print("{:-<40}\n{:.4f} \t{}{} = {}\n", "", duration.count(), indents, name, n);
  }
  co_return;
}

hocket::coro<void> amain() {
  co_await hocket::gather(count_down('A', 1s), count_down('B', 800ms), count_down('C', 500ms));
}

int main() {
  hocket::run(amain());
  fmt::print("{:-<40}\nDone.\n", "");
}
