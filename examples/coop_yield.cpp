// Two tasks drain one queue, each a generator that a loop resumes in turn: every yield lets the other one run.
// Run: coop_yield
#include <iterator>
#include <list>
#include <queue>
#include <string_view>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

hocket::generator<int> task(std::string_view name, std::queue<int>& work_queue) {
  while (!work_queue.empty()) {
    const int count = work_queue.front();
    work_queue.pop();
    int total = 0;
    for (int x = 0; x < count; ++x) {
      fmt::print("Task {} running\n", name);
      co_yield ++total;
    }
    fmt::print("Task {} total: {}\n", name, total);
  }
}

int main() {
  std::queue<int> work_queue({15, 10, 5, 2});
  std::list<hocket::generator<int>> tasks;
  for (const auto name : {"One", "Two"}) tasks.push_back(task(name, work_queue));

  while (!tasks.empty())
    for (auto each = tasks.begin(); each != tasks.end();) each = each->next() ? std::next(each) : tasks.erase(each);
}
