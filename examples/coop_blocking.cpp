// As coop_yield, but between its turns each task sleeps in a way that blocks: all the times add up to 32 seconds.
// Run: coop_blocking
#include <chrono>
#include <iterator>
#include <list>
#include <queue>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

hocket::generator<int> task(std::string_view name, std::queue<int>& work_queue) {
  while (!work_queue.empty()) {
    const int count = work_queue.front();
    work_queue.pop();
    const auto start = steady_clock::now();
    int total = 0;
    for (int x = 0; x < count; ++x) {
      fmt::print("Task {} running\n", name);
      std::this_thread::sleep_for(std::chrono::seconds(1));  // stands for slow input or output
      co_yield ++total;
    }
    const seconds elapsed = steady_clock::now() - start;
    fmt::print("Task {} total: {}\nTask {} total elapsed time: {:.1f}\n", name, total, name, elapsed.count());
  }
}

int main() {
  std::queue<int> work_queue({15, 10, 5, 2});
  std::list<hocket::generator<int>> tasks;
  for (const auto name : {"One", "Two"}) tasks.push_back(task(name, work_queue));

  const auto start = steady_clock::now();
  while (!tasks.empty())
    for (auto each = tasks.begin(); each != tasks.end();) each = each->next() ? std::next(each) : tasks.erase(each);
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("\nTotal elapsed time: {:.1f}\n", elapsed.count());
}
