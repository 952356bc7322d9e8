// An asynchronous generator, in a loop and in a pipeline: between two values it sleeps, and other tasks run.
// Run: mygen
#include <chrono>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <hocket/flow.hpp>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

hocket::async_generator<int> mygen(int u = 10) {
  for (int i = 0; i < u; ++i) {
    co_yield 1 << i;
    co_await hocket::sleep(100ms);
  }
}

hocket::coro<void> amain() {
  std::vector<int> g;
  auto all = mygen();
  while (const auto i = co_await all.next()) g.push_back(*i);

  const std::vector<int> f =
      co_await (mygen() | hocket::flow::filter([](int j) { return j / 3 % 5 == 0; }) | hocket::flow::collect());

  fmt::print("{}\n{}\n", g, f);
}

int main() { hocket::run(amain()); }
