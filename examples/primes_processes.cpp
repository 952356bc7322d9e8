// Three prime checks in parallel, each in a process of its own: as primes_threads, and nothing is shared.
// Run: primes_processes
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include <fmt/format.h>

#include <hocket/hocket.hpp>
#include <hocket/process_pool.hpp>

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
  hocket::process_pool_executor pool({.max_workers = 3});
  co_await hocket::gather(hocket::run_in_executor<check>(pool, 9637529763296797),
                          hocket::run_in_executor<check>(pool, 427920331), hocket::run_in_executor<check>(pool, 157));
}

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // the processes write to one place: each line at once
  hocket::serve_if_worker();                      // a worker is this program once more, and goes no further
  const auto start = std::chrono::steady_clock::now();
  hocket::run(amain());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("Took {:.2f} seconds.\n", took.count());
}
