// Three coroutines sleep for a second each, and all of it takes one second, not three.
// Run: countasync
#include <chrono>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

hocket::coro<void> count() {
  fmt::print("One\n");
  co_await hocket::sleep(1s);
  fmt::print("Two\n");
}

hocket::coro<void> amain() { co_await hocket::gather(count(), count(), count()); }

int main() {
  const auto start = std::chrono::steady_clock::now();
  hocket::run(amain());
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  fmt::print("countasync executed in {:.2f} seconds.\n", elapsed.count());
}
