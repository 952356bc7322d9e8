// Two tasks that are plain functions: the first one drains the queue, and the second finds nothing to do.
// Run: sync_queue
#include <queue>
#include <string_view>

#include <fmt/format.h>

void task(std::string_view name, std::queue<int>& work_queue) {
  if (work_queue.empty()) fmt::print("Task {} nothing to do\n", name);
  while (!work_queue.empty()) {
    const int count = work_queue.front();
    work_queue.pop();
    int total = 0;
    for (int x = 0; x < count; ++x) {
      fmt::print("Task {} running\n", name);
      ++total;
    }
    fmt::print("Task {} total: {}\n", name, total);
  }
}

int main() {
  std::queue<int> work_queue({15, 10, 5, 2});
  for (const auto name : {"One", "Two"}) task(name, work_queue);
}
