// Three count-downs one after another: 6.9 seconds, the sum of all that they wait.
// Run: countdown_sync
#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

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

int main() {
  count_down('A', 1s);
  count_down('B', 800ms);
  count_down('C', 500ms);
  fmt::print("{:-<40}\nDone.\n", "");
}
