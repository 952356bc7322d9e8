// Three prime checks in parallel, each on a thread: the small numbers come first, and the check itself is a plain function.
// Run: primes_threads
#include <chrono>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

bool is_prime(std::int64_t x) {
  if (x < 2 || (x > 2 && x % 2 == 0)) return false;
  const auto limit = static_cast<std::int64_t>(std::sqrt(x)) + 1;
  for (std::int64_t i = 3; i < limit; i += 2)
    if (x % i == 0) return false;
  return true;
}

void check(std::int64_t x) {
  fmt::print("Processing {}...\n", x);
  fmt::print("{} is {}a prime number.\n", x, is_prime(x) ? "" : "not ");
}

hocket::coro<void> amain() {
  co_await hocket::gather(hocket::to_thread(check, 9637529763296797), hocket::to_thread(check, 427920331),
                          hocket::to_thread(check, 157));
}

int main() {
  const auto start = std::chrono::steady_clock::now();
  hocket::run(amain());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("Took {:.2f} seconds.\n", took.count());
}
