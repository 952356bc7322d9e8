// Three prime checks that take turns: the small numbers come first, though the whole is no faster than primes_sync.
// Run: primes_coop
#include <chrono>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

hocket::coro<bool> is_prime(std::int64_t x) {
  if (x < 2 || (x > 2 && x % 2 == 0)) co_return false;
  const auto limit = static_cast<std::int64_t>(std::sqrt(x)) + 1;
  for (std::int64_t i = 3; i < limit; i += 2) {
    if (x % i == 0) co_return false;
    if (i % 100'000 == 1) co_await hocket::sleep(0s);  // often for the large number, never for the small ones
  }
  co_return true;
}

hocket::coro<void> check(std::int64_t x) {
  fmt::print("Processing {}...\n", x);
  fmt::print("{} is {}a prime number.\n", x, co_await is_prime(x) ? "" : "not ");
}

hocket::coro<void> amain() { co_await hocket::gather(check(9637529763296797), check(427920331), check(157)); }

int main() {
  const auto start = std::chrono::steady_clock::now();
  hocket::run(amain());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("Took {:.2f} seconds.\n", took.count());
}
