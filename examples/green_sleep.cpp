// As coop_blocking, with the same sleep that blocks; but the C library is patched and the tasks are green threads, so that one sleeps while the
// other does: half of the time.
// Run: green_sleep
#include <chrono>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <hocket/green.hpp>
#include <hocket/hocket.hpp>

namespace green = hocket::green;
using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

void task(std::string_view name, std::queue<int>& work_queue) {
  while (!work_queue.empty()) {
    const int count = work_queue.front();
    work_queue.pop();
    const auto start = steady_clock::now();
    int total = 0;
    for (int x = 0; x < count; ++x) {
      fmt::print("Task {} running\n", name);
      ::sleep(1);
      ++total;
    }
    const seconds elapsed = steady_clock::now() - start;
    fmt::print("Task {} total: {}\nTask {} total elapsed time: {:.1f}\n", name, total, name, elapsed.count());
  }
}

void run_tasks() {
  std::queue<int> work_queue({15, 10, 5, 2});
  std::vector<hocket::task<>> tasks;
  for (const auto name : {"One", "Two"}) tasks.push_back(green::spawn([name, &work_queue] { task(name, work_queue); }));
  green::joinall(tasks);
}

int main() {
  green::patch_all();
  const auto start = steady_clock::now();
  hocket::run(green::run(run_tasks));
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("\nTotal elapsed time: {:.1f}\n", elapsed.count());
}
