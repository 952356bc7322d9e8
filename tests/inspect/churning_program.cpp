// Makes and ends short tasks all the time, two thousand at once, beside three that stay.

#include <chrono>
#include <cstdio>

#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>

using namespace std::chrono_literals;

namespace {

hocket::coro<void> stay() { co_await hocket::sleep(1h); }
hocket::coro<void> pass(int depth) {
  co_await hocket::sleep(0s);
  if (depth > 0) co_await pass(depth - 1);
}

hocket::coro<void> churn() {
  std::vector<hocket::task<void>> staying;
  for (int n = 0; n < 3; ++n) staying.push_back(hocket::create_task(stay(), {.name = "staying"}));
  std::puts("ready");
  std::fflush(stdout);
  while (true)
    co_await hocket::with_task_group([](hocket::task_group& group) -> hocket::coro<void> {
      for (int n = 0; n < 2000; ++n) group.create_task(pass(n % 5));
      co_return;
    });
}

}  // namespace

int main() { hocket::run(churn()); }
