// Chains of two coroutines, the second fed by the first: the program takes as long as its longest chain.
// Run: chained [N...], for example chained 9 6 3
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

std::mt19937 dice{937};  // a fixed seed: every run is the same
int draw() { return std::uniform_int_distribution(0, 10)(dice); }

hocket::coro<std::string> part1(int n) {
  const int i = draw();
  fmt::print("part1({}) sleeping for {} seconds.\n", n, i);
  co_await hocket::sleep(std::chrono::seconds(i));
  const std::string result = fmt::format("result{}-1", n);
  fmt::print("Returning part1({}) == {}.\n", n, result);
  co_return result;
}

hocket::coro<std::string> part2(int n, std::string arg) {
  const int i = draw();
  fmt::print("part2({}, '{}') sleeping for {} seconds.\n", n, arg, i);
  co_await hocket::sleep(std::chrono::seconds(i));
  const std::string result = fmt::format("result{}-2 derived from {}", n, arg);
  fmt::print("Returning part2({}, '{}') == {}.\n", n, arg, result);
  co_return result;
}

hocket::coro<void> chain(int n) {
  const auto start = steady_clock::now();
  const std::string p1 = co_await part1(n);
  const std::string p2 = co_await part2(n, p1);
  const seconds took = steady_clock::now() - start;
  fmt::print("-->Chained result{} => {} (took {:.2f} seconds).\n", n, p2, took.count());
}

hocket::coro<void> amain(std::vector<int> numbers) {
  std::vector<hocket::coro<void>> chains;
  for (const int n : numbers) chains.push_back(chain(n));
  co_await hocket::gather(std::move(chains));
}

int main(int argc, char** argv) {
  std::vector<int> numbers;
  for (int i = 1; i < argc; ++i) numbers.push_back(std::stoi(argv[i]));
  if (numbers.empty()) numbers = {1, 2, 3};

  const auto start = steady_clock::now();
  hocket::run(amain(numbers));
  const seconds took = steady_clock::now() - start;
  fmt::print("Program finished in {:.2f} seconds.\n", took.count());
}
