// Three coroutines draw numbers until one is above their threshold; each has its colour, so one sees them take turns.
// Run: rand
#include <array>
#include <chrono>
#include <random>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

constexpr std::string_view end_of_colour = "\033[0m";
constexpr std::array<std::string_view, 3> colours = {"\033[36m", "\033[91m", "\033[35m"};  // cyan, red, magenta

hocket::coro<int> makerandom(unsigned idx, int threshold) {
  std::mt19937 dice{506 + idx};  // a fixed seed each: every run is the same
  std::uniform_int_distribution draw(0, 10);

  fmt::print("{}Initiated makerandom({}).\n", colours[idx], idx);
  int i = draw(dice);
  while (i <= threshold) {
    fmt::print("{}makerandom({}) == {} too low; retrying.\n", colours[idx], idx, i);
    co_await hocket::sleep(std::chrono::seconds(idx + 1));
    i = draw(dice);
  }
  fmt::print("{}---> Finished: makerandom({}) == {}{}\n", colours[idx], idx, i, end_of_colour);
  co_return i;
}

hocket::coro<std::tuple<int, int, int>> amain() {
  co_return co_await hocket::gather(makerandom(0, 9), makerandom(1, 8), makerandom(2, 7));
}

int main() {
  const auto [r1, r2, r3] = hocket::run(amain());
  fmt::print("\nr1: {}, r2: {}, r3: {}\n", r1, r2, r3);
}
