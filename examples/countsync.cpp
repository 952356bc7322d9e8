// The same three functions as in countasync, but their sleep blocks: one after another, they take three seconds.
// Run: countsync
#include <chrono>
#include <thread>

#include <fmt/format.h>

using namespace std::chrono_literals;

void count() {
  fmt::print("One\n");
  std::this_thread::sleep_for(1s);
  fmt::print("Two\n");
}

int main() {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) count();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  fmt::print("countsync executed in {:.2f} seconds.\n", elapsed.count());
}
