// Uses nothing above floor 2: prints "two".
#include <cstdio>

#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>

using namespace std::chrono_literals;

hocket::coro<int> one() {
  co_await hocket::sleep(1ms);
  co_return 1;
}

hocket::coro<int> amain() {
  const auto [left, right] = co_await hocket::gather(one(), one());
  co_return left + right;
}

int main() { std::puts(hocket::run(amain()) == 2 ? "two" : "not two"); }
