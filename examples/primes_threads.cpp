// Three prime checks in parallel, each on a thread: the small numbers come first, and the check itself is a plain function.
// Run: primes_threads, or primes_threads NUMBER...
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

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

hocket::coro<void> amain(std::vector<std::int64_t> numbers) {
  std::vector<hocket::coro<void>> checks;
  for (const std::int64_t x : numbers) checks.push_back(hocket::as_coro(hocket::to_thread(check, x)));
  co_await hocket::gather(std::move(checks));
}

int main(int count, char** arguments) {
  std::vector<std::int64_t> numbers;
  for (int n = 1; n < count; ++n) numbers.push_back(std::atoll(arguments[n]));
  if (numbers.empty()) numbers = {9637529763296797, 427920331, 157};
  const auto start = std::chrono::steady_clock::now();
  hocket::run(amain(std::move(numbers)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("Took {:.2f} seconds.\n", took.count());
}
